import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HistoryEvent, RunResults } from "@gauntlet/histories";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { registerWorkload } from "@gauntlet/workloads";
import { drawFrom } from "../run/random.js";
import { renderReport } from "./render.js";
import { SAMPLE_FAULTS, sampleHistory } from "./testing/sample-run.js";

const installed = spawnSync("chromium", ["--version"]).error === undefined;
const inCi = process.env["CI"] === "true";
if (!installed && !inCi) {
  console.warn(
    "skipped: all tests of browser.test.ts, because chromium is not on the PATH (Debian: chromium)",
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
  "--window-size=1400,2000",
];

function results(faults: RunResults["faults"]): RunResults {
  return { version: 1, verdict: "valid", reason: "", checks: [], stats: [], okPerSecond: 0, faults };
}

/** In CI a missing browser fails the tests instead of skipping them. */
describe.skipIf(!installed && !inCi)("the report in a browser", () => {
  let directory: string;

  beforeAll(() => {
    if (!installed) throw new Error("chromium must be on the PATH in CI: apt-get install chromium");
    directory = mkdtempSync(join(tmpdir(), "gauntlet-report-"));
  });

  afterAll(() => {
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  });

  /** The page as it is after its scripts ran, and what they said on the console (errors, refused loads). */
  function open(name: string, page: string): { dom: string; console: string[] } {
    const file = join(directory, `${name}.html`);
    writeFileSync(file, page);
    const profile = `--user-data-dir=${join(directory, `profile-${name}`)}`;
    const { stdout, stderr, status } = spawnSync(
      "chromium",
      [...FLAGS, profile, "--dump-dom", `file://${file}`],
      {
        encoding: "utf8",
        timeout: 50_000,
        maxBuffer: 64 * 1024 * 1024,
      },
    );
    expect(status).toBe(0);
    return { dom: stdout, console: stderr.split("\n").filter((line) => line.includes("CONSOLE")) };
  }

  test("draws both charts and shows one timeline", () => {
    const history = sampleHistory({
      draw: drawFrom(5, 1),
      lengthMs: 20_000,
      operationsPerSecond: 80,
      faults: SAMPLE_FAULTS,
      staleReads: false,
    });
    const page = renderReport({ title: "register", results: results(SAMPLE_FAULTS), test: {}, history });
    const { dom, console } = open("run", page);
    expect(console).toEqual([]);
    expect(dom.match(/<canvas/g)).toHaveLength(2);
    const panels = dom.match(/<div class="panel"[^>]*>/g) ?? [];
    expect(panels.length).toBeGreaterThan(1);
    expect(panels.filter((panel) => !panel.includes("hidden"))).toHaveLength(1);
  });

  test("shows the picture of a violation, which its policy lets it, and its styles stay its own", async () => {
    const history = sampleHistory({
      draw: drawFrom(5, 1),
      lengthMs: 12_000,
      operationsPerSecond: 80,
      faults: SAMPLE_FAULTS,
      staleReads: true,
    });
    const checks = await registerWorkload().check(history, { timeLimitMs: 30_000 });
    const invalid = { ...results(SAMPLE_FAULTS), verdict: "invalid", checks } as const;
    const page = renderReport({ title: "register", results: invalid, test: {}, history });
    const { dom, console } = open("invalid", page);
    expect(console).toEqual([]);
    const pictures = dom.match(/<img [^>]*>/g) ?? [];
    expect(pictures.length).toBeGreaterThan(0);
    expect(dom.match(/<svg[^>]*role="img" aria-label="key/g)).toBeNull();
  });

  test("runs nothing that came from a history, and takes an empty one", () => {
    const evil = `</script><script>document.title = "owned"</script><img src=x onerror="document.title = 'owned'">`;
    const history: HistoryEvent[] = [
      { index: 0, time: 1e6, process: 0, type: "invoke", f: evil, key: evil, value: evil },
      { index: 1, time: 2e6, process: 0, type: "ok", f: evil, key: evil, value: evil },
    ];
    const attacked = open("evil", renderReport({ title: "t", results: results([]), test: evil, history }));
    expect(attacked.console).toEqual([]);
    expect(attacked.dom).toContain("<title>valid: t</title>");
    const empty = open("empty", renderReport({ title: "t", results: results([]), test: {}, history: [] }));
    expect(empty.console).toEqual([]);
  });
});
