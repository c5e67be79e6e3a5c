import { status } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import { afterEach, expect, test } from "vitest";
import { TestCluster, until } from "./testing/cluster.js";
import type { TestNode } from "./testing/cluster.js";
import { bytes } from "./testing/grpc.js";

/** Of each call; each asks again once it is answered. */
const ASKERS = 3;
/** On a machine that does other things too. */
const LIMIT_MS = 300_000;

let cluster: TestCluster | null = null;

afterEach(async () => {
  await cluster?.stop();
  cluster = null;
});

/** Calls that a learner refuses. */
const CALLS: readonly [string, (node: TestNode) => Promise<unknown>][] = [
  ["Range", ({ client }) => client.range({ key: bytes("key") })],
  ["Txn", ({ client }) => client.txn({ success: [{ request_range: { key: bytes("key") } }] })],
  ["Put", ({ client }) => client.put({ key: bytes("of a learner"), value: bytes("") })],
  ["DeleteRange", ({ client }) => client.deleteRange({ key: bytes("key") })],
  ["MemberList", ({ client }) => client.memberList({ linearizable: true })],
  ["MemberList of its own", ({ client }) => client.memberList({})],
  ["Alarm", ({ client }) => client.alarm({})],
  ["HashKV", ({ client }) => client.hashKV({})],
  ["MoveLeader", ({ client }) => client.moveLeader({ targetID: 1 })],
  ["MemberAdd", ({ client }) => client.memberAdd({ peerURLs: ["http://127.0.0.1:1"], isLearner: true })],
];

// It learns from the log that it is a learner, after it has begun to listen, and after it knows the leader.
test(
  "a learner refuses calls from its first moment on",
  async () => {
    cluster = await TestCluster.start(1);
    const [founder] = cluster.nodes;
    if (founder === undefined) throw new Error("there is a node");
    await founder.client.put({ key: bytes("key"), value: bytes("value") });
    const learner = await cluster.newcomer("n2");
    const add = { peerURLs: [learner.peerUrl], isLearner: true };
    await until("it is added", () => founder.client.memberAdd(add));
    learner.start();
    const answered: string[] = [];
    const askers = CALLS.flatMap(([name, call]) => {
      return Array.from({ length: ASKERS }, async () => {
        await until(`${name} is refused`, async () => {
          try {
            await call(learner);
            answered.push(name);
            return null;
          } catch (error) {
            const { code, details } = error as ServiceError;
            // Some are answered with what is the case.
            if (code === status.FAILED_PRECONDITION) answered.push(`${name}: ${details}`);
            return details === "etcdserver: rpc not supported for learner" ? true : null;
          }
        });
      });
    });
    await Promise.all(askers);
    expect(answered).toEqual([]);
    const { kvs } = await founder.client.range({ key: bytes("a"), range_end: bytes("z") });
    expect(kvs?.map(({ key }) => Buffer.from(key ?? []).toString())).toEqual(["key"]);
    const { members } = await founder.client.memberList({});
    expect(members).toHaveLength(2);
  },
  LIMIT_MS,
);
