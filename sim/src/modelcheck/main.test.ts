import { afterEach, expect, test, vi } from "vitest";
import { UsageError } from "../errors.js";
import { BOUNDS } from "./bounds.js";
import { modelcheckCommand } from "./main.js";

afterEach(() => vi.restoreAllMocks());

async function run(...argv: readonly string[]): Promise<{ code: number | null; printed: string }> {
  let printed = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  let code: number | null = null;
  await modelcheckCommand((exitCode) => {
    code = exitCode;
  }).parseAsync(argv, { from: "user" });
  return { code, printed };
}

test("lists the bounds in words: exit code 0", async () => {
  const { code, printed } = await run("--list");
  expect(code).toBe(0);
  expect(printed.trim().split("\n")).toHaveLength(BOUNDS.length);
});

test("a search that a limit ends says so: exit code 2", async () => {
  const { code, printed } = await run("--bound", "entry", "--max-states", "100");
  expect(code).toBe(2);
  expect(printed).toMatch(/^entry .* no: limit/m);
});

test("prints figures as JSON", async () => {
  const { printed } = await run("--bound", "entry,crash", "--max-states", "100", "--json");
  const figures = JSON.parse(printed) as readonly {
    bound: { name: string };
    ended: string;
    states: number;
  }[];
  expect(figures.map(({ bound, ended }) => [bound.name, ended])).toEqual([
    ["entry", "limit"],
    ["crash", "limit"],
  ]);
  expect(figures[0]?.states).toBeGreaterThan(100);
});

test("names the bounds that there are when it does not know one", async () => {
  await expect(run("--bound", "everything")).rejects.toThrow(UsageError);
});

test("every bound has a name of its own", () => {
  expect(new Set(BOUNDS.map(({ name }) => name)).size).toBe(BOUNDS.length);
});
