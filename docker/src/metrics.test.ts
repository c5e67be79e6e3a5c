import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { Samples, scrape } from "./metrics.js";
import { readClockOf } from "./observation.js";
import { ETCD } from "./systems/etcd.js";
import { GAUNTLET } from "./systems/gauntlet.js";

const servers: Server[] = [];

/** A node's metrics port on this machine; gives its host:port. */
async function serve(answer: () => string): Promise<string> {
  const server = createServer((_request, response) => response.end(answer()));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

test("samples are found by name and by a part of their labels", () => {
  const samples = new Samples(
    [
      "# TYPE gauntlet_raft_role gauge",
      'gauntlet_raft_role{role="leader",member="n1"} 0',
      'gauntlet_raft_role{role="follower",member="n1"} 1',
      "gauntlet_raft_term 17",
      "gauntlet_server_wall_time_ms 1.795e+12 1795000000000",
    ].join("\n"),
  );
  expect(samples.value("gauntlet_raft_role", { role: "follower" })).toBe(1);
  expect(samples.value("gauntlet_raft_role", { role: "leader" })).toBe(0);
  expect(samples.value("gauntlet_raft_role", { role: "observer" })).toBeUndefined();
  expect(samples.value("gauntlet_raft_term")).toBe(17);
  expect(samples.value("gauntlet_server_wall_time_ms")).toBe(1.795e12);
});

describe("a node's view of itself", () => {
  test("a pre-candidate is a candidate", async () => {
    const endpoint = await serve(() => 'gauntlet_raft_role{role="pre-candidate"} 1\ngauntlet_raft_term 3\n');
    const seen = await GAUNTLET.observe({ client: "", metrics: endpoint }, 450);
    expect(seen).toMatchObject({ role: "candidate", term: 3, commitIndex: null, rssBytes: null });
  });

  test("a node that answers something else is unknown, and one that refuses gives nothing", async () => {
    const endpoint = await serve(() => "hello");
    const where = { client: endpoint, metrics: endpoint };
    expect(await GAUNTLET.observe(where, 450)).toMatchObject({ role: null, term: null });
    await expect(ETCD.observe(where, 450)).rejects.toThrow(endpoint);
    servers[0]?.closeAllConnections();
    await new Promise((resolve) => servers.splice(0)[0]?.close(resolve));
    await expect(GAUNTLET.observe(where, 450)).rejects.toThrow(endpoint);
    await expect(ETCD.observe(where, 450)).rejects.toThrow(endpoint);
  });
});

describe("reading a clock", () => {
  const began = performance.now();
  const page = (offsetMs: number, ticks: () => number): string =>
    [
      `gauntlet_server_wall_time_ms ${Date.now() + offsetMs}`,
      `gauntlet_server_ticks_total ${ticks()}`,
      "gauntlet_server_tick_interval_ms 20",
    ].join("\n");

  test("a server that is ahead and whose timers run at half speed", async () => {
    const endpoint = await serve(() => page(60_000, () => (performance.now() - began) / 20 / 2));
    const reading = await readClockOf("n1", endpoint, 400);
    expect(reading.wallOffsetMs).toBeGreaterThan(59_500);
    expect(reading.wallOffsetMs).toBeLessThan(60_500);
    expect(reading.timerRate).toBeGreaterThan(0.35);
    expect(reading.timerRate).toBeLessThan(0.65);
  });

  test("a restart within the window is told, not averaged", async () => {
    let ticks = 1000;
    const endpoint = await serve(() => page(0, () => (ticks -= 100)));
    await expect(readClockOf("n1", endpoint, 10)).rejects.toThrow("n1: the server was restarted");
  });

  test("so is one after which the new process has counted further than the old", async () => {
    let start = 1000;
    const endpoint = await serve(
      () => `${page(0, () => start * 10)}\nprocess_start_time_seconds ${(start += 1)}`,
    );
    await expect(readClockOf("n1", endpoint, 10)).rejects.toThrow("n1: the server was restarted");
  });

  test("a missing figure is named", async () => {
    const endpoint = await serve(() => "gauntlet_server_wall_time_ms 1");
    await expect(readClockOf("n1", endpoint, 10)).rejects.toThrow("has no gauntlet_server_ticks_total");
  });
});

test("a node that does not answer is told with the limit", async () => {
  const server = createServer(() => undefined);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  await expect(scrape(endpoint, 50)).rejects.toThrow(`http://${endpoint}/metrics: no answer within 50 ms`);
});
