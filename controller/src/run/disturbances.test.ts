import type { DiskHosts, DiskSetting, Hosts, MemberHosts } from "@gauntlet/nemesis";
import { expect, test } from "vitest";
import { fakeCluster } from "../testing/fake-cluster.js";
import { MemoryStore } from "../testing/fake-clients.js";
import { Journal } from "./disturbances.js";

const WELL: DiskSetting = {
  syncDelayMs: 0,
  stalled: false,
  writeErrorShare: 0,
  syncErrorShare: 0,
  full: false,
};

/** Hosts whose every call takes ten milliseconds of the journal's clock. */
async function watched(extra: object = {}) {
  let nowMs = 0;
  const store = new MemoryStore();
  const cluster = await fakeCluster({ client: () => store.client() }).start({
    runId: "r",
    nodes: 3,
    spares: 0,
    logsDirectory: "",
    signal: new AbortController().signal,
    log: () => undefined,
  });
  const journal = new Journal(() => (nowMs += 10));
  const inner: Hosts = Object.assign(cluster.hosts, extra);
  return { journal, hosts: journal.watch(inner) };
}

test("a server is down from its signal until its start, held until it goes on", async () => {
  const { journal, hosts } = await watched();
  await hosts.signal("n1", "SIGKILL");
  await hosts.signal("n2", "SIGSTOP");
  await hosts.start("n1");
  await hosts.signal("n2", "SIGCONT");
  await hosts.signal("n3", "SIGTERM");
  expect(journal.disturbances()).toEqual([
    { kind: "down", node: "n1", fromMs: 10, toMs: 30 },
    { kind: "down", node: "n2", fromMs: 20, toMs: 40 },
    { kind: "down", node: "n3", fromMs: 50, toMs: null },
  ]);
});

test("a start that nobody asked an end for is a moment's disturbance: the server may have ended by itself", async () => {
  const { journal, hosts } = await watched();
  await hosts.start("n1");
  expect(journal.disturbances()).toEqual([{ kind: "down", node: "n1", fromMs: 10, toMs: 20 }]);
});

test("rules replace one another; what is no longer cut ends", async () => {
  const { journal, hosts } = await watched();
  const cut = (...peers: string[]) =>
    hosts.cut(
      "n1",
      peers.map((peer) => ({ peer, direction: "in", traffic: "peer" })),
    );
  await cut("n2", "n3");
  await cut("n3");
  await cut();
  const between = journal.disturbances().map(({ fromMs, toMs, ...harm }) => [harm, fromMs, toMs]);
  expect(between).toEqual([
    [{ kind: "cut", node: "n1", peer: "n2" }, 10, 30],
    [{ kind: "cut", node: "n1", peer: "n3" }, 20, 40],
  ]);
});

test("wall clocks disturb nobody, the speed of the monotonic one does", async () => {
  const { journal, hosts } = await watched();
  await hosts.setClock("n1", { wallOffsetMs: 5_000, wallRate: 1, monotonicRate: 1 });
  await hosts.setClock("n2", { wallOffsetMs: 0, wallRate: 1, monotonicRate: 2 });
  await hosts.setClock("n2", { wallOffsetMs: 0, wallRate: 1, monotonicRate: 1 });
  expect(journal.disturbances()).toEqual([
    { kind: "limp", node: "n2", what: "setClock", fromMs: 10, toMs: 20 },
  ]);
});

test("disks limp until they are set right, harmed ones for good; a power loss ends the server", async () => {
  const done = async () => undefined;
  const disks = { set: done, damage: done, powerLoss: done, setting: done } as unknown as DiskHosts;
  const { journal, hosts } = await watched({ disks });
  await hosts.disks?.set("n1", { ...WELL, full: true });
  await hosts.disks?.setting("n1");
  await hosts.disks?.set("n1", WELL);
  await hosts.disks?.damage("n2", "bit-flip", "any");
  await hosts.disks?.powerLoss("n3");
  await hosts.start("n3");
  expect(journal.disturbances()).toEqual([
    { kind: "limp", node: "n1", what: "set", fromMs: 10, toMs: 20 },
    { kind: "limp", node: "n2", what: "damage", fromMs: 30, toMs: null },
    { kind: "down", node: "n3", fromMs: 40, toMs: 50 },
  ]);
});

test("a change of members never ends, a transfer does; what a facet holds besides is as it was", async () => {
  const members = { spares: ["n4"], change: async () => undefined, transfer: async () => undefined };
  const { journal, hosts } = await watched({ members: members as unknown as MemberHosts });
  await hosts.members?.transfer("n2");
  await hosts.members?.change({ type: "remove", node: "n3" });
  expect(hosts.members?.spares).toEqual(["n4"]);
  expect(journal.disturbances()).toEqual([
    { kind: "transfer", fromMs: 10, toMs: 20 },
    { kind: "change", fromMs: 30, toMs: null },
  ]);
});

test("what failed to be undone stands", async () => {
  const { journal, hosts } = await watched({
    cut: async (_: string, cuts: readonly unknown[]) => {
      if (cuts.length === 0) throw new Error("no answer");
    },
  });
  await hosts.cut("n1", [{ peer: "n2", direction: "both", traffic: "all" }]);
  await expect(hosts.cut("n1", [])).rejects.toThrow("no answer");
  expect(journal.disturbances()).toEqual([{ kind: "cut", node: "n1", peer: "n2", fromMs: 10, toMs: null }]);
});
