import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MemoryRecord } from "./memory.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("each half minute has a line, and the end tells them all", () => {
  const lines: string[] = [];
  const began = Date.now();
  const record = new MemoryRecord(
    () => Date.now() - began,
    (line) => lines.push(line),
  );
  vi.advanceTimersByTime(60_000);
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(/^memory: rss [1-9]\d* MB, heap [1-9]\d* MB, external \d+ MB$/);
  expect(record.end()).toMatch(/: [1-9]\d* MB at 0 s, [1-9]\d* MB at 30 s, [1-9]\d* MB at 60 s$/);
  vi.advanceTimersByTime(60_000);
  expect(lines).toHaveLength(3);
});

test("a short run shows no trend", () => {
  expect(new MemoryRecord(Date.now, () => undefined).end()).toBe(null);
});
