import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runInNewContext } from "node:vm";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { casRegister } from "../models/cas-register.js";
import { historyHtml } from "./html.js";
import { AMBIGUOUS, check, random, sequential, STALE } from "./testing/sample.js";

const installed = spawnSync("chromium", ["--version"]).error === undefined;
const inCi = process.env["CI"] === "true";
if (!installed && !inCi) {
  console.warn(
    "skipped: all tests of the view's browser.test.ts, because chromium is not on the PATH (Debian: chromium)",
  );
}

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--enable-logging=stderr",
  "--window-size=1400,900",
];

const model = casRegister();

/**
 * Put before the page's own script: draws at once instead of in the next frame, and times it. Reading a pixel makes
 * the browser carry out what it was told to draw.
 */
const DRAW_AT_ONCE = `<script>
window.took = [];
window.requestAnimationFrame = (draw) => {
  const from = performance.now();
  draw();
  document.getElementById("canvas").getContext("2d").getImageData(0, 0, 1, 1);
  window.took.push(performance.now() - from);
  return 0;
};
window.press = (key) => dispatchEvent(new KeyboardEvent("keydown", { key }));
window.wheel = (deltaY) => document.getElementById("canvas").dispatchEvent(
  new WheelEvent("wheel", { deltaY, clientX: 700, clientY: 400, cancelable: true }));
window.told = {};
window.tell = (name) => (window.told[name] = {
  bars: document.documentElement.dataset.bars,
  status: document.getElementById("status").textContent,
  reason: document.getElementById("reason").textContent,
});
</script>`;

/** In CI a missing browser fails the tests instead of skipping them. */
describe.skipIf(!installed && !inCi)("the page in a browser", () => {
  let directory: string;
  let opened = 0;

  beforeAll(() => {
    if (!installed) throw new Error("chromium must be on the PATH in CI: apt-get install chromium");
    directory = mkdtempSync(join(tmpdir(), "porcupine-view-"));
  });

  afterAll(() => {
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  });

  /**
   * The page after its script and `actions` ran, what they told, and all that the console says (errors, refused
   * loads).
   */
  function open(page: string, actions = ""): { dom: string; console: string[]; told: Told } {
    const file = join(directory, `${++opened}.html`);
    const end = `<script>${actions}
      document.body.dataset.told = JSON.stringify({ ...window.told, took: window.took, loadMs: performance.now() });
    </script></body>`;
    const data = '<script type="application/json"';
    // Functions, for a "$" in a replacement would be taken for a pattern.
    writeFileSync(
      file,
      page.replace(data, () => DRAW_AT_ONCE + data).replace("</body>", () => end),
    );
    const profile = `--user-data-dir=${join(directory, `profile-${opened}`)}`;
    const { stdout, stderr, status } = spawnSync(
      "chromium",
      [...FLAGS, profile, "--dump-dom", `file://${file}`],
      { encoding: "utf8", timeout: 50_000, maxBuffer: 256 * 1024 * 1024 },
    );
    expect(status).toBe(0);
    const told = /data-told="([^"]*)"/.exec(stdout)?.[1]?.replaceAll("&quot;", '"') ?? "{}";
    return {
      dom: stdout,
      console: stderr
        .split("\n")
        .filter((line) => line.includes("CONSOLE") && !line.includes("getImageData")),
      told: JSON.parse(told) as Told,
    };
  }

  interface Told {
    readonly took: readonly number[];
    readonly loadMs: number;
    readonly [name: string]: unknown;
  }

  function described(operation: number): string {
    const { input, output } = STALE[operation] ?? {};
    return input === undefined ? "" : model.describeOperation(input, output);
  }

  test("draws a history and answers every key", () => {
    const { history, result } = check(STALE);
    const faults = [{ name: "partition", target: "n1", from: 5, to: 15 }];
    const page = historyHtml(model, history, result, { faults, minimal: [1, 3], timeUnit: "ms" });
    const keys = [
      ..."tidocaA+-0fnpIjk?".split(""),
      "Escape",
      "ArrowLeft",
      "ArrowRight",
      "ArrowUp",
      "ArrowDown",
      "Home",
      "End",
    ];
    const { console, told } = open(
      page,
      `tell("loaded"); press("Home"); tell("first"); press("j"); tell("second"); press("i"); tell("illegal"); press("?"); press("j"); tell("help"); press("Escape");
       for (const key of ${JSON.stringify(keys)}) press(key);
       wheel(-100); wheel(100); press("Escape"); press("0"); tell("end");`,
    );
    expect(console).toEqual([]);
    expect(told["loaded"]).toMatchObject({ bars: "5", reason: expect.stringContaining("operation 3") });
    expect(told["first"]).toMatchObject({ status: `1. ${described(0)} (process 0); state after it: 1` });
    expect(told["second"]).toMatchObject({ status: `2. ${described(1)} (process 1); state after it: 2` });
    expect(told["illegal"]).toMatchObject({ status: expect.stringContaining("here it broke") });
    expect(told["help"]).toEqual(told["illegal"]);
    expect(told["end"]).toMatchObject({ bars: "5" });
    expect(told.took.length).toBeGreaterThan(20);
  });

  test("shows the longest partial order that one chooses, by key and by list", () => {
    const { history, result } = check(AMBIGUOUS);
    const { console, dom, told } = open(
      historyHtml(model, history, result, { timeUnit: "ms" }),
      `const list = document.getElementById("orders");
       const look = (name) => { press("End"); tell(name); window.told[name].list = list.value;
         window.told[name].rows = document.getElementById("steps-inner").textContent; };
       look("first"); press("a"); look("second"); press("a"); look("around"); press("A"); look("back");
       list.value = "0"; list.dispatchEvent(new Event("change")); look("chosen");`,
    );
    expect(console).toEqual([]);
    expect(dom.match(/order \d of 2, ends in state \d/g)?.length).toBeGreaterThan(1);
    const ends = ["first", "second"].map((name) => (told[name] as { readonly status: string }).status.at(-1));
    expect(new Set(ends)).toEqual(new Set(["1", "2"]));
    expect(told["first"]).toMatchObject({
      list: "0",
      rows: expect.stringContaining("its answer is impossible"),
    });
    expect(told["second"]).toMatchObject({ list: "1", rows: expect.stringContaining(`→ ${ends[1]}✗`) });
    expect(told["around"]).toEqual(told["first"]);
    expect(told["back"]).toEqual(told["second"]);
    expect(told["chosen"]).toEqual(told["first"]);
  });

  test("goes from partition to partition", () => {
    const { history, result } = check(random(3, 3));
    const { console, told } = open(
      historyHtml(model, history, result),
      `tell("r0"); press(">"); tell("r1"); press(">"); press(">"); tell("last"); press("<"); tell("back");`,
    );
    expect(console).toEqual([]);
    const keys = result.partitions.map(({ key }) => expect.stringContaining(`key ${key}:`));
    const reasons = ["r0", "r1", "last", "back"].map((name) => told[name]);
    expect(reasons).toMatchObject([0, 1, 2, 1].map((i) => ({ reason: keys[i] })));
  });

  test("runs nothing that came from a history, and takes an empty one", () => {
    const evil = `</script><script>document.title = "owned"</script><img src=x onerror="document.title = 'owned'">`;
    const { history, result } = check([
      { process: 0, input: { f: "write", key: evil, value: evil }, output: {}, call: 0, return: 1 },
      { process: 1, input: { f: "read", key: evil }, output: { value: `${evil}!` }, call: 2, return: 3 },
    ]);
    const faults = [{ name: evil, target: evil, from: 0, to: 2 }];
    const attacked = open(
      historyHtml(model, history, result, { title: "t", faults }),
      `press("i"); press("j");`,
    );
    expect(attacked.console).toEqual([]);
    expect(attacked.dom).toContain("<title>illegal: t</title>");
    expect(attacked.dom).not.toContain("<img");
    expect(open(historyHtml(model, [], check([]).result)).console).toEqual([]);
  });

  test("works when it was bundled, minified, with names kept", () => {
    const bundled = buildSync({
      entryPoints: [fileURLToPath(new URL("testing/bundle-entry.ts", import.meta.url))],
      bundle: true,
      minify: true,
      keepNames: true,
      format: "iife",
      platform: "browser",
      write: false,
    }).outputFiles[0];
    const page: { bundledPage?: string } = {};
    runInNewContext(bundled?.text ?? "", Object.assign(page, { performance, setTimeout, structuredClone }));
    const { console, told } = open(page.bundledPage ?? "", `press("Home"); tell("first");`);
    expect(console).toEqual([]);
    expect(told["first"]).toMatchObject({ bars: "5", status: expect.stringContaining("state after it: 1") });
  });

  test("100,000 operations: every frame draws only what its pixels can show", () => {
    const { history, result } = sequential(100_000, 8);
    const page = historyHtml(model, history, result, { faults: [{ name: "kill", from: 1000, to: 90_000 }] });
    const { console, told } = open(
      page,
      `tell("loaded"); const loaded = performance.now(); window.took.length = 0;
       for (let i = 0; i < 40; i++) wheel(-100);
       tell("close");
       for (let i = 0; i < 20; i++) press("ArrowRight");
       for (let i = 0; i < 20; i++) press("j");
       for (let i = 0; i < 40; i++) wheel(100);
       press("t"); press("d"); tell("far"); window.told.load = loaded;`,
    );
    expect(console).toEqual([]);
    const frames = told.took.toSorted((a, b) => a - b);
    const text = (ms: unknown): string => `${Math.round(Number(ms))} ms`;
    process.stdout.write(
      `100,000 operations: drawn ${text(told["load"])} after the page began to load (${Math.round(page.length / 1e5) / 10} MB); ` +
        `${frames.length} frames, median ${text(frames[frames.length >> 1])}, slowest ${text(frames.at(-1))}\n`,
    );
    const bars = (name: string): number => Number((told[name] as { readonly bars: string }).bars);
    expect(bars("loaded")).toBeGreaterThan(1000);
    expect(bars("loaded")).toBeLessThan(8 * 1400);
    expect(bars("close")).toBeGreaterThan(0);
    expect(bars("close")).toBeLessThan(2000);
    expect(frames.length).toBeGreaterThan(100);
  });
});
