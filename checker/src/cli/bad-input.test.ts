import { join } from "node:path";
import { expect, test } from "vitest";
import { INVALID, jsonl, porcupine, type Row, scratch, VALID } from "./testing/run.js";

const { folder, file } = scratch();
const valid = file("valid.jsonl", VALID);

function expectNoVerdict({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): void {
  expect(stdout).toBe("");
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(stderr).not.toMatch(/\b(valid|invalid|unknown)\n/);
}

test.each<[name: string, content: string | Uint8Array, message: string]>([
  ["an empty file", "", ": the file is empty; record a history first"],
  [
    "a return without a call",
    VALID + jsonl([7, "ok", "read", 1]),
    ": line 5: ok of read, but process 7 has no operation open; a completion needs its invoke",
  ],
  [
    "an unknown process",
    VALID.replaceAll('"process":1', '"process":"bob"'),
    ': line 3: unknown process "bob"; a process is an integer',
  ],
  [
    "a duplicate key",
    VALID + '{"process":2,"type":"invoke","process":3,"f":"read"}\n',
    ': line 5: the key "process" appears twice in one object; keep the one',
  ],
  [
    "10 MB on one line",
    `${VALID}{"${"x".repeat(10_000_000)}":1}\n`,
    ": line 5: an event of more than 8 MiB; write one event a line",
  ],
  ["10 MB of brackets", "[".repeat(10_000_000), ": line 1: nested deeper than 64; an event is"],
  ["binary garbage", Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256), "; give a text file"],
  ["bytes of zero", new Uint8Array(5000), ": line 1: binary data (a NUL byte); give a text file"],
  ["gzip", Uint8Array.from([0x1f, 0x8b, 8, 0, 0]), ": this is gzip; unpack it first"],
  ["something else", "<html></html>\n", ': line 1: "<html></html>" begins no history; formats are'],
  [
    "an unknown operation",
    jsonl([0, "invoke", "increment"]),
    ': line 1: unknown operation "increment"; the model cas-register knows read, write, cas',
  ],
  [
    "a value that the model cannot hold",
    jsonl([0, "invoke", "write", { a: 1 }]),
    ": line 1: operation 0: a write needs a value, a string or a number; record what",
  ],
  [
    "an answer that says nothing",
    jsonl([0, "invoke", "read"], [0, "ok", "read", true]),
    ": line 2: operation 0: a read must say what it returned",
  ],
])("65, with file, place and remedy: %s", async (_, content, message) => {
  const path = file("bad", content);
  const ran = await porcupine(["check", "--model", "cas-register", path]);
  expect(ran.code).toBe(65);
  expect(ran.stderr).toContain(`porcupine: ${path}${message.startsWith(":") ? message : ""}`);
  expect(ran.stderr).toContain(message);
  expectNoVerdict(ran);
});

test("65, with the line, for what a check cannot judge", async () => {
  const path = file(
    "set.jsonl",
    jsonl([0, "invoke", "add", 1], [0, "ok", "add", 1], [0, "invoke", "remove", 1]),
  );
  const ran = await porcupine(["check", "--model", "set-full", path]);
  expect(ran.code).toBe(65);
  expect(ran.stderr).toContain(`porcupine: ${path}: line 3: operation 2: its f is "remove"`);
  expect(ran.stderr).toContain("; record what the check set-full asks for");
  expectNoVerdict(ran);
});

test("65 for a file that is not there, and for a folder that is no run", async () => {
  for (const [path, reason] of [
    [join(folder, "nowhere.jsonl"), "no such file"],
    [folder, "a folder without history.jsonl"],
  ] as const) {
    const ran = await porcupine(["check", "--model", "kv", path]);
    expect(ran.code).toBe(65);
    expect(ran.stderr).toContain(`porcupine: ${path}: ${reason}; give a history, or the folder of a run`);
    expectNoVerdict(ran);
  }
});

test("a file that cannot be read does not keep the others from their verdicts", async () => {
  const bad = file("bad.jsonl", "oops\n");
  const { code, stdout, stderr } = await porcupine([
    "check",
    "--model",
    "cas-register",
    bad,
    file("late.jsonl", INVALID),
  ]);
  expect(code).toBe(1);
  expect(stdout).toContain("late.jsonl: invalid");
  expect(stderr).toContain("bad.jsonl: line 1:");
});

test.each<[name: string, args: readonly string[], message: string]>([
  ["no file", ["check"], "missing required argument 'file'"],
  ["an unknown flag", ["check", "--modle", "kv", valid], "unknown option '--modle'"],
  ["an unknown command", ["chekc"], "unknown command 'chekc'"],
  [
    "an unknown model",
    ["check", "--model", "csa-register", valid],
    '--model: there is no model "csa-register", did you mean cas-register?; known: register',
  ],
  [
    "a model that is no module",
    ["check", "--model", "./nowhere.js", valid],
    "--model: ./nowhere.js cannot be loaded: no such file",
  ],
  [
    "a start that is half JSON",
    ["check", "--model", "cas-register", "--init", "[1", valid],
    "--init: [1 is not JSON",
  ],
  ["standard input twice", ["check", "--model", "kv", "-", "-"], "-: standard input can be read once"],
  [
    "a group size for what has no groups",
    ["check", "--model", "kv", "--group-size", "2", valid],
    "--group-size: only long-fork takes it",
  ],
  [
    "a promise about transactions for a model",
    ["check", "--model", "kv", "--consistency-model", "serializable", valid],
    "--consistency-model: only list-append takes it",
  ],
  ["no threads", ["check", "--threads", "0", valid], '--threads: "0" is not an integer of at least 1'],
  [
    "a start that the guessed model cannot have",
    ["check", "--init", '{"a":1}', valid],
    "valid.jsonl: the model is cas-register, by the operations, but --init: option initial",
  ],
  [
    "a bad start",
    ["check", "--model", "counter", "--init", "x", valid],
    "--init: option initial of model counter must be an integer",
  ],
  [
    "a start of a check",
    ["check", "--model", "bank", "--init", "0", valid],
    "--init: the check bank has no initial state",
  ],
  [
    "a bad time",
    ["check", "--timeout", "soon", valid],
    '--timeout: "soon" is not a time (60, 90s, 2m, 500ms)',
  ],
  ["no time", ["check", "--timeout", "0", valid], '--timeout: "0" is not a time'],
  ["a bad size", ["check", "--memory", "much", valid], '--memory: "much" is not a size (512MiB'],
  [
    "an unknown engine",
    ["check", "--engine", "warp", valid],
    '--engine: there is no "warp"; known: auto, frontier',
  ],
  ["an unknown format", ["check", "--format", "xml", valid], '--format: there is no "xml"; known: jsonl'],
  [
    "a page nowhere",
    ["check", "--html", join(folder, "no", "where.html"), valid],
    `--html: ${join(folder, "no", "where.html")} cannot be written: ENOENT`,
  ],
  [
    "a page in a file",
    ["check", "--html", join(valid, "page.html"), valid],
    `--html: ${join(valid, "page.html")} cannot be written: ENOTDIR`,
  ],
  ["a page over the history", ["check", "--html", valid, valid], "is the history itself; name another file"],
  [
    "a page and a picture in one file",
    ["check", "--html", join(folder, "both"), "--svg", join(folder, "both"), valid],
    `--svg: ${join(folder, "both")} is where --html goes`,
  ],
  ["one page for two files", ["check", "--html", valid, valid, valid], "is no folder, and there are 2 files"],
])("64, in one line: %s", async (_, args, message) => {
  const ran = await porcupine(args);
  expect(ran.code).toBe(64);
  expect(ran.stderr).toContain(message);
  expectNoVerdict(ran);
});

test("64 and the help for no command", async () => {
  const { code, stdout, stderr } = await porcupine([]);
  expect({ code, stdout }).toEqual({ code: 64, stdout: "" });
  for (const part of ["Usage: porcupine", "check", "models", "Exit codes:"]) expect(stderr).toContain(part);
});

const MODEL = `export const model = {
  name: "mine",
  init: () => 0,
  step: (state, input) => { if (input.f === "read") throw new Error("cannot read"); return [state]; },
  stateKey: (state) => state,
  describeOperation: (input) => input.f,
  describeState: String,
};\n`;

test("3 for a model of one's own whose step throws; a sound one judges", async () => {
  const throwing = await porcupine(["check", "--model", file("throwing.mjs", MODEL), valid]);
  expect(throwing.code).toBe(3);
  expect(throwing.stderr).toContain(
    'valid.jsonl: the model mine failed: step failed for "read": cannot read; a model must take every operation',
  );
  expectNoVerdict(throwing);
  const sound = file("sound.mjs", MODEL.replace(/if .*?; return/, "return"));
  expect((await porcupine(["check", "--model", sound, valid])).code).toBe(0);
  const started = await porcupine(["check", "--model", sound, "--init", "0", valid]);
  expect(started.code).toBe(64);
  expect(started.stderr).toContain("has its own init");
  expectNoVerdict(started);
  const lacking = await porcupine([
    "check",
    "--model",
    file("lacking.mjs", "export const model = { init: () => 0 };"),
    valid,
  ]);
  expect(lacking.code).toBe(64);
  expect(lacking.stderr).toContain("has no function step");
  expectNoVerdict(lacking);
});

test.each([
  ["undefined", 'step returned nothing and no list for "write"'],
  ["state", "step returned a number and no list"],
  ['"abc"', "step returned a string and no list"],
  ["Promise.resolve([state])", "step returned a promise and no list"],
  ["new Set([state])", "step returned an object and no list"],
])("3 for a model whose step returns %s", async (returned, message) => {
  const model = file("listless.mjs", MODEL.replace(/if .*?; return \[state\]/, `return ${returned}`));
  const ran = await porcupine(["check", "--model", model, valid]);
  expect(ran.code).toBe(3);
  expect(ran.stderr).toContain(`valid.jsonl: the model mine failed: ${message}`);
  expect(ran.stderr).toContain(
    "; a model must take every operation of the history in every state, and its step",
  );
  expectNoVerdict(ran);
});

test("a model may be of a class, and is as strict in a thread", async () => {
  const model = (step: string): string => `import { isMainThread } from "node:worker_threads";
class Sums {
  #start = 0;
  init() { return this.#start; }
  key({ key }) { return key; }
  step(sum, { f, value }, output) { ${step} return f === "add" ? [sum + value] : output.value === sum ? [sum] : []; }
  stateKey(sum) { return sum + this.#start; }
  describeOperation({ f, value }) { return this.#start + f + value; }
  describeState(sum) { return String(sum); }
}
export const model = new Sums();\n`;
  // More than the first thread tries on its own.
  const rows = ["a", "b"].flatMap((key, k): Row[] => [
    ...Array.from({ length: 14 }, (_, i): Row => [50 * k + i, "invoke", "add", 2 ** i, { key }]),
    [50 * k + 40, "invoke", "read", null, { key }],
    [50 * k + 40, "ok", "read", 0.5, { key }],
  ]);
  const sums = file("sums.jsonl", jsonl(...rows));
  const check = (path: string): ReturnType<typeof porcupine> =>
    porcupine(["check", "--threads", "2", "--model", path, sums]);
  expect((await check(file("class.mjs", model("")))).code).toBe(1);
  const listless = await check(file("thread.mjs", model("if (!isMainThread) return sum;")));
  expect(listless.code).toBe(3);
  expect(listless.stderr).toContain("step returned a number and no list");
  expectNoVerdict(listless);
});

test("64 for a model whose adapter has no operations", async () => {
  const ran = await porcupine([
    "check",
    "--model",
    file("adapter.mjs", `${MODEL}export const adapter = {};`),
    valid,
  ]);
  expect(ran.code).toBe(64);
  expect(ran.stderr).toContain('adapter.mjs has no "operations"');
  expectNoVerdict(ran);
});
