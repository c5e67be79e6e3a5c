import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { commandInFolder } from "../testing/command.js";

const { folder, gauntlet, file } = commandInFolder();

const event = (index: number, fields: object): string =>
  JSON.stringify({ index, time: index * 1_000_000, process: 0, f: "read", key: "a", ...fields });

/** `pairs` operations, one after the other: write 0, read 0, cas to a new value, … */
function goodHistory(pairs: number): readonly string[] {
  const lines: string[] = [];
  for (let i = 0; i < pairs; i += 1) {
    const value = `${Math.floor(i / 3)}`;
    const operation =
      [{ f: "write", value }, { f: "read" }, { f: "cas", value: [value, `c${value}`] }][i % 3] ?? {};
    const answer = [{}, { value }, { succeeded: true }][i % 3] ?? {};
    lines.push(event(2 * i, { type: "invoke", ...operation }));
    lines.push(event(2 * i + 1, { type: "ok", ...operation, ...answer }));
  }
  return lines;
}

describe.concurrent("a history that cannot be used ends with 65 and one line with file, line and reason", () => {
  const good = goodHistory(3);
  test.each([
    ["empty.jsonl", "", ["no operations"]],
    [
      "twice.jsonl",
      `${event(0, { type: "invoke" })}\n${event(1, { type: "invoke" })}\n`,
      [":2", "process 0"],
    ],
    ["middle.jsonl", `${good[0]}\n${good[1]?.slice(0, 20)}\n${good[2]}\n`, [":2", "not JSON"]],
    ["gap.jsonl", `${good[0]}\n${good[2]}\n`, [":2", "index"]],
    ["type.jsonl", `${event(0, { type: "invok" })}\n`, [":1", "type"]],
    ["value.jsonl", `${event(0, { type: "invoke" })}\n${event(1, { type: "ok" })}\n`, [":2", "value"]],
  ])("%s", async (name, text, words) => {
    const { code, out, err } = await gauntlet("check", await file(name, text));
    expect(err).toHaveLength(1);
    expect(err[0]).toContain(name);
    for (const word of words) expect(err[0]).toContain(word);
    expect([code, out]).toEqual([65, ""]);
  });

  test("one that is not there", async () => {
    const { code, err } = await gauntlet("check", "nowhere.jsonl");
    expect([code, err.length]).toEqual([65, 1]);
    expect(err[0]).toContain("nowhere.jsonl");
  });
});

describe.concurrent("check judges a history by itself", () => {
  test("enough good operations are valid: 0", async () => {
    const { code, out } = await gauntlet(
      "check",
      await file("good.jsonl", `${goodHistory(150).join("\n")}\n`),
    );
    expect(out).toContain("VALID");
    expect(code).toBe(0);
  });

  test("a last line that was cut off is left out, and what came after it is unknown: 2", async () => {
    const lines = goodHistory(150);
    const text = `${lines.slice(0, -1).join("\n")}\n${lines.at(-1)?.slice(0, 10)}`;
    const { code, out } = await gauntlet("check", await file("truncated.jsonl", text));
    expect(out).toMatch(/UNKNOWN: vacuity: completion: .*cut off/);
    expect(code).toBe(2);
  });

  test("a stale read is invalid: 1, with the key", async () => {
    const lines = [
      ...goodHistory(150),
      event(300, { type: "invoke" }),
      event(301, { type: "ok", value: "0" }),
    ];
    const { code, out } = await gauntlet("check", await file("stale.jsonl", `${lines.join("\n")}\n`));
    expect(out).toMatch(/INVALID: .*key a/);
    expect(code).toBe(1);
  });

  test("too few operations are unknown: 2", async () => {
    const { code, out } = await gauntlet("check", await file("few.jsonl", `${goodHistory(9).join("\n")}\n`));
    expect(out).toContain("UNKNOWN: vacuity: stats: vacuous");
    expect(code).toBe(2);
  });

  test("--json prints results and nothing else", async () => {
    const path = await file("json.jsonl", `${goodHistory(150).join("\n")}\n`);
    const { out, err } = await gauntlet("check", path, "--json");
    expect(JSON.parse(out)).toMatchObject({ version: 1, verdict: "valid" });
    expect(err).toEqual([]);
  });

  const fault = (index: number, phase: string, outcome?: object): string =>
    event(index, {
      process: "nemesis",
      type: "info",
      f: "process.kill",
      key: undefined,
      phase,
      value: { index: 0, target: "one", nodes: ["n1"], args: {}, roles: {}, outcome },
    });

  const VACUOUS = /^UNKNOWN: vacuity: faults: vacuous: process\.kill on n1/;

  test.each([
    [
      "proved.jsonl",
      [fault(300, "begin"), fault(301, "end", { type: "proved", proof: "pid 9 ended" })],
      0,
      /^ {2}process\.kill +n1 /m,
    ],
    [
      "unproved.jsonl",
      [fault(300, "begin"), fault(301, "end", { type: "unproved", reason: "pid 9 lives" })],
      2,
      VACUOUS,
    ],
    ["endless.jsonl", [fault(300, "begin")], 2, VACUOUS],
    [
      "skipped.jsonl",
      [fault(300, "skipped", { type: "skipped", reason: "nobody led" })],
      0,
      /^ {2}skipped +process\.kill on n1/m,
    ],
    ["odd.jsonl", [fault(300, "begin"), fault(301, "end", { type: "fine" })], 2, VACUOUS],
  ])("%s: its faults count", async (name, faults, expected, words) => {
    const path = await file(name, `${[...goodHistory(150), ...faults].join("\n")}\n`);
    const { code, out } = await gauntlet("check", path);
    expect(out).toMatch(words);
    expect(code).toBe(expected);
  });
});

describe.concurrent("check judges a run", () => {
  const SERVERS = { name: "servers", kind: "safety", verdict: "valid", reason: "all well" };

  /** A run as it is recorded; null leaves out results.json. Returns its folder. */
  async function recorded(
    name: string,
    checks: readonly object[] | null,
    lines = goodHistory(150),
  ): Promise<string> {
    const run = join(folder(), name);
    await mkdir(run);
    const text = `${lines.join("\n")}\n`;
    const { out } = await gauntlet("check", await file(`${name}.jsonl`, text), "--json");
    await writeFile(join(run, "history.jsonl"), text);
    const description = { version: 1, test: "register", seed: 1, startedAt: "2026-01-01T00:00:00.000Z" };
    const config = {
      workload: "register",
      nodes: 5,
      timeLimitMs: 1_000,
      nemesis: [],
      schedule: { faults: [] },
    };
    await writeFile(join(run, "test.json"), JSON.stringify({ ...description, ...config }));
    if (checks !== null) {
      const results = JSON.parse(out) as { readonly checks: readonly object[] };
      await writeFile(
        join(run, "results.json"),
        JSON.stringify({ ...results, checks: [...results.checks, ...checks] }),
      );
    }
    return run;
  }

  test("whose rig died as unknown, whatever its history says", async () => {
    const { code, out } = await gauntlet("check", await recorded("died", null));
    expect(out).toMatch(/UNKNOWN: [^]*completion: the run\s+has no results\.json/);
    expect(code).toBe(2);
  });

  test("and names the pages that it left", async () => {
    const run = await recorded("pages", [SERVERS]);
    await writeFile(join(run, "report.html"), "");
    expect((await gauntlet("check", run)).out).not.toContain("failed keys:");
    await writeFile(join(run, "linearizability.html"), "");
    const { out } = await gauntlet("check", run);
    expect(out).toMatch(/^report: +pages\/report\.html\nfailed keys: +pages\/linearizability\.html$/m);
  });

  test.each([
    ["well", [SERVERS], 0, "VALID"],
    [
      "bad",
      [{ ...SERVERS, verdict: "invalid", reason: "n1: two leaders" }],
      1,
      "INVALID: safety: servers: n1: two leaders",
    ],
    ["none", [], 2, "UNKNOWN: safety: servers"],
  ])("and takes over what its lost logs had shown: %s", async (name, checks, expected, sentence) => {
    const { code, out } = await gauntlet("check", await recorded(`logs-${name}`, checks));
    expect([code, out]).toEqual([expected, expect.stringContaining(sentence)]);
  });

  test("and lets no log that is left excuse what another had shown", async () => {
    const broken = { ...SERVERS, verdict: "invalid", reason: "n1: two leaders" };
    const run = await recorded("logs-some", [broken]);
    await mkdir(join(run, "nodes", "n2"), { recursive: true });
    await writeFile(join(run, "nodes", "n2", "agent.log"), "");
    expect((await gauntlet("check", run)).code).toBe(1);
  });

  test.each(["agreement", "progress"])("and takes over what only the run could see: %s", async (name) => {
    const finding = { name, kind: "safety", verdict: "invalid", reason: "n2 is alone" };
    const { code, out } = await gauntlet("check", await recorded(`once-${name}`, [SERVERS, finding]));
    expect([code, out]).toEqual([1, expect.stringContaining(`${name}: n2 is alone`)]);
  });

  test("and looks at its samples again, but lets none that are gone help", async () => {
    const leak = { name: "resources", kind: "liveness", verdict: "invalid", reason: "n1 grew" };
    const run = await recorded("leak", [SERVERS, leak]);
    const sampled = (openFiles: (i: number) => number): string => {
      const unknown = { role: null, term: null, commitIndex: null, appliedIndex: null, wallOffsetMs: null };
      const rest = { ...unknown, timerRate: null, rssBytes: null, diskBytes: null };
      const lines = Array.from({ length: 40 }, (_, i) =>
        JSON.stringify({ time: i * 1e9, node: "n1", ...rest, openFiles: openFiles(i) }),
      );
      return `${lines.join("\n")}\n`;
    };
    const samples = join(run, "nodes.jsonl");
    await writeFile(
      samples,
      sampled(() => 40),
    );
    expect((await gauntlet("check", run)).out).toContain("liveness: resources: n1 grew");
    const healthy = await recorded("leaking", [SERVERS]);
    await writeFile(
      join(healthy, "nodes.jsonl"),
      sampled((i) => 40 + 20 * i),
    );
    expect((await gauntlet("check", healthy)).out).toMatch(
      /liveness: resources: n1 grew from \d+ open files/,
    );
    await writeFile(samples, "no samples\n");
    const broken = await gauntlet("check", run);
    expect([broken.code, broken.err]).toEqual([65, [expect.stringContaining("nodes.jsonl:1: not JSON")]]);
  });

  test("and tells verdicts by kind and what clients saw, also of a run that knew neither", async () => {
    const { out } = await gauntlet("check", await recorded("older", [SERVERS]), "--json");
    expect(JSON.parse(out)).toMatchObject({
      verdicts: { safety: "valid", liveness: "valid", vacuity: "valid", rig: null },
      windows: [{ fault: "quiet", index: null, ok: 150 }],
    });
  });

  test.each([
    ["half", (lines: readonly string[]) => `${lines.slice(0, 150).join("\n")}\n`],
    ["cut", (lines: readonly string[]) => lines.join("\n").slice(0, -9)],
  ])("and refuses a history that is not the one it recorded: %s", async (name, damage) => {
    const run = await recorded(`${name}-history`, [SERVERS]);
    await writeFile(join(run, "history.jsonl"), damage(goodHistory(150)));
    const { code, out, err } = await gauntlet("check", run);
    expect(err).toEqual([expect.stringMatching(/history\.jsonl: .*results\.json/)]);
    expect([code, out]).toEqual([65, ""]);
  });

  test("that failed before any operation as failed", async () => {
    const rig = { name: "rig", kind: "rig", verdict: "failed", reason: "no engine answers" };
    const run = await recorded("failed", [rig]);
    await writeFile(join(run, "history.jsonl"), "");
    const path = join(run, "results.json");
    const results = JSON.parse(await readFile(path, "utf8")) as object;
    const all = { f: "all", ok: 0, fail: 0, info: 0, p50Ms: null, p99Ms: null, maxMs: null };
    await writeFile(path, JSON.stringify({ ...results, stats: [all] }));
    const { code, out } = await gauntlet("check", run);
    expect([code, out]).toEqual([3, expect.stringContaining("FAILED: rig: no engine answers")]);
  });
});
