import { Cluster } from "../cluster/cluster.js";
import { SimHosts } from "../cluster/hosts.js";
import { PLAIN } from "../world/network.js";
import { HEALTHY } from "../world/disk.js";

/** A first member list of five and one spare, with the server's default settings, on a rough network. */
export function sampleWorld(seed: number): ConstructorParameters<typeof Cluster>[0] {
  return {
    seed,
    nodes: 5,
    spareNodes: 1,
    server: {
      heartbeatIntervalMs: 100,
      electionTimeoutMs: 1000,
      requestTimeoutMs: 5000,
      segmentBytes: 64 * 1024,
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
      maxDelayMs: 5,
      loss: 0.01,
      duplicate: 0.01,
      reorder: 0.02,
      reorderMs: 20,
      encoded: false,
    },
    disk: { minSyncMs: 0.5, maxSyncMs: 4, stall: 0.001, stallMs: 100 },
    clockDrift: 0.01,
  };
}

/** Thirty virtual seconds with a bit of everything: what comes out is a function of the seed. */
export async function busyWorld(seed: number) {
  const cluster = new Cluster(sampleWorld(seed));
  const hosts = new SimHosts(cluster);
  const { loop, trace, machines } = cluster;
  const random = cluster.streams.stream("test");
  let ok = 0;
  const count = async (call: Promise<{ readonly type: string }>): Promise<void> => {
    if ((await call).type === "ok") ok++;
  };
  const load = (): void => {
    loop.after(random.between(0, 20), load);
    const client = cluster.client(random.pick(machines).name, 3000);
    const [key, value] = [`k${random.below(5)}`, `v${random.below(5)}`];
    const kind = random.below(3);
    if (kind === 0) void count(client.read(key));
    else if (kind === 1) void count(client.write(key, value));
    else void count(client.compareAndSet(key, value, `v${random.below(5)}`));
  };
  cluster.start();
  load();
  await loop.run(
    (async () => {
      await loop.sleep(5000);
      await hosts.members.change({ type: "add", node: "n6", as: "promotable" }).catch(() => undefined);
      await hosts.signal("n1", "SIGKILL");
      await hosts.cut("n2", [{ peer: "n3", direction: "in", traffic: "peer" }]);
      await loop.sleep(3000);
      await hosts.start("n1");
      await hosts.signal("n3", "SIGSTOP");
      const bad = { ...PLAIN, lossShare: 0.1, delayMs: 20, jitterMs: 10 };
      const others = ["n1", "n2", "n3", "n5", "n6"];
      await hosts.packets.shape("n4", new Map(others.map((peer) => [peer, bad])));
      await loop.sleep(4000);
      await hosts.signal("n3", "SIGCONT");
      await hosts.disks.powerLoss("n5");
      await hosts.start("n5");
      await hosts.disks.set("n2", { ...HEALTHY, syncErrorShare: 0.05 });
      await loop.sleep(5000);
      await hosts.disks.set("n2", HEALTHY);
      await hosts.setClock("n4", { wallOffsetMs: -5000, wallRate: 1, monotonicRate: 1.5 });
      await hosts.members.transfer("n4").catch(() => undefined);
      await loop.sleep(13_000);
    })(),
  );
  return { hash: trace.hash(), counts: { ...trace.counts }, executed: loop.executed, ok };
}
