import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { EtcdError } from "../errors.js";

/** A port on which nobody listens. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** The error that a call must end with; anything else fails the test. */
export async function errorOf(call: Promise<unknown>): Promise<EtcdError> {
  const end = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ("error" in end && end.error instanceof EtcdError) {
    return end.error;
  }
  throw new Error(`expected an EtcdError, got ${JSON.stringify(end)}`);
}

export interface KvProcess {
  readonly child: ChildProcess;
  readonly port: number;
  /** Names of the calls that arrived so far. */
  readonly calls: readonly string[];
  /** Resolves once `count` calls have arrived. */
  arrived(count: number): Promise<void>;
  kill(): Promise<void>;
}

/** Starts kv-process.ts, as it was compiled, in a process of its own. */
export async function startKvProcess(port: number): Promise<KvProcess> {
  const script = fileURLToPath(new URL("../../dist/testing/kv-process.js", import.meta.url));
  const child = spawn(process.execPath, [script, String(port)], { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const [first] = (await once(lines, "line")) as [string];
  const calls: string[] = [];
  lines.on("line", (line) => calls.push(line));
  return {
    child,
    port: Number(first),
    calls,
    arrived: async (count) => {
      while (calls.length < count) {
        await once(lines, "line");
      }
    },
    kill: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, "exit");
        child.kill("SIGKILL");
        await exited;
      }
    },
  };
}
