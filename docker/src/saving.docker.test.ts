import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, kvClient } from "@gauntlet/client";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DockerHosts } from "./hosts.js";
import { ensureImages } from "./image.js";
import { engineForTests, until } from "./testing/containers.js";

/** What is read of nodes, and what is kept of them, with the real server. */

const engine = await engineForTests();
let logs = "";
let hosts: DockerHosts;

describe.skipIf(engine === null)("a container's server", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    const { image } = await ensureImages({ log: () => undefined });
    logs = await mkdtemp(join(tmpdir(), "gauntlet-saving-"));
    hosts = await DockerHosts.start({ runId: `test-saving-${process.pid}`, nodes: 1, image, logsDir: logs });
  }, 180_000);

  afterAll(async () => {
    await hosts.stop();
    await rm(logs, { recursive: true, force: true });
  });

  test("shows its role, indexes, clocks and resources, and nothing at all while it is held", async () => {
    const leading = await until("a leader", async () =>
      (await hosts.sample()).find(({ role }) => role === "leader"),
    );
    expect(leading).toMatchObject({ node: "n1", term: expect.any(Number), commitIndex: expect.any(Number) });
    expect(Math.abs(leading.wallOffsetMs ?? 0)).toBeLessThan(1_000);
    for (const figure of [leading.rssBytes, leading.openFiles, leading.diskBytes])
      expect(figure).toBeGreaterThan(0);
    const rated = await until("ticks between two answers", async () =>
      (await hosts.sample()).find(({ timerRate }) => (timerRate ?? 0) > 0),
    );
    expect(rated.timerRate).toBeLessThan(3);
    await hosts.signal("n1", "SIGSTOP");
    const [held] = await hosts.sample();
    await hosts.signal("n1", "SIGCONT");
    const { node, ...figures } = held ?? { node: "" };
    expect(node).toBe("n1");
    expect(new Set(Object.values(figures))).toEqual(new Set([null]));
  });

  test("leaves its whole data directory, and no half of one", async () => {
    const etcd = connect({ endpoint: hosts.endpoints.get("n1")?.client ?? "", deadlineMs: 5_000 });
    const written = await until("a write", async () => {
      const outcome = await kvClient(etcd).write("saved-key", "saved-value");
      return outcome.type === "ok" ? outcome : undefined;
    });
    etcd.close();
    expect(written.type).toBe("ok");
    const path = join(logs, "data.tar.gz");
    await hosts.saveData("n1", path);
    expect((await hosts.process("n1")).state).toBe("exited");
    const listed = await execa("tar", ["--list", "--verbose", "--gzip", "--file", path]);
    expect(listed.stdout).toMatch(/wal/);
    const content = await execa("sh", ["-c", `tar -xzOf ${path} | grep -c saved-value`]);
    expect(Number(content.stdout)).toBeGreaterThan(0);
    expect((await stat(path)).size).toBeLessThan(16 * 1024 * 1024);
    await expect(hosts.saveData("n1", join(logs, "nowhere", "data.tar.gz"))).rejects.toThrow("ENOENT");
    expect((await readdir(logs)).filter((name) => name.endsWith(".part"))).toEqual([]);
  });
});
