import { expect, test } from "vitest";
import { FailureError } from "./errors.js";
import { readSource } from "./source.js";
import { scratch, VALID } from "./testing/run.js";

test("a history that does not fit into memory is told before the process dies of it", async () => {
  const path = scratch().file("large.jsonl", VALID);
  expect((await readSource(path, undefined)).events).toHaveLength(4);
  const failure = await readSource(path, undefined, 1).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(FailureError);
  expect((failure as FailureError).failure).toMatchObject({
    kind: "failed",
    reason: "the history does not fit into memory (0 MiB of it were read)",
    remedy: expect.stringContaining("NODE_OPTIONS=--max-old-space-size") as string,
  });
});
