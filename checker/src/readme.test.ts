import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

test("the README's example runs and finds the stale read", () => {
  const directory = new URL("..", import.meta.url);
  const readme = readFileSync(new URL("README.md", directory), "utf8");
  const example = /```js\n(.*?)```/s.exec(readme)?.[1] ?? "";
  expect(example.trimEnd().split("\n")).toHaveLength(5);
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", example], {
    cwd: directory,
    encoding: "utf8",
  });
  expect(output).toMatch(
    /^illegal - no order explains the read that returned absent \(operation 1, process 1\): before it began/,
  );
});
