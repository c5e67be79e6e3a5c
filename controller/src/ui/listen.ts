import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { UsageError } from "../errors.js";
import { createUi } from "./server.js";

export interface ListenOptions {
  readonly runsRoot: string;
  readonly host: string;
  /** 0: one that is free. */
  readonly port: number;
}

export interface ListeningUi {
  /** With a slash at its end. */
  readonly url: string;
  /** Whether somebody looks at a run that is not over. */
  readonly isWatched: () => boolean;
  close(): Promise<void>;
}

const LOOPBACK = new Set(["localhost", "127.0.0.1", "::1"]);

/** Throws a UsageError where the address cannot be had. */
export async function listen({ runsRoot, host, port }: ListenOptions): Promise<ListeningUi> {
  const isLoopback = LOOPBACK.has(host);
  const ui = createUi({ runsRoot, hostNames: isLoopback ? new Set([...LOOPBACK, "[::1]"]) : null });
  const server = await new Promise<ReturnType<typeof serve>>((resolve, reject) => {
    const server = serve({ fetch: ui.app.fetch, hostname: host, port }, () => resolve(server));
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(new UsageError(reasonOf(error, host, port))),
    );
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}/`,
    isWatched: ui.isWatched,
    close: () =>
      new Promise((resolve) => {
        ui.close();
        server.close(() => resolve());
        if ("closeAllConnections" in server) server.closeAllConnections();
      }),
  };
}

function reasonOf({ code, message }: NodeJS.ErrnoException, host: string, port: number): string {
  if (code === "EADDRINUSE") return `--ui-port: port ${port} of ${host} is in use; 0 takes one that is free`;
  if (code === "EACCES") return `--ui-port: port ${port} may not be used by this user; take one above 1023`;
  if (code === "ENOTFOUND" || code === "EADDRNOTAVAIL" || code === "EAI_AGAIN")
    return `--ui-host: this machine has no address "${host}"`;
  return `--ui-host ${host} --ui-port ${port}: ${message}`;
}
