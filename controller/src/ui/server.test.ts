import { appendFile, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HistoryEvent, RUN_FILES, writeLive } from "@gauntlet/histories";
import type { Operations, RunChange, RunRow, RunView } from "@gauntlet/ui";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { UsageError } from "../errors.js";
import { drawFrom } from "../run/random.js";
import { SAMPLE_FAULTS, sampleHistory } from "../report/testing/sample-run.js";
import { listen } from "./listen.js";
import { createUi, type Ui } from "./server.js";
import { RUN_ID, sampleNodes, VALID_RESULTS, writeRun } from "./testing/recorded-run.js";

const EVIL = `</script><script>alert(1)</script><img src=x onerror=alert(2)>`;

function history(): HistoryEvent[] {
  const options = { lengthMs: 32_000, operationsPerSecond: 80, faults: SAMPLE_FAULTS, staleReads: false };
  return sampleHistory({ draw: drawFrom(5, 1), ...options });
}

describe("the pages' server", () => {
  let root: string;
  let ui: Ui;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "gauntlet-ui-"));
    ui = createUi({ runsRoot: root, hostNames: new Set(["localhost"]) });
  });

  afterEach(async () => {
    ui.close();
    await rm(root, { recursive: true, force: true });
  });

  async function get(path: string): Promise<Response> {
    return ui.app.request(`http://localhost${path}`);
  }

  /** The events of a run's stream until `enough` says so, or it ends. */
  async function events(
    path: string,
    enough: (name: string, count: number) => boolean,
  ): Promise<{ name: string; data: string }[]> {
    const response = await get(path);
    const reader = response.body?.pipeThrough(new TextDecoderStream() as never).getReader();
    const found: { name: string; data: string }[] = [];
    let text = "";
    for (;;) {
      const { value, done } = (await reader?.read()) ?? { done: true };
      if (done) return found;
      text += String(value);
      for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
        const [, name = "", data = ""] = /^event: (\w+)\ndata: ?(.*)$/m.exec(text.slice(0, end)) ?? [];
        text = text.slice(end + 2);
        if (name === "") continue;
        found.push({ name, data });
        if (enough(name, found.length)) {
          await reader?.cancel();
          return found;
        }
      }
    }
  }

  test("a recorded run: the list, the whole view, then the end", async () => {
    await writeRun({
      root,
      history: history(),
      results: VALID_RESULTS,
      samples: sampleNodes(33),
      log: ["started"],
    });
    const rows = (await (await get("/runs.json")).json()) as RunRow[];
    expect(rows).toMatchObject([{ id: RUN_ID, state: "finished", verdict: "valid", workload: "register" }]);
    const told = await events(`/runs/${RUN_ID}/events`, () => false);
    expect(told.at(-1)?.name).toBe("end");
    const view = JSON.parse(told.at(-2)?.data ?? "") as RunView;
    expect(view).toMatchObject({
      id: RUN_ID,
      state: "finished",
      readShare: 1,
      trouble: null,
      results: { verdict: "valid" },
    });
    const completions = history().filter(({ type, process }) => type !== "invoke" && process !== "nemesis");
    expect(view.counts.ok + view.counts.fail + view.counts.info).toBe(completions.length);
    expect(view.load.ok.reduce((a, b) => a + b, 0)).toBe(view.counts.ok);
    expect(view.nodes.map(({ node }) => node)).toEqual(["n1", "n2", "n3", "n4", "n5"]);
    expect(view.nodes[2]?.role.slice(0, 3)).toEqual(["leader", "leader", "leader"]);
    expect(view.log).toMatchObject([{ source: "n1", text: "started" }]);
    expect(view.files.map(({ path }) => path)).toContain("nodes/n1/server.log");
  });

  test("a run that goes on: what is appended is told, and its end brings the verdict", async () => {
    const all = history();
    const directory = await writeRun({ root, history: all.slice(0, 100), results: null });
    const live = (phase: string): Promise<void> =>
      writeLive(directory, {
        version: 1,
        pid: 1,
        updatedAt: new Date().toISOString(),
        phase,
        elapsedMs: 900,
        check: null,
      });
    await live("main");
    const [row] = (await (await get("/runs.json")).json()) as RunRow[];
    expect(row?.state).toBe("running");
    let step = 0;
    const told = await events(`/runs/${RUN_ID}/events`, (name) => {
      step += 1;
      if (step === 1)
        void appendFile(
          join(directory, RUN_FILES.history),
          all
            .slice(100, 200)
            .map((event) => `${JSON.stringify(event)}\n`)
            .join(""),
        );
      if (step === 2)
        void writeFile(join(directory, RUN_FILES.results), JSON.stringify(VALID_RESULTS)).then(() =>
          live("done"),
        );
      return name === "end";
    });
    expect(told[0]?.name).toBe("view");
    const first = JSON.parse(told[0]?.data ?? "") as RunView;
    expect(first).toMatchObject({ state: "running", results: null, status: { phase: "main" } });
    const change = JSON.parse(told[1]?.data ?? "") as RunChange;
    expect(told[1]?.name).toBe("change");
    expect((change.counts?.ok ?? 0) + (change.counts?.open ?? 0)).toBeGreaterThan(
      first.counts.ok + first.counts.open,
    );
    const last = JSON.parse(told.findLast(({ name }) => name === "view")?.data ?? "") as RunView;
    expect(last).toMatchObject({ state: "finished", results: { verdict: "valid" } });
  });

  test("a run that has only just begun goes on, though it has told nothing yet", async () => {
    await writeRun({ root, history: [], results: null });
    const [first] = await events(`/runs/${RUN_ID}/events`, () => true);
    expect(JSON.parse(first?.data ?? "")).toMatchObject({ state: "running", counts: { ok: 0 } });
    expect(await (await get("/runs.json")).json()).toMatchObject([{ state: "running", verdict: null }]);
  });

  test("a run whose rig died has no verdict, and shows what it has", async () => {
    const all = history();
    const directory = await writeRun({ root, history: all.slice(0, 100), results: null });
    await appendFile(join(directory, RUN_FILES.history), '{"index":100,"ti');
    const updatedAt = new Date(Date.now() - 60_000).toISOString();
    await writeLive(directory, { version: 1, pid: 1, updatedAt, phase: "main", elapsedMs: 900, check: null });
    const told = await events(`/runs/${RUN_ID}/events`, () => false);
    const view = JSON.parse(told.findLast(({ name }) => name === "view")?.data ?? "") as RunView;
    expect(view).toMatchObject({ state: "abandoned", results: null });
    expect(view.counts.ok).toBeGreaterThan(10);
  });

  test("operations of a part of a run are those that reach into it", async () => {
    const all = history();
    await writeRun({ root, history: all, results: VALID_RESULTS });
    await events(`/runs/${RUN_ID}/events`, () => false);
    const response = await get(`/runs/${RUN_ID}/operations?from=10000&to=11000`);
    const part = (await response.json()) as Operations;
    const endOf = ({ process, index }: HistoryEvent): number =>
      all.find((event) => event.process === process && event.index > index && event.type !== "invoke")
        ?.time ?? Infinity;
    const expected = all.filter(
      (event) => event.type === "invoke" && event.time <= 11e9 && endOf(event) >= 10e9,
    );
    expect(expected.length).toBeGreaterThan(20);
    expect(part.id).toEqual(expected.map(({ index }) => index));
    expect(part.cutAtMs).toBeNull();
    expect((await get(`/runs/${RUN_ID}/operations?from=5&to=x`)).status).toBe(400);
  });

  test("no address leads out of the runs, whatever its spelling", async () => {
    const directory = await writeRun({ root, history: history(), results: VALID_RESULTS });
    await writeFile(join(root, "secret"), "secret");
    await symlink(join(root, "secret"), join(directory, "link"));
    await symlink(root, join(directory, "up"));
    const attempts = [
      `/runs/${RUN_ID}/files/../../../secret`,
      `/runs/${RUN_ID}/files/..%2f..%2f..%2fsecret`,
      `/runs/${RUN_ID}/files/%2e%2e/%2e%2e/%2e%2e/secret`,
      `/runs/${RUN_ID}/files/..%5c..%5csecret`,
      `/runs/${RUN_ID}/files/link`,
      `/runs/${RUN_ID}/files/up/secret`,
      `/runs/${RUN_ID}/files//etc/passwd`,
      `/runs/${RUN_ID}/files/test.json%00`,
      `/runs/${RUN_ID}/files/%ff`,
      `/runs/..%2f${RUN_ID}/`,
      `/runs/register/..%2f..%2f/`,
      `/runs/register/latest/`,
      `/runs/../secret`,
      `/secret`,
    ];
    for (const path of attempts) {
      const response = await get(path);
      expect([path, response.status]).toEqual([path, 404]);
      expect(await response.text()).not.toContain("secret");
    }
    const file = await get(`/runs/${RUN_ID}/files/nodes/n1/server.log`);
    expect(file.status).toBe(200);
    expect(file.headers.get("content-disposition")).toBe("attachment");
    const page = join(directory, "report.html");
    await writeFile(page, "<script>1</script>");
    const report = await get(`/runs/${RUN_ID}/files/report.html`);
    expect(report.headers.get("content-security-policy")).toContain("sandbox");
  });

  test("read-only, on its own names only, with a policy that lets nothing foreign in", async () => {
    await writeRun({ root, history: history(), results: VALID_RESULTS });
    for (const method of ["POST", "PUT", "DELETE", "PATCH"])
      expect((await ui.app.request(`http://localhost/runs/${RUN_ID}/`, { method })).status).toBe(405);
    expect((await ui.app.request(`http://evil.example/runs.json`)).status).toBe(403);
    const page = await get(`/runs/${RUN_ID}/`);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    const text = await page.text();
    expect(text).not.toMatch(/(src|href)="(\/|https?:)/);
  });

  test("what a run's files say is data, never markup", async () => {
    const evil = history()
      .slice(0, 40)
      .map((event) => ({ ...event, ...(event.key === undefined ? {} : { key: EVIL, value: EVIL }) }));
    await writeRun({ root, history: evil, results: { ...VALID_RESULTS, reason: EVIL }, log: [EVIL] });
    const page = await (await get(`/runs/${RUN_ID}/`)).text();
    expect(page).not.toContain("alert");
  });
});

describe("listen", () => {
  test("a port that is in use, and an address that is not this machine's, are one line that names the flag", async () => {
    const other = createServer();
    const port = await new Promise<number>((resolve) =>
      other.listen(0, "127.0.0.1", () => resolve((other.address() as { port: number }).port)),
    );
    const options = { runsRoot: tmpdir(), host: "127.0.0.1", port };
    await expect(listen(options)).rejects.toThrow(
      new UsageError(`--ui-port: port ${port} of 127.0.0.1 is in use; 0 takes one that is free`),
    );
    await expect(listen({ ...options, host: "203.0.113.7" })).rejects.toThrow(
      /^--ui-host: this machine has no address/,
    );
    other.close();
  });

  test("port 0 takes one that is free, and says which", async () => {
    const ui = await listen({ runsRoot: tmpdir(), host: "127.0.0.1", port: 0 });
    expect(ui.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect((await fetch(ui.url)).status).toBe(200);
    await ui.close();
  });
});
