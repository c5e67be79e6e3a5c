import type { CheckResult, HistoryEvent, RunResults } from "@gauntlet/histories";
import { mergeVerdicts } from "@gauntlet/histories";
import { type LinearizabilityEvidence, registerWorkload } from "@gauntlet/workloads";
import { describe, expect, test } from "vitest";
import { functionStats, okPerSecond } from "../checks/stats.js";
import { drawFrom } from "../run/random.js";
import { renderReport } from "./render.js";
import { SAMPLE_FAULTS, sampleHistory } from "./testing/sample-run.js";

const EMPTY: RunResults = {
  version: 1,
  verdict: "unknown",
  reason: "stats: 0 operations succeeded, fewer than 100",
  checks: [],
  stats: [],
  okPerSecond: 0,
  faults: [],
};

async function sample(
  staleReads: boolean,
  lengthMs = 32_000,
): Promise<{ results: RunResults; history: HistoryEvent[] }> {
  const draw = drawFrom(5, 1);
  const history = sampleHistory({
    draw,
    lengthMs,
    operationsPerSecond: 80,
    faults: SAMPLE_FAULTS,
    staleReads,
  });
  const checks = await registerWorkload().check(history, { timeLimitMs: 30_000 });
  const verdict = mergeVerdicts(checks.map((check) => check.verdict));
  const reason = checks.find((check) => check.verdict === verdict)?.reason ?? "";
  return {
    history,
    results: {
      ...EMPTY,
      verdict,
      reason,
      checks,
      stats: functionStats(history),
      okPerSecond: okPerSecond(history, lengthMs),
      faults: SAMPLE_FAULTS,
    },
  };
}

const TEST = {
  seed: 5,
  nodes: 5,
  nemesis: ["leader-isolation", "kill"],
  schedule: { faults: SAMPLE_FAULTS },
};

/** Everything outside of the scripts and styles that are the page's own. */
function markup(page: string): string {
  return page.replace(/<style>[^]*?<\/style>/, "").replace(/<script[^]*?<\/script>/g, "");
}

function dataOf(page: string): { latency: { shown: number; total: number }; bands: unknown[] } {
  const text = /<script type="application\/json" id="data">([^]*?)<\/script>/.exec(page)?.[1] ?? "";
  return JSON.parse(text) as { latency: { shown: number; total: number }; bands: unknown[] };
}

/** The pictures in a page, as SVG. */
function picturesOf(page: string): string[] {
  const sources = page.matchAll(/<img src="data:image\/svg\+xml;base64,([^"]+)"/g);
  return [...sources].map(([, base64 = ""]) => Buffer.from(base64, "base64").toString());
}

describe("renderReport", () => {
  test("a valid run: verdict, faults with proofs, a timeline of chosen keys, no culprit", async () => {
    const { results, history } = await sample(false);
    expect(results.verdict).toBe("valid");
    const page = markup(renderReport({ title: "register", results, test: TEST, history }));
    expect(page).toContain("<h1>valid</h1>");
    expect(page).toContain("412 packets dropped");
    expect(page).toContain("n3 (leader)");
    expect(page).toContain("Operations by process");
    expect(page).toContain('<option value="1">');
    expect(page).not.toContain("culprit");
  });

  test("an invalid run: the operation that no order explains, what it saw and who wrote it", async () => {
    const { results, history } = await sample(true);
    expect(results.verdict).toBe("invalid");
    const page = markup(renderReport({ title: "register", results, test: TEST, history }));
    expect(page).toContain("<h1>invalid</h1>");
    expect(page.indexOf("Where it broke")).toBeLessThan(page.indexOf("<h2>Checks"));
    expect(page.match(/class="op ok read culprit"/g)?.length).toBeGreaterThan(0);
    expect(page).toContain("was written by:");
    expect(page).toContain('class="culprit-line"');
    expect(page).toContain("partition.isolate n3");
  });

  test("of each key that failed the few operations that contradict one another are drawn", async () => {
    const { results, history } = await sample(true);
    const { details } = results.checks.find(({ name }) => name === "linearizability") ?? {};
    const { failures } = details as LinearizabilityEvidence;
    const page = renderReport({ title: "register", results, test: TEST, history });
    const pictures = picturesOf(page);
    expect(pictures).toHaveLength(failures.length);
    for (const [i, { key, required, optional }] of failures.entries()) {
      const drawn = [...(pictures[i] ?? "").matchAll(/<title>operation (\d+):/g)].map(([, id]) => Number(id));
      expect(pictures[i]).toContain(`key ${key}: the few operations`);
      expect(new Set(drawn)).toEqual(new Set([...required, ...optional]));
    }
    expect(page).toContain('class="op ok read contradicted"');
    expect(page).not.toContain("linearizability.html");
    const linked = renderReport({ title: "register", results, test: TEST, history, failedKeys: "a&b.html" });
    expect(linked).toContain('<a href="a&amp;b.html">');
  });

  test.each([
    ["knows of no smallest part", {}],
    ["does not fit the history", { required: [123_456], optional: [], isMinimal: true, checks: 9 }],
  ])("evidence that %s is told without a picture", async (_, part) => {
    const { results, history } = await sample(true);
    const failedAt = history.find(({ type, f }) => type === "invoke" && f === "read")?.index;
    const key = history[failedAt ?? -1]?.key;
    const details = { kind: "linearizability", failures: [{ key, failedAt, reason: "it broke", ...part }] };
    const checks = results.checks.map((check) => ({ ...check, details }));
    const page = renderReport({ title: "register", results: { ...results, checks }, test: TEST, history });
    expect(page).toContain("it broke");
    expect(picturesOf(page)).toEqual([]);
  });

  test("a revision that went back is drawn with the answer it contradicts", () => {
    const history: HistoryEvent[] = [
      { index: 0, time: 1e6, process: 0, type: "invoke", f: "write", key: "r0", value: "1" },
      { index: 1, time: 2e6, process: 0, type: "ok", f: "write", key: "r0", value: "1", revision: 9 },
      { index: 2, time: 3e6, process: 1, type: "invoke", f: "read", key: "r1" },
      { index: 3, time: 4e6, process: 1, type: "ok", f: "read", key: "r1", value: null, revision: 8 },
    ];
    const check: CheckResult = {
      name: "revisions",
      kind: "safety",
      verdict: "invalid",
      reason: "it went back",
      details: { kind: "revisions", key: "r1", event: 3, contradicts: 1 },
    };
    const results: RunResults = { ...EMPTY, verdict: "invalid", checks: [check] };
    const page = markup(renderReport({ title: "register", results, test: {}, history }));
    expect(page).toContain('class="op ok read culprit"');
    expect(page).toContain('class="op ok write contradicted"');
    expect(page).toContain("r1 read → absent @8");
  });

  test("a run without a single operation", () => {
    const page = markup(renderReport({ title: "register", results: EMPTY, test: null, history: [] }));
    expect(page).toContain("<h1>unknown</h1>");
    expect(page).toContain("The history has no operations");
    expect(page).toContain("No fault was executed");
  });

  test("operations that never ended", () => {
    const history: HistoryEvent[] = [
      { index: 0, time: 5, process: 0, type: "invoke", f: "write", key: "r0", value: "1" },
      { index: 1, time: 9, process: 1, type: "invoke", f: "read", key: "r0" },
    ];
    const page = markup(renderReport({ title: "register", results: EMPTY, test: {}, history }));
    expect(page).toContain("write 1 ?");
    expect(page).toContain("No operation ended");
  });

  test("evidence in a shape that it does not know is not drawn", () => {
    const check: CheckResult = {
      name: "x",
      kind: "safety",
      verdict: "invalid",
      reason: "r",
      details: { kind: "?" },
    };
    const results: RunResults = { ...EMPTY, verdict: "invalid", checks: [check] };
    expect(renderReport({ title: "t", results, test: {}, history: [] })).toContain("<h1>invalid</h1>");
  });

  test("nothing of a run gets into the page unescaped", () => {
    const evil = `</script><script>alert(1)</script><img src="x" onerror='alert(2)'>&"'`;
    const event = { key: evil, value: evil, node: evil, error: { code: evil, message: evil } };
    const history: HistoryEvent[] = [
      { index: 0, time: 1, process: 0, type: "invoke", f: evil, ...event },
      { index: 1, time: 2, process: 0, type: "fail", f: evil, ...event },
      { index: 2, time: 3, process: 0, type: "invoke", f: "write", ...event },
      { index: 3, time: 4, process: 0, type: "ok", f: "write", ...event },
    ];
    const details = {
      kind: "linearizability",
      failures: [
        { key: evil, failedAt: 2, reason: evil, required: [2], optional: [], isMinimal: true, checks: 1 },
      ],
    };
    const [fault] = SAMPLE_FAULTS;
    const results: RunResults = {
      ...EMPTY,
      reason: evil,
      checks: [{ name: evil, kind: "safety", verdict: "invalid", reason: evil, details }],
      stats: [{ f: evil, ok: 1, fail: 1, info: 0, p50Ms: 1, p99Ms: 1, maxMs: 1 }],
      faults:
        fault === undefined
          ? []
          : [{ ...fault, fault: evil, target: evil, nodes: [evil], roles: { [evil]: evil } }],
    };
    const page = renderReport({
      title: evil,
      results,
      test: { [evil]: evil, nested: [evil, evil, evil] },
      history,
    });
    expect(page.match(/<img [^>]*/g)).toEqual([expect.stringMatching(/^<img src="data:[^"]*" alt="[^"]*"$/)]);
    expect(picturesOf(page).join("")).not.toMatch(/<script|<img/);
    expect(page).not.toContain("<script>alert");
    expect(page.match(/<script/g)).toHaveLength(3);
    expect(dataOf(page).bands).toHaveLength(1);
  });

  test("self-contained: nothing in it loads anything, and its own policy forbids that", async () => {
    const { results, history } = await sample(false, 5000);
    const page = renderReport({ title: "register", results, test: TEST, history });
    expect(page).not.toMatch(/\b(src|href|action|data|poster)\s*=\s*["']?(https?:)?\/\//);
    expect(page).not.toMatch(
      /@import|url\(|\bfetch\(|XMLHttpRequest|WebSocket|EventSource|sendBeacon|import\(/,
    );
    expect(page).toMatch(/Content-Security-Policy" content="default-src &#39;none&#39;; [^"]*sha256-/);
  });

  test("a long history is thinned, and the page says so", () => {
    const history = Array.from({ length: 20_000 }, (_, index): HistoryEvent[] => [
      { index: 2 * index, time: index * 1e6, process: 0, type: "invoke", f: "read", key: `r${index % 99}` },
      {
        index: 2 * index + 1,
        time: index * 1e6 + 5e5,
        process: 0,
        type: "ok",
        f: "read",
        key: `r${index % 99}`,
        value: null,
      },
    ]).flat();
    const page = renderReport({ title: "register", results: EMPTY, test: {}, history });
    const { shown, total } = dataOf(page).latency;
    expect(total).toBe(20_000);
    expect(shown).toBeLessThanOrEqual(6000);
    expect(page).toContain(`${shown} of 20000 operations are drawn`);
    expect(page.length).toBeLessThan(2_000_000);
  });
});
