import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type KvClient, kvClient } from "@gauntlet/client";
import type { DiskCounts, DiskSetting, NodeName } from "@gauntlet/nemesis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DISK_VARIABLES, PATHS } from "./agent/paths.js";
import { docker } from "./docker-cli.js";
import { DockerHosts } from "./hosts.js";
import { ensureImages } from "./image.js";
import { GAUNTLET } from "./systems/gauntlet.js";
import { attachedLoops, engineForTests, until } from "./testing/containers.js";

/** Real disks of real containers, with the real server on them. */

const engine = await engineForTests();
const RUN = `test-disks-${process.pid}`;
const HEALTHY: DiskSetting = {
  syncDelayMs: 0,
  stalled: false,
  writeErrorShare: 0,
  syncErrorShare: 0,
  full: false,
};
const NONE: DiskCounts = { slowSyncs: 0, stalledSyncs: 0, ioErrors: 0, spaceErrors: 0 };

let logs = "";
let image = "";
let hosts: DockerHosts;

function settled(): Promise<true> {
  return until("one leader and its followers", async () => {
    const roles = [...(await hosts.view()).values()].map(({ role }) => role).toSorted();
    return roles.join() === ["follower", "follower", "leader"].join() ? true : undefined;
  });
}

async function withClient<T>(node: NodeName, use: (client: KvClient) => Promise<T>): Promise<T> {
  const etcd = connect({ endpoint: hosts.endpoints.get(node)?.client ?? "", deadlineMs: 2_000 });
  try {
    return await use(kvClient(etcd));
  } finally {
    etcd.close();
  }
}

/** A write, so that the disks of all have something to do; asked again while it fails. */
function write(node: NodeName, key: string): Promise<true> {
  return withClient(node, (client) =>
    until(`a write of ${key}`, async () => ((await client.write(key, key)).type === "ok" ? true : undefined)),
  );
}

const shell = (node: NodeName, script: string, run = RUN): Promise<string> =>
  docker(["exec", `gauntlet-${run}-${node}`, "sh", "-c", script]);

const exists = (node: NodeName, file: string): Promise<boolean> =>
  shell(node, `test -e ${PATHS.serverData}/${file} && echo yes || true`).then((said) => said === "yes");

describe.skipIf(engine === null)("disks of containers", { timeout: 180_000 }, () => {
  beforeAll(async () => {
    logs = await mkdtemp(join(tmpdir(), "gauntlet-disks-"));
    ({ image } = await ensureImages({ log: (line) => console.log(line) }));
    // So that a little load is written to the state on disk.
    const serverArgs = GAUNTLET.eagerArgs;
    hosts = await DockerHosts.start({ runId: RUN, nodes: 3, image, logsDir: logs, serverArgs });
    await settled();
  }, 300_000);

  afterAll(async () => {
    await hosts?.stop();
    await rm(logs, { recursive: true, force: true });
  }, 120_000);

  test("a power loss takes what was not synced, and leaves what was", async () => {
    expect(attachedLoops(RUN)).toHaveLength(3);
    await write("n1", "before");
    const at = PATHS.serverData;
    await shell("n1", `echo kept >${at}/kept && sync ${at}/kept ${at} && echo lost >>${at}/kept`);
    await shell(
      "n1",
      `echo lost >${at}/made && mkdir ${at}/directory && rm ${at}/identity 2>/dev/null || true`,
    );
    const { starts } = await hosts.process("n1");
    const { lostBytes, tornWrites, lostEntries } = await hosts.disks.powerLoss("n1");
    expect(await hosts.process("n1")).toEqual({ state: "exited", code: null, signal: "SIGKILL", starts });
    expect(lostBytes).toBeGreaterThanOrEqual("kept\nlost\n".length + "lost\n".length);
    expect(lostEntries).toBeGreaterThanOrEqual(2);
    expect(tornWrites).toBe(0);
    expect(await shell("n1", `cat ${at}/kept`)).toBe("kept");
    expect(await exists("n1", "made")).toBe(false);
    expect(await exists("n1", "directory")).toBe(false);
    await expect(hosts.disks.powerLoss("n1")).rejects.toThrow("the server does not run");
    await shell("n1", `rm ${at}/kept`);
    await hosts.start("n1");
    await settled();
  });

  test("all lose their power at once, and nothing that was acknowledged", async () => {
    for (let round = 0; round < 3; round += 1) {
      for (let i = 0; i < 5; i += 1) await write("n1", `round-${round}-${i}`);
      await Promise.all(hosts.nodes.map((node) => hosts.disks.powerLoss(node)));
      await Promise.all(hosts.nodes.map((node) => hosts.start(node)));
      await settled();
      await withClient("n2", async (client) => {
        for (let i = 0; i < 5; i += 1) {
          expect(await client.read(`round-${round}-${i}`)).toMatchObject({ value: `round-${round}-${i}` });
        }
      });
    }
  });

  test("syncs are slow, or held, as long as was asked for; counts are of the setting in force", async () => {
    const slow = { ...HEALTHY, syncDelayMs: 30 };
    await hosts.disks.set("n2", slow);
    expect(await hosts.disks.setting("n2")).toEqual(slow);
    await write("n1", "slow");
    await until("slow syncs", async () =>
      (await hosts.disks.counts("n2")).slowSyncs > 0 ? true : undefined,
    );
    expect(await hosts.disks.counts("n1")).toEqual(NONE);
    await hosts.disks.set("n2", { ...HEALTHY, stalled: true });
    expect(await hosts.disks.counts("n2")).toMatchObject({ slowSyncs: 0 });
    await until("a held sync", async () => {
      await write("n1", "held");
      return (await hosts.disks.counts("n2")).stalledSyncs > 0 ? true : undefined;
    });
    // It is held, so the next ones wait behind it.
    const held = await hosts.disks.counts("n2");
    await write("n1", "behind");
    expect(await hosts.disks.counts("n2")).toEqual(held);
    // A server that hangs in a sync can be killed, and the setting outlives it.
    await hosts.signal("n2", "SIGKILL");
    await hosts.start("n2");
    expect(await hosts.disks.setting("n2")).toEqual({ ...HEALTHY, stalled: true });
    await hosts.disks.set("n2", HEALTHY);
    expect(await hosts.disks.counts("n2")).toEqual(NONE);
    await settled();
  });

  test.each(["writeErrorShare", "syncErrorShare"] as const)("%s: EIO ends the server", async (which) => {
    await hosts.disks.set("n3", { ...HEALTHY, [which]: 1 });
    await until("the end of the server", async () => {
      await write("n1", which);
      return (await hosts.process("n3")).state === "exited" ? true : undefined;
    });
    expect((await hosts.disks.counts("n3")).ioErrors).toBeGreaterThan(0);
    await hosts.disks.set("n3", HEALTHY);
    await hosts.start("n3");
    await settled();
  });

  test("a full disk is full for whoever asks, and has room again", async () => {
    await hosts.disks.set("n1", { ...HEALTHY, full: true });
    expect(await hosts.disks.setting("n1")).toEqual({ ...HEALTHY, full: true });
    const at = `${PATHS.disk}/outside`;
    await expect(shell("n1", `head -c 100000 /dev/zero >${at}`)).rejects.toThrow("No space left on device");
    // Whatever is freed is taken again.
    await shell("n1", `rm -f ${at}; rm ${PATHS.disk}/ballast`);
    await until("a full disk", async () => ((await hosts.disks.setting("n1")).full ? true : undefined));
    await expect(shell("n1", `head -c 100000 /dev/zero >${at}`)).rejects.toThrow("No space left on device");
    await hosts.disks.set("n1", HEALTHY);
    expect(await hosts.disks.setting("n1")).toEqual(HEALTHY);
    await shell("n1", `head -c 100000 /dev/zero >${at} && rm ${at}`);
  });

  test("a bit of durable data is flipped, seen on the medium, and gone when it is written over", async () => {
    for (let i = 0; i < 60; i += 1) await write("n1", "x".repeat(500) + i);
    await hosts.signal("n2", "SIGKILL");
    await shell("n2", `cp -r ${PATHS.serverData} /tmp/before`);
    expect(await hosts.disks.damages("n2")).toEqual([]);
    const damage = await hosts.disks.damage("n2", "bit-flip", "any");
    expect(damage).not.toBeNull();
    expect(await hosts.disks.damages("n2")).toEqual([damage]);
    // `cmp -l` gives a line for each byte that differs: its place from 1, and both values in octal.
    const compare = `cmp -l /tmp/before/${damage?.file} ${PATHS.serverData}/${damage?.file} || true`;
    const lines = (await shell("n2", compare)).split("\n");
    expect(lines).toHaveLength(1);
    const [place = "", was = "", is = ""] = lines[0]?.trim().split(/\s+/) ?? [];
    expect(Number(place)).toBe((damage?.offset ?? 0) + 1);
    const flipped = Number.parseInt(was, 8) ^ Number.parseInt(is, 8);
    expect(Math.log2(flipped) % 1).toBe(0);
    await expect(hosts.disks.damage("n2", "bad-sector", "any")).rejects.toThrow("know no bad-sector");
    await shell("n2", `cat /tmp/before/${damage?.file} >${PATHS.serverData}/${damage?.file}`);
    expect(await hosts.disks.damages("n2")).toEqual([]);
    await hosts.start("n2");
    await settled();
  });

  test("a bit of the last write that is proved to be synced is flipped: the server begins anew and has all again", async () => {
    await write("n1", "in the tail");
    await until("the write at n2", async () =>
      (await shell("n2", `grep -rc "in the tail" ${PATHS.serverData} || true`)).includes(":1")
        ? true
        : undefined,
    );
    await hosts.signal("n2", "SIGKILL");
    const damage = await hosts.disks.damage("n2", "bit-flip", "tail");
    expect(damage).toMatchObject({ kind: "bit-flip", area: "wal", bytes: 1 });
    expect(await hosts.disks.damages("n2")).toContainEqual(damage);
    await hosts.start("n2");
    await settled();
    await until("a log that begins anew", async () =>
      (await shell("n2", `ls ${PATHS.serverData}`)).includes(".damaged") ? true : undefined,
    );
    // A read that finds no leader yet says nothing.
    const read = await until("an answer of n2", async () => {
      const answer = await withClient("n2", (client) => client.read("in the tail"));
      return answer.type === "ok" ? answer : undefined;
    });
    expect(read).toMatchObject({ value: "in the tail" });
  });

  test("a file of the area that is asked for is cut off for good, and what a crash could have torn is spared", async () => {
    await withClient("n1", async (client) => {
      for (let i = 0; i < 300; i += 1) await client.write(`key ${i % 100}`, "x".repeat(1000));
    });
    for (const area of ["wal", "checkpoint"] as const) {
      await hosts.signal("n2", "SIGKILL");
      await shell("n2", `rm -rf /tmp/before; cp -r ${PATHS.serverData} /tmp/before`);
      const before = await hosts.disks.damages("n2");
      const damage = await hosts.disks.damage("n2", "truncate", area);
      expect(damage).toMatchObject({ kind: "truncate", area });
      const { file = "", offset = 0, bytes = 0 } = damage ?? {};
      expect(file.endsWith(".wal")).toBe(area === "wal");
      const sizes = await shell("n2", `stat -c %s /tmp/before/${file} ${PATHS.serverData}/${file}`);
      expect(sizes.split("\n").map(Number)).toEqual([offset + bytes, offset]);
      // Nothing else is harmed, and more than the end of the data is gone.
      await shell("n2", `cmp -n ${offset} /tmp/before/${file} ${PATHS.serverData}/${file}`);
      expect(bytes).toBeGreaterThan(8 * 1024);
      expect(await hosts.disks.damages("n2")).toEqual([...before, damage]);
      await shell("n2", `cat /tmp/before/${file} >${PATHS.serverData}/${file}`);
      expect(await hosts.disks.damages("n2")).toEqual(before);
      await hosts.start("n2");
      await settled();
    }
  });

  test("a machine without loop devices says so, and loses its power by a journal", async () => {
    const runId = `${RUN}-plain`;
    const plain = await DockerHosts.start({
      runId,
      nodes: 1,
      image,
      logsDir: join(logs, "plain"),
      loopDisks: false,
    });
    try {
      await until("a leader", async () =>
        (await plain.view()).get("n1")?.role === "leader" ? true : undefined,
      );
      const probed = await plain.probe();
      expect(probed["disk.power-loss"]).toMatchObject({
        available: true,
        detail: expect.stringContaining("the preloaded journal took back"),
      });
      expect(probed["disk.errors"]).toMatchObject({
        available: true,
        detail: expect.stringContaining("ENOSPC (the shim's)"),
      });
      expect(probed["disk.delay"]).toMatchObject({ available: true });
      expect(probed["disk.damage"]).toMatchObject({ available: true });
      const at = PATHS.serverData;
      const preload = `LD_PRELOAD=${PATHS.journalShim} GAUNTLET_DISK_DIR=${at} GAUNTLET_DISK_JOURNAL=${PATHS.journal}`;
      const put = async (key: string): Promise<void> => {
        const etcd = connect({ endpoint: plain.endpoints.get("n1")?.client ?? "", deadlineMs: 2_000 });
        try {
          await until(`a write of ${key}`, async () =>
            (await kvClient(etcd).write(key, key)).type === "ok" ? true : undefined,
          );
        } finally {
          etcd.close();
        }
      };
      for (let round = 0; round < 3; round += 1) {
        await put(`round-${round}`);
        await shell("n1", `${preload} sh -c 'echo lost >${at}/made-${round}'`, runId);
        const lost = await plain.disks.powerLoss("n1");
        expect(await plain.process("n1")).toMatchObject({ state: "exited", signal: "SIGKILL" });
        // Some losses leave a part.
        const left = await shell("n1", `test -e ${at}/made-${round} && echo yes || true`, runId);
        expect(lost.lostEntries > 0 || left === "yes").toBe(true);
        await plain.start("n1");
      }
      await put("after");
      const etcd = connect({ endpoint: plain.endpoints.get("n1")?.client ?? "", deadlineMs: 2_000 });
      for (const key of ["round-0", "round-1", "round-2"]) {
        expect(await kvClient(etcd).read(key)).toMatchObject({ value: key });
      }
      etcd.close();
      await expect(Promise.all([plain.disks.powerLoss("n1"), plain.disks.powerLoss("n1")])).rejects.toThrow(
        "the server does not run",
      );
      const environment = await docker(["exec", `gauntlet-${runId}-n1`, "printenv", DISK_VARIABLES.kind]);
      expect(environment).not.toBe("loop");
    } finally {
      await plain.stop();
    }
  });

  test("the agent's log tells what was done to the disk", async () => {
    const lines = (await readFile(join(logs, "n1/agent.log"), "utf8")).trim().split("\n");
    const whats = lines.map((line) => (JSON.parse(line) as { what: string }).what);
    expect(whats).toEqual(expect.arrayContaining(["disk mounted", "power lost", "disk set"]));
  });

  test("stop() leaves no loop device attached", async () => {
    expect(attachedLoops(RUN)).toHaveLength(3);
    await hosts.stop();
    expect(attachedLoops(RUN)).toEqual([]);
  });
});
