import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  type HistoryEvent,
  mergeVerdicts,
  type RunResults,
  writeLive,
  writeResults,
} from "@gauntlet/histories";
import { registerWorkload } from "@gauntlet/workloads";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { checkInThread } from "../checks/workload-check.js";
import { functionStats } from "../checks/stats.js";
import { configure } from "../cli/configure.js";
import { renderReport } from "../report/index.js";
import { SAMPLE_FAULTS, sampleHistory } from "../report/testing/sample-run.js";
import { BOUNDS } from "../run/config.js";
import { drawFrom } from "../run/random.js";
import { recordRun } from "../run/record.js";
import { MemoryStore } from "../testing/fake-clients.js";
import { fakeCluster } from "../testing/fake-cluster.js";
import { listen, type ListeningUi } from "./listen.js";
import { RUN_ID, sampleNodes, VALID_RESULTS, writeRun } from "./testing/recorded-run.js";

const CHROMIUM = "/usr/bin/chromium";
const installed = existsSync(CHROMIUM);
const inCi = process.env["CI"] === "true";
if (!installed && !inCi) {
  console.warn(
    `skipped: all tests of the pages' browser.test.ts, because there is no ${CHROMIUM} (Debian: chromium)`,
  );
}

const EVIL = `</script><script>document.title = "owned"</script><img src=x onerror="document.title = 'owned'">`;
async function staleRun(): Promise<{ history: HistoryEvent[]; results: RunResults }> {
  const load = { lengthMs: 32_000, operationsPerSecond: 80, faults: SAMPLE_FAULTS, staleReads: true };
  const history = sampleHistory({ draw: drawFrom(5, 1), ...load });
  const checks = await registerWorkload().check(history, { timeLimitMs: 30_000 });
  const verdict = mergeVerdicts(checks.map((check) => check.verdict));
  const reason = checks.find((check) => check.verdict === verdict)?.reason ?? "";
  return { history, results: { ...VALID_RESULTS, verdict, reason, checks, stats: functionStats(history) } };
}

/** In CI a missing browser fails the tests instead of skipping them. */
describe.skipIf(!installed && !inCi)("the pages in a browser", () => {
  let browser: Browser;
  let root: string;
  let ui: ListeningUi;
  let page: Page;
  /** What went wrong in the page: exceptions, refused loads, everything on its console. */
  let complaints: string[];

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
  });

  afterAll(() => browser.close());

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "gauntlet-pages-"));
    ui = await listen({ runsRoot: root, host: "127.0.0.1", port: 0 });
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    complaints = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
  });

  afterEach(async () => {
    await page.close();
    await ui.close();
    await rm(root, { recursive: true, force: true });
  });

  /** Whether the page is wider than its window: nothing may be. */
  function overflows(): Promise<boolean> {
    return page.evaluate("document.documentElement.scrollWidth > innerWidth");
  }

  test("a run that goes on is shown while it goes on, survives a reload, does not move, and becomes its verdict", async () => {
    const store = new MemoryStore();
    const cluster = fakeCluster({ client: () => store.client() });
    const faults = { from: "families", names: ["pause"] } as const;
    const config = configure({
      workload: "register",
      system: "gauntlet",
      nodes: 3,
      concurrency: 6,
      rate: 100,
      seed: 3,
      faults,
      timeLimitMs: 12_000,
      opTimeoutMs: 1_000,
    });
    let began: (directory: string) => void;
    const directory = new Promise<string>((resolve) => (began = resolve));
    const progress = { isLive: false, line: () => {}, status: () => {}, close: () => {} };
    const running = recordRun(
      config,
      {
        runsRoot: root,
        startCluster: cluster.start,
        checkWorkload: checkInThread,
        progress,
        bounds: BOUNDS,
        onDirectory: (path) => began(path),
      },
      new AbortController().signal,
    );
    const [test, name] = (await directory).split("/").slice(-2);
    await page.goto(`${ui.url}runs/${test}/${name}/`);
    await page.getByRole("heading", { name: "running" }).waitFor();
    await page.getByText("no violation in").waitFor();
    await page.locator(".role.leader rect").first().waitFor({ state: "attached" });
    const top = (): Promise<number> =>
      page.evaluate("document.getElementById('log').getBoundingClientRect().top + scrollY");
    const before = await top();
    const okCount = (): Promise<number> =>
      page.evaluate("Number(document.querySelector('.figures dd').textContent.replace(/\\D/g, ''))");
    const first = await okCount();
    await expect.poll(okCount, { timeout: 20_000 }).toBeGreaterThan(first + 200);
    await page.locator("button.fault").first().waitFor();
    expect(await top()).toBe(before);
    await page.reload();
    await page.getByRole("heading", { name: "running" }).waitFor();
    expect(await okCount()).toBeGreaterThan(first);
    await page.getByText("main: running register").waitFor();
    const { results } = await running;
    await page.getByRole("heading", { name: results.verdict }).waitFor();
    await page.getByText("npx gauntlet replay").first().waitFor();
    expect(complaints).toEqual([]);
  });

  test("a line that is lost is told, and a server that comes back is found again", async () => {
    const load = { lengthMs: 4_000, operationsPerSecond: 50, faults: [], staleReads: false };
    const history = sampleHistory({ draw: drawFrom(5, 1), ...load });
    const directory = await writeRun({ root, history, results: null });
    // However slow the machine is, the run goes on until the test says that it is over.
    const updatedAt = new Date(Date.now() + 3_600_000).toISOString();
    const status = { version: 1, pid: 1, updatedAt, phase: "main", elapsedMs: 4_000, check: null } as const;
    await writeLive(directory, status);
    await page.goto(`${ui.url}runs/${RUN_ID}/`);
    await page.getByRole("heading", { name: "running" }).waitFor();
    const port = Number(new URL(ui.url).port);
    await ui.close();
    await page.getByText("The line to the server is lost").waitFor();
    await page.getByRole("heading", { name: "running" }).waitFor();
    await writeResults(directory, VALID_RESULTS);
    await writeLive(directory, { ...status, phase: "done" });
    ui = await listen({ runsRoot: root, host: "127.0.0.1", port });
    await page.getByRole("heading", { name: "valid" }).waitFor();
    await page.getByText("The line to the server is lost").waitFor({ state: "hidden" });
    expect(complaints.filter((complaint) => !complaint.includes("net::ERR"))).toEqual([]);
  });

  test("a failing run: what contradicts what, beside faults and lanes, commands, files, and the same in the report", async () => {
    const { history, results } = await staleRun();
    const directory = await writeRun({ root, history, results, samples: sampleNodes(33) });
    await writeFile(join(directory, "report.html"), await renderReport(directory, results));
    const look = async (): Promise<void> => {
      await page.getByRole("heading", { name: "invalid" }).waitFor();
      await page.getByRole("heading", { name: "Where it broke" }).waitFor();
      expect(await page.locator(".operation.culprit .bar").count()).toBe(1);
      expect(await page.locator(".operation.required .bar").count()).toBeGreaterThan(0);
      // The lanes of the nodes at that time, over the same axis as the operations.
      expect(await page.locator(".role.leader rect").count()).toBeGreaterThan(1);
      await page.getByText("npx gauntlet shrink").waitFor();
      await page.locator("canvas.timeline-canvas[data-bars]").waitFor();
      expect(await overflows()).toBe(false);
      const edges: number[] = await page.evaluate(
        "[...document.querySelectorAll('section[aria-labelledby=run] .row-plot')].map((plot) => plot.getBoundingClientRect().left)",
      );
      expect(new Set(edges).size).toBe(1);
    };
    await page.goto(`${ui.url}runs/${RUN_ID}/`);
    await look();
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "history.jsonl" }).click();
    expect(await readFile(await (await download).path(), "utf8")).toBe(
      await readFile(join(directory, "history.jsonl"), "utf8"),
    );
    await page.goto(pathToFileURL(join(directory, "report.html")).href);
    await look();
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await overflows()).toBe(false);
    expect(complaints).toEqual([]);
  });

  test("keys reach everything: the cursor tells what was, zooming and back, operations one by one", async () => {
    const { history, results } = await staleRun();
    await writeRun({ root, history, results: { ...results, checks: [] }, samples: sampleNodes(33) });
    await page.goto(`${ui.url}runs/${RUN_ID}/`);
    await page.locator("canvas.timeline-canvas[data-bars]").waitFor();
    const stack = page.getByRole("group", { name: /^The run over time/ });
    await stack.focus();
    for (let press = 0; press < 25; press++) await page.keyboard.press("ArrowRight");
    await page
      .getByText(/^8\.\d s: \d+ ok a second.*leader n3, partition\.isolate on n3$/)
      .waitFor({ state: "attached" });
    await page.keyboard.press("+");
    await page.getByText(/^\d+\.\d\d s to \d+\.\d\d s$/).waitFor();
    await page.keyboard.press("0");
    await page.getByText(/^The whole run/).waitFor();
    await page.locator("canvas.timeline-canvas").focus();
    await page.keyboard.press("n");
    await page.getByText(/process \d+ · event 0 · at/).waitFor();
    expect(complaints).toEqual([]);
  });

  test("the list filters by verdict and text, keeps that in the address, and says when there is nothing", async () => {
    await page.goto(ui.url);
    await page.getByText("No run is recorded here yet").waitFor();
    const history = sampleHistory({
      draw: drawFrom(5, 1),
      lengthMs: 2_000,
      operationsPerSecond: 50,
      faults: [],
      staleReads: false,
    });
    await writeRun({ root, history, results: VALID_RESULTS });
    await writeRun({
      root,
      history,
      results: { ...VALID_RESULTS, verdict: "invalid", reason: "key r4 is not linearizable" },
      id: "bank/20260103T000000.000Z-9",
    });
    await page.locator(".runs li").nth(1).waitFor();
    expect(await page.locator(".runs li b").allTextContents()).toEqual(["bank", "register"]);
    await page.getByRole("button", { name: /^invalid/ }).click();
    expect(await page.locator(".runs li b").allTextContents()).toEqual(["bank"]);
    await page.reload();
    await page.locator(".runs li").first().waitFor();
    expect(await page.locator(".runs li b").allTextContents()).toEqual(["bank"]);
    await page.getByRole("button", { name: /^invalid/ }).click();
    await page.getByRole("searchbox").fill("seed 7");
    expect(await page.locator(".runs li b").allTextContents()).toEqual(["register"]);
    expect(complaints).toEqual([]);
  });

  test("runs nothing that came from a run's files", async () => {
    const evil: HistoryEvent[] = [
      { index: 0, time: 1e6, process: 0, type: "invoke", f: EVIL, key: EVIL, value: EVIL, node: EVIL },
      {
        index: 1,
        time: 2e6,
        process: 0,
        type: "fail",
        f: EVIL,
        key: EVIL,
        value: EVIL,
        node: EVIL,
        error: { code: EVIL, message: EVIL },
      },
    ];
    const check = {
      name: EVIL,
      kind: "safety",
      verdict: "invalid",
      reason: EVIL,
      details: { kind: EVIL, operations: [0] },
    } as const;
    const fault = {
      ...SAMPLE_FAULTS[0],
      fault: EVIL,
      target: EVIL,
      nodes: [EVIL],
      startedAtMs: 0,
      endedAtMs: 1,
    } as RunResults["faults"][number];
    const results: RunResults = {
      ...VALID_RESULTS,
      verdict: "invalid",
      reason: EVIL,
      checks: [check],
      faults: [fault],
    };
    const samples = sampleNodes(3).map((sample) => ({ ...sample, node: EVIL }));
    const directory = await writeRun({
      root,
      history: evil,
      results,
      samples,
      log: [EVIL, JSON.stringify({ level: 50, msg: EVIL })],
    });
    const report = join(directory, "report.html");
    await writeFile(report, await renderReport(directory, results));
    for (const address of [`${ui.url}runs/${RUN_ID}/`, ui.url, pathToFileURL(report).href]) {
      await page.goto(address);
      await page.getByText("onerror").first().waitFor();
      expect(await page.title()).not.toBe("owned");
      expect(await page.locator("img[src='x']").count()).toBe(0);
    }
    expect(complaints).toEqual([]);
  });

  test("100,000 operations: every frame draws only what its pixels can show", async () => {
    const history: HistoryEvent[] = [];
    for (let n = 0; n < 100_000; n++) {
      const process = n % 10;
      const base = {
        process,
        f: n % 3 === 0 ? "write" : "read",
        key: `r${n % 7}`,
        value: String(n),
        node: `n${(process % 5) + 1}`,
      } as const;
      history.push({ index: 2 * n, time: n * 600_000, type: "invoke", ...base });
      history.push({
        index: 2 * n + 1,
        time: n * 600_000 + 400_000,
        type: n % 50 === 0 ? "fail" : "ok",
        ...base,
      });
    }
    await writeRun({ root, history, results: { ...VALID_RESULTS, faults: [] }, samples: sampleNodes(60) });
    const began = performance.now();
    await page.goto(`${ui.url}runs/${RUN_ID}/`);
    const canvas = page.locator("canvas.timeline-canvas");
    await page.locator("canvas.timeline-canvas[data-bars]").waitFor();
    const firstMs = performance.now() - began;
    const drawn = async (): Promise<{ bars: number; drawMs: number }> =>
      canvas.evaluate((element) => ({
        bars: Number(element.dataset["bars"]),
        drawMs: Number(element.dataset["drawMs"]),
      }));
    const whole = await drawn();
    const stack = page.getByRole("group", { name: /^The run over time/ });
    await stack.focus();
    const frames = [whole.drawMs];
    const keys = [
      ...Array.from({ length: 12 }, () => "+"),
      ..."PageDown PageDown PageUp - - - - - - 0".split(" "),
    ];
    for (const key of keys) {
      await page.keyboard.press(key);
      await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
      frames.push((await drawn()).drawMs);
    }
    const sorted = frames.toSorted((a, b) => a - b);
    process.stdout.write(
      `100,000 operations: drawn ${Math.round(firstMs)} ms after the page was asked for; ${frames.length} frames, ` +
        `median ${sorted[sorted.length >> 1]} ms, slowest ${sorted.at(-1)} ms; ${whole.bars} bars of the whole\n`,
    );
    // Ten lanes of some thousand pixels each.
    expect(whole.bars).toBeGreaterThan(5_000);
    expect(whole.bars).toBeLessThan(10 * 3 * 1_440);
    for (let press = 0; press < 12; press++) await page.keyboard.press("+");
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
    expect((await drawn()).bars).toBeLessThan(200);
    expect(complaints).toEqual([]);
  });
});
