import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:http2";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { TestCluster, until } from "./testing/cluster.js";
import type { ServerProcess, TestNode } from "./testing/cluster.js";
import { bytes } from "./testing/grpc.js";

let cluster: TestCluster | null = null;

afterEach(async () => {
  await cluster?.stop();
  cluster = null;
});

/** A cluster of `size` and its leader, with the process that runs it. */
async function started(size: number, program?: readonly string[]): Promise<[TestNode, ServerProcess]> {
  cluster = await TestCluster.start(size, program);
  const leader = await cluster.leader();
  if (leader.process === null) throw new Error("the leader does not run");
  return [leader, leader.process];
}

const put = (node: TestNode) => node.client.put({ key: bytes("k"), value: bytes("v") });
const failureOf = (call: Promise<unknown>) =>
  call.then(
    () => "it did not fail",
    (error: unknown) => error,
  );

describe("SIGTERM", () => {
  test("ends a leader that has lost its quorum, which answers the write under way and votes no more", async () => {
    const [leader, process] = await started(2);
    for (const follower of (await cluster?.followers()) ?? []) follower.process?.child.kill("SIGSTOP");
    const underWay = failureOf(put(leader));
    // The next answer shows that the write, which was sent before, has arrived.
    await leader.client.status({});
    expect(await leader.end("SIGTERM")).toBe(0);
    expect(await underWay).toMatchObject({ details: "etcdserver: server stopped" });
    const messages = process.stdout.split("\n").flatMap((line) => /"msg":"([^"]*)"/.exec(line)?.[1] ?? []);
    expect(messages.slice(messages.indexOf("stopping"))).toEqual(["stopping", "stopped"]);
  });

  test("ends a node although a client keeps a call open that it never makes", async () => {
    const [node, process] = await started(1);
    const session = connect(`http://${node.clientAddress}`);
    session.on("error", () => undefined);
    const call = session.request({
      ":method": "POST",
      ":path": "/etcdserverpb.KV/Put",
      "content-type": "application/grpc",
      te: "trailers",
    });
    call.on("error", () => undefined);
    await once(session, "remoteSettings");
    await new Promise((resolve) => session.ping(resolve));
    expect(await node.end("SIGTERM")).toBe(0);
    expect(process.logged("stopped")).toHaveLength(1);
    session.destroy();
  });

  test.each([
    "waits no longer than its limit for a disk that is stuck",
    "is not waited for when it comes twice",
  ])("%s", async (what) => {
    const preload = fileURLToPath(new URL("../dist/testing/stuck-disk.js", import.meta.url));
    const server = fileURLToPath(new URL("../bin/gauntlet-server.js", import.meta.url));
    const [node, process] = await started(1, ["--import", preload, server]);
    await put(node);
    execFileSync("mkfifo", [join(cluster?.directory ?? "", node.name, "stuck")]);
    const underWay = failureOf(put(node));
    await until("the disk is stuck", async () => (process.stderr.includes("stuck") ? true : null));
    const twice = what.includes("twice");
    process.child.kill("SIGTERM");
    await until("it stops", async () => (process.logged("stopping").length > 0 ? true : null));
    if (twice) process.child.kill("SIGTERM");
    await process.exit();
    expect(process.child.signalCode).toBe("SIGKILL");
    expect(process.logged("stopped")).toEqual([]);
    expect(process.logged("did not stop in time, ends as in a crash")).toHaveLength(twice ? 0 : 1);
    expect(await underWay).toHaveProperty("code");
  });
});
