import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { busyWorld } from "../testing/busy-world.js";

test("one seed, one trace: twice in this process, and in another", async () => {
  const first = await busyWorld(11);
  expect(first.counts.elections).toBeGreaterThan(1);
  expect(first.counts.lost).toBeGreaterThan(100);
  expect(first.ok).toBeGreaterThan(100);
  expect(await busyWorld(11)).toEqual(first);
  const script = `import { busyWorld } from ${JSON.stringify(new URL("../../dist/testing/busy-world.js", import.meta.url).href)};
    process.stdout.write(JSON.stringify(await busyWorld(11)));`;
  const output = execFileSync(process.execPath, ["--input-type=module", "--eval", script], {
    encoding: "utf8",
  });
  expect(JSON.parse(output)).toEqual(first);
});

test("another seed, another trace", async () => {
  expect((await busyWorld(12)).hash).not.toBe((await busyWorld(13)).hash);
});
