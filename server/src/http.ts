import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Registry } from "prom-client";
import type { ListenAddress } from "./config.js";

/** GET /health in etcd's shape, and GET /metrics for Prometheus. */
export function createHttpServer(registry: Registry, hasLeader: () => boolean): Server {
  return createServer((request, response) => {
    answer(request, response, registry, hasLeader).catch((error: unknown) => {
      response.writeHead(500, { "content-type": "text/plain" }).end(`${String(error)}\n`);
    });
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  registry: Registry,
  hasLeader: () => boolean,
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
    const healthy = hasLeader();
    const body = { health: String(healthy), reason: healthy ? "" : "RAFT NO LEADER" };
    response.writeHead(healthy ? 200 : 503, { "content-type": "application/json" }).end(JSON.stringify(body));
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
