import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { INVALID, jsonl, porcupine, type Row, scratch, VALID } from "./testing/run.js";

const { folder, file } = scratch();
const valid = file("valid.jsonl", VALID);
const invalid = file("invalid.jsonl", INVALID);
const empty = file("empty.jsonl", "");
/** Subsets of 25 open appends whose sum is odd, of even lengths: there are none among 2^25, and no engine knows why. */
const hard = file(
  "hard.jsonl",
  hardHistory("append", "get", (length) => "a".repeat(length)),
);

function hardHistory(add: string, read: string, value: (size: number) => unknown): string {
  const adds = Array.from(
    { length: 25 },
    (_, i): Row => [i, "invoke", add, value(2 * (i + 1)), { key: "k" }],
  );
  const odd = value(325);
  return jsonl(...adds, [99, "invoke", read, null, { key: "k" }], [99, "ok", read, odd, { key: "k" }]);
}

const CHECK = ["check", "--model", "cas-register"] as const;

test("valid: 0; the file, the model and how it was found", async () => {
  const { code, stdout, stderr } = await porcupine([...CHECK, valid]);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^.*valid\.jsonl: valid\n {2}cas-register, 2 operations: .* ms, \d+ configurations? \(.+\)\n$/,
  );
  expect(stderr).toBe("");
});

test("invalid: 1; the reason, a picture, the lines and the states", async () => {
  const { code, stdout, stderr } = await porcupine([...CHECK, invalid]);
  expect(code).toBe(1);
  expect(stdout).toContain("invalid.jsonl: invalid\n");
  expect(stdout).toContain("no order explains the read that returned absent (operation 2, process 1)");
  expect(stdout).toContain("✗");
  expect(stdout).toContain("operation 2 on lines 3 and 4");
  expect(stdout).toContain("states that were possible: 1");
  expect(stderr).toBe("");
});

test("--json: one object a file, and no verdict where there is none", async () => {
  const { code, stdout, stderr } = await porcupine([...CHECK, "--json", valid, invalid, empty]);
  expect(code).toBe(1);
  const objects = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(objects.map((object) => object["file"])).toEqual([valid, invalid, empty]);
  expect(objects[0]).toMatchObject({
    verdict: "valid",
    model: "cas-register",
    format: "jsonl",
    events: 4,
    operations: 2,
    partitions: { total: 1, valid: 1, invalid: 0, unknown: 0 },
    violations: [],
    undecided: [],
    notes: [],
  });
  for (const name of ["elapsedMs", "readMs", "configurations"])
    expect(objects[0]?.[name]).toBeTypeOf("number");
  expect(objects[0]?.["engine"]).toBeTypeOf("string");
  const write = { index: 0, process: 0, lines: [1, 2], description: "write of 1" };
  const read = { index: 2, process: 1, lines: [3, 4], description: "read that returned absent" };
  expect(objects[1]).toMatchObject({
    verdict: "invalid",
    violations: [
      {
        key: "",
        failedAt: read,
        minimal: { required: [write, read], optional: [], isMinimal: true },
        possibleStates: ["1"],
        possibleStateCount: 1,
      },
    ],
  });
  expect(objects[2]).toEqual({
    file: empty,
    error: {
      kind: "data",
      reason: "the file is empty",
      remedy: expect.stringContaining("record a history first") as string,
      line: null,
      message: expect.stringContaining("the file is empty; record") as string,
    },
  });
  expect(stderr).toContain(`porcupine: ${empty}: the file is empty; record a history first`);
});

test.each<[files: readonly string[], code: number]>([
  [[valid, empty], 65],
  [[empty, valid, invalid], 1],
  [[valid, hard], 2],
  [[hard, empty], 65],
])("of several files the worst counts: %#", async (files, code) => {
  expect((await porcupine(["check", "--timeout", "200ms", ...files])).code).toBe(code);
});

test("several files end in a summary, the worst first; one file or --json in none", async () => {
  const { stdout } = await porcupine([...CHECK, valid, empty, invalid]);
  const time = "[\\d.]+ ms";
  expect(stdout.slice(stdout.indexOf("\n3 files"))).toMatch(
    new RegExp(
      "^\\n3 files: 1 invalid, 1 unreadable, 1 valid\\n" +
        `  invalid     \\S*/invalid\\.jsonl  2 operations +${time}\\n` +
        "  unreadable  \\S*/empty\\.jsonl\\n" +
        `  valid       \\S*/valid\\.jsonl    2 operations +${time}\\n$`,
    ),
  );
  expect((await porcupine([...CHECK, valid])).stdout).not.toContain("1 file");
  expect((await porcupine([...CHECK, "--json", valid, invalid])).stdout.trimEnd().split("\n")).toHaveLength(
    2,
  );
});

test("--timeout: 2; what ran out and how far it got", async () => {
  const { code, stdout } = await porcupine(["check", "--timeout", "200ms", hard]);
  expect(code).toBe(2);
  expect(stdout).toContain("hard.jsonl: unknown\n");
  expect(stdout).toMatch(
    /key k: unknown: the time limit was reached after \d+ configurations; .* return 0 of 1\n/,
  );
});

test("--memory: 2, with what ran out", async () => {
  const { code, stdout } = await porcupine(["check", "--engine", "frontier", "--memory", "4MiB", hard]);
  expect(code).toBe(2);
  expect(stdout).toContain("the memory allowed for configurations ran out");
});

test("--init, of a number and of nothing", async () => {
  const read = file("init.jsonl", jsonl([0, "invoke", "read"], [0, "ok", "read", 0]));
  expect((await porcupine([...CHECK, "--init", "0", read])).code).toBe(0);
  expect((await porcupine([...CHECK, "--init", '"0"', read])).code).toBe(1);
  expect((await porcupine([...CHECK, read])).code).toBe(1);
  const quiet = file("nil.jsonl", jsonl([0, "invoke", "read"], [0, "ok", "read", null]));
  expect((await porcupine([...CHECK, "--init", "nil", quiet])).code).toBe(0);
});

test("standard input, and the folder of a recorded run", async () => {
  const piped = await porcupine([...CHECK, "-"], { stdin: INVALID });
  expect(piped.code).toBe(1);
  expect(piped.stdout).toContain("-: invalid");
  const run = join(folder, "run");
  mkdirSync(run);
  writeFileSync(join(run, "history.jsonl"), VALID);
  expect((await porcupine([...CHECK, run])).code).toBe(0);
});

test("a last line that was cut is noted beside the verdict", async () => {
  const cut = file("cut.jsonl", `${VALID}{"process":2,"type":"inv`);
  const { code, stdout, stderr } = await porcupine([...CHECK, cut]);
  expect(code).toBe(0);
  expect(stdout).toContain("cut.jsonl: valid");
  expect(stderr).toBe(
    `porcupine: ${cut}: note: the last event was cut (the recorder died as it wrote?) and is left out\n`,
  );
});

test("without --model, by the operations where there is no doubt", async () => {
  const known = await porcupine(["check", valid]);
  expect(known.code).toBe(0);
  expect(known.stderr).toContain("note: the model is cas-register, by the operations");
  const queue = file("queue.jsonl", jsonl([0, "invoke", "enqueue", 1], [0, "ok", "enqueue", 1]));
  const unknown = await porcupine(["check", queue]);
  expect(unknown).toMatchObject({ code: 64, stdout: "" });
  expect(unknown.stderr).toContain(
    `${queue}: its operations do not say which model they are of; name one with --model`,
  );
  // One that nobody can name does not keep the others from their verdicts.
  expect((await porcupine(["check", queue, invalid])).code).toBe(1);
  expect((await porcupine(["check", queue, valid])).code).toBe(64);
});

test("a check instead of a model", async () => {
  const ids = file(
    "ids.jsonl",
    jsonl(
      [0, "invoke", "generate"],
      [0, "ok", "generate", 7],
      [0, "invoke", "generate"],
      [0, "ok", "generate", 7],
    ),
  );
  const { code, stdout } = await porcupine(["check", "--model", "unique-ids", "--json", ids]);
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    verdict: "invalid",
    model: "unique-ids",
    details: {},
    notes: [],
  });
  const limited = await porcupine([
    "check",
    "--model",
    "unique-ids",
    "--timeout",
    "1s",
    "--engine",
    "auto",
    "--verify",
    "--nil",
    "absent",
    ids,
  ]);
  expect(limited.code).toBe(1);
  expect(limited.stderr).toBe(
    `porcupine: ${ids}: note: unique-ids is a check, and passes over what is for models: ` +
      "--timeout, --engine, --verify, --nil\n",
  );
});

test("--html and --svg: into a file, or into a folder for several, whatever their names", async () => {
  const page = join(folder, "page.html");
  expect((await porcupine([...CHECK, "--html", page, valid])).code).toBe(0);
  expect(readFileSync(page, "utf8")).toMatch(/^<!doctype html>/);
  mkdirSync(join(folder, "other"));
  const namesake = join(folder, "other", "invalid.jsonl");
  writeFileSync(namesake, INVALID);
  const out = join(folder, "out");
  const { code } = await porcupine([...CHECK, "--html", out, "--svg", out, valid, invalid, namesake]);
  expect(code).toBe(1);
  for (const name of ["valid.jsonl.html", "invalid.jsonl.html", "invalid.jsonl-2.html", "invalid.jsonl.svg"])
    expect(existsSync(join(out, name))).toBe(true);
  expect(existsSync(join(out, "valid.jsonl.svg"))).toBe(false);
  expect(readFileSync(join(out, "invalid.jsonl.svg"), "utf8")).toMatch(/^<svg/);
  const made = join(folder, "made", "/");
  expect((await porcupine([...CHECK, "--html", made, valid])).code).toBe(0);
  expect(existsSync(join(made, "valid.jsonl.html"))).toBe(true);
});

test("a page that cannot be written after all: 3, and the verdict", async () => {
  const taken = join(folder, "taken");
  mkdirSync(join(taken, "valid.jsonl.html"), { recursive: true });
  const { code, stdout, stderr } = await porcupine([...CHECK, "--html", taken, valid]);
  expect(code).toBe(3);
  expect(stdout).toContain("valid.jsonl: valid");
  expect(stderr).toContain("--html: EISDIR");
});

const SLOW_MODEL = `let told = false;
export const model = {
  name: "sums",
  init: () => 0,
  step: (sum, { f, value }, output) => {
    if (!told) process.stderr.write("begun\\n");
    told = true;
    return f === "add" ? [sum + value] : output.value === sum ? [sum] : [];
  },
  stateKey: (sum) => sum,
  describeOperation: ({ f }) => f,
  describeState: String,
};\n`;

test("an interrupted check says unknown and what it reached", async () => {
  const model = file("slow.mjs", SLOW_MODEL);
  const sums = file(
    "sums.jsonl",
    hardHistory("add", "read", (size) => size),
  );
  const { code, stdout } = await porcupine(["check", "--model", model, "--json", sums], {
    interruptOn: "begun",
  });
  expect(code).toBe(2);
  const { verdict, undecided } = JSON.parse(stdout) as {
    verdict: string;
    undecided: readonly { ranOut: string }[];
  };
  expect(verdict).toBe("unknown");
  expect(undecided.map(({ ranOut }) => ranOut)).toEqual(["aborted"]);
});

test("output that nobody reads ends the command, and with no code of a verdict", async () => {
  const { code, stderr } = await porcupine([...CHECK, valid, invalid], { closeStdout: true });
  expect({ code, stderr }).toEqual({ code: 141, stderr: "" });
});

test("help and the list of models", async () => {
  const help = await porcupine(["check", "--help"]);
  expect(help.code).toBe(0);
  for (const part of ["--model", "--timeout", "Exit codes:", "130 interrupted", "141 nobody", "Examples:"])
    expect(help.stdout).toContain(part);
  expect(await porcupine(["--version"])).toEqual({ code: 0, stdout: "0.1.0\n", stderr: "" });
  const models = await porcupine(["models"]);
  expect(models.code).toBe(0);
  for (const part of ["cas-register", "read, write, cas", "list-append", "bank"])
    expect(models.stdout).toContain(part);
});
