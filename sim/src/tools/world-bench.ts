/* Simulated seconds a second of one core: five nodes, clients at a steady rate, all invariants on, no faults. */
import { configurationOf } from "@gauntlet/server/inside";
import type { Outcome } from "@gauntlet/workloads";
import { Invariants } from "../check/invariants.js";
import { Cluster } from "../cluster/cluster.js";
import { NO_OBSERVER } from "../cluster/observer.js";
import { nodeName } from "../node-names.js";

const WARM_UP_SECONDS = 100;

const seconds = Number(process.argv[2] ?? 60);
const rate = Number(process.argv[3] ?? 100);
const readShare = Number(process.argv[4] ?? 0.5);

const ids = [1, 2, 3, 4, 5];
const invariants = new Invariants({
  members: ids.map((id) => ({ id, name: nodeName(id) })),
  initial: configurationOf(ids),
});
const observer = {
  ...NO_OBSERVER,
  started: invariants.started.bind(invariants),
  stepped: invariants.stepped.bind(invariants),
  stopped: invariants.stopped.bind(invariants),
};
const scenario = {
  seed: Number(process.argv[5] ?? 1),
  nodes: 5,
  spareNodes: 0,
  server: {
    heartbeatIntervalMs: 100,
    electionTimeoutMs: 1000,
    requestTimeoutMs: 5000,
    segmentBytes: 1 << 16,
    maxAppendBytes: 1 << 20,
    maxInflightAppends: 64,
    maxInflightBytes: 1 << 24,
    checkpointBytes: 32_768,
    tailEntries: 100,
    hashInterval: 64,
    leaseClockUncertainty: null,
  },
  network: {
    minDelayMs: 0.2,
    maxDelayMs: 3,
    loss: 0,
    duplicate: 0,
    reorder: 0,
    reorderMs: 0,
    encoded: false,
  },
  disk: { minSyncMs: 0.5, maxSyncMs: 4, stall: 0, stallMs: 0 },
  clockDrift: 0.001,
};
const cluster = new Cluster(scenario, { observer });
const { loop, trace } = cluster;
const clients = cluster.machines.map(({ name }) => cluster.client(name, 5000));
const outcomes = new Map<string, number>();
const random = cluster.streams.stream("bench");
let operations = 0;

async function count(call: Promise<Outcome<unknown>>): Promise<void> {
  const outcome = await call;
  const name = outcome.type === "ok" ? "ok" : `${outcome.type} ${outcome.error.code}`;
  outcomes.set(name, (outcomes.get(name) ?? 0) + 1);
}

function next(): void {
  loop.after(random.between(0, 2000 / rate), next);
  const client = clients[operations % clients.length];
  if (client === undefined) return;
  const key = `k${random.below(10)}`;
  const call = random.chance(readShare) ? client.read(key) : client.write(key, `v${operations}`);
  operations++;
  void count(call);
}

cluster.start();
loop.after(0, next);
// As in a campaign, whose threads live on from seed to seed: compiled code is there.
await loop.runFor(WARM_UP_SECONDS * 1000);
const before = { operations, executed: loop.executed, turns: loop.turns };
// Of one core: other work on the machine does not count.
const start = process.cpuUsage();
await loop.runFor(seconds * 1000);
const { user, system } = process.cpuUsage(start);
invariants.ended();
if (invariants.violation !== null) throw new Error(invariants.violation.what);
const tookMs = (user + system) / 1000;
const counted = operations - before.operations;
const executed = loop.executed - before.executed;
console.log(Object.fromEntries(outcomes), trace.counts, trace.hash());
console.log(
  `${seconds} s in ${(tookMs / 1000).toFixed(2)} s: ${((seconds * 1000) / tookMs).toFixed(0)} simulated seconds a second; ` +
    `${counted} operations, ${((tookMs * 1000) / counted).toFixed(1)} us each; ` +
    `${(executed / counted).toFixed(1)} tasks and ${((loop.turns - before.turns) / counted).toFixed(1)} turns an operation; ` +
    `${((tookMs * 1e6) / executed).toFixed(0)} ns a task`,
);
