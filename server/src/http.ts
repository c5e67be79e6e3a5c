import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Registry } from "prom-client";
import type { ListenAddress } from "./config.js";

/** GET /health in etcd's shape, and GET /metrics for Prometheus. `healthFault`: the reason, "" for none. */
export function createHttpServer(registry: Registry, healthFault: () => Promise<string>): Server {
  return createServer((request, response) => {
    answer(request, response, registry, healthFault).catch((error: unknown) => {
      response.writeHead(500, { "content-type": "text/plain" }).end(`${String(error)}\n`);
    });
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  registry: Registry,
  healthFault: () => Promise<string>,
): Promise<void> {
  const path = (request.url ?? "/").split("?", 1)[0];
  if (path !== "/health" && path !== "/metrics") {
    response.writeHead(404, { "content-type": "text/plain" }).end("there are /health and /metrics\n");
  } else if (request.method !== "GET") {
    response.writeHead(405, { allow: "GET", "content-type": "text/plain" }).end("GET only\n");
  } else if (path === "/metrics") {
    const text = await registry.metrics();
    response.writeHead(200, { "content-type": registry.contentType }).end(text);
  } else {
    const reason = await healthFault();
    const body = { health: String(reason === ""), reason };
    response
      .writeHead(reason === "" ? 200 : 503, { "content-type": "application/json" })
      .end(JSON.stringify(body));
  }
}

/** Binds the server; rejects when the address cannot be had. */
export function listen(server: Server, { host, port }: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
