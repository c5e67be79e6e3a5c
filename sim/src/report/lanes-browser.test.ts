import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FAILED, sampleTrace, SCENARIO } from "../testing/sample.js";
import { lanesHtml } from "./lanes.js";

const installed = spawnSync("chromium", ["--version"]).status === 0;
const FLAGS = "--headless --no-sandbox --disable-gpu --no-first-run --window-size=1400,900".split(" ");

/** Before the page's own script: draws at once, and counts frames. */
const BEFORE = `<script>
window.took = [];
window.requestAnimationFrame = (draw) => {
  const from = performance.now();
  draw();
  window.took.push(performance.now() - from);
  return 0;
};
window.told = {};
window.tell = (name) => (window.told[name] = {
  note: document.getElementById("note").textContent,
  tooltip: document.getElementById("tooltip").hidden ? null : document.getElementById("tooltip").textContent,
  hash: location.hash,
});
window.press = (key) => dispatchEvent(new KeyboardEvent("keydown", { key }));
const at = (type, x, y, more) => { const { left, top } = canvas.getBoundingClientRect();
  canvas.dispatchEvent(new (type === "wheel" ? WheelEvent : PointerEvent)(type, { clientX: left + x, clientY: top + y, cancelable: true, ...more })); };
</script>`;

interface Told {
  readonly took: readonly number[];
  readonly [name: string]: unknown;
}

/** In CI a missing browser fails the tests instead of skipping them. */
describe.skipIf(!installed && process.env["CI"] === undefined)("the lanes in a browser", () => {
  let directory: string;
  let opened = 0;

  beforeAll(() => {
    if (!installed) throw new Error("chromium must be on the PATH in CI: apt-get install chromium");
    directory = mkdtempSync(join(tmpdir(), "gauntlet-lanes-"));
  });

  afterAll(() => {
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  });

  /** The page after its script and `actions` ran, what they told, and all that the console says. */
  function open(
    page: string,
    actions: string,
    hash = "",
  ): { readonly console: readonly string[]; readonly told: Told } {
    const file = join(directory, `${++opened}.html`);
    const data = '<script type="application/json"';
    const end = `<script>${actions}
      document.body.dataset.told = JSON.stringify({ ...window.told, took: window.took });</script></body>`;
    writeFileSync(
      file,
      page.replace(data, () => BEFORE + data).replace("</body>", () => end),
    );
    const profile = `--user-data-dir=${join(directory, `profile-${opened}`)}`;
    const { stdout, stderr, status } = spawnSync(
      "chromium",
      [...FLAGS, profile, "--dump-dom", `file://${file}${hash}`],
      { encoding: "utf8", timeout: 50_000, maxBuffer: 256 * 1024 * 1024 },
    );
    expect(status).toBe(0);
    const told =
      /data-told="([^"]*)"/.exec(stdout)?.[1]?.replaceAll("&quot;", '"').replaceAll("&amp;", "&") ?? "{}";
    return {
      console: stderr.split("\n").filter((line) => line.includes("CONSOLE")),
      told: JSON.parse(told) as Told,
    };
  }

  test("draws, answers keys, wheel and pointer, and keeps the view in the address", () => {
    const { console, told } = open(
      lanesHtml(sampleTrace(3_000), SCENARIO, FAILED),
      `tell("whole"); press("f"); tell("failure"); at("pointermove", 1200, 520); tell("moment");
       press("0"); at("pointermove", 300, 130); tell("message");
       document.getElementById("kind-0").click(); at("pointermove", 300, 130); tell("node"); press("+"); press("ArrowRight"); at("wheel", 600, 200, { deltaY: -100 });
       at("pointerleave", 0, 0); press("t"); press("End"); press("Home"); press("0"); tell("without appends");`,
    );
    expect(console).toEqual([]);
    expect(told["whole"]).toMatchObject({
      note: expect.stringMatching(/^0\.000 to 20\.\d+ s; \d+ messages/),
      hash: "",
    });
    expect(told["failure"]).toMatchObject({
      hash: "#14840.000-15040.000",
      note: expect.stringContaining("14.840 to 15.040 s"),
    });
    expect(told["message"]).toMatchObject({ tooltip: expect.stringMatching(/^n\d → n\d, term \d+: append/) });
    expect(told["node"]).toMatchObject({ tooltip: expect.stringMatching(/^n1 at \d.*commit \d+/s) });
    expect(told["without appends"]).toMatchObject({ note: expect.stringContaining("; 0 messages") });
  });

  test("opens at the moment that a link names", () => {
    const { console, told } = open(
      lanesHtml(sampleTrace(3_000), SCENARIO, FAILED),
      `tell("linked")`,
      "#12000-12100",
    );
    expect(console).toEqual([]);
    expect(told["linked"]).toMatchObject({ note: expect.stringContaining("12.000 to 12.100 s") });
  });

  test("100,000 events: arrows only where they can be told apart", () => {
    const trace = sampleTrace(120_000);
    expect(trace.length).toBeGreaterThan(100_000);
    const { console, told } = open(
      lanesHtml(trace, SCENARIO, FAILED),
      `tell("far"); for (let i = 0; i < 10; i++) press("+"); tell("near"); for (let i = 0; i < 20; i++) press("ArrowRight"); press("0");`,
    );
    expect(console).toEqual([]);
    expect(told["far"]).toMatchObject({ note: expect.stringContaining("zoom in to see them") });
    expect(told["near"]).toMatchObject({ note: expect.not.stringContaining("zoom in") });
    const frames = told.took.toSorted((a, b) => a - b);
    process.stdout.write(
      `${trace.length} events: ${frames.length} frames, median ${Math.round(frames[frames.length >> 1] ?? 0)} ms, slowest ${Math.round(frames.at(-1) ?? 0)} ms\n`,
    );
    expect(frames.length).toBeGreaterThan(30);
  });
});
