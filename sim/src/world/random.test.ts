import { expect, test } from "vitest";
import { Stream, Streams } from "./random.js";

const draws = (stream: Stream, count = 20): number[] => Array.from({ length: count }, () => stream.word());

test("a stream is a function of seed and name", () => {
  expect(draws(new Stream(7, "network"))).toEqual(draws(new Stream(7, "network")));
  const others = [new Stream(8, "network"), new Stream(7, "disk of n1"), new Stream(7 + 2 ** 32, "network")];
  for (const other of others) expect(draws(other)).not.toEqual(draws(new Stream(7, "network")));
});

test("one more draw of one stream shifts no other", () => {
  const [a, b] = [new Streams(3), new Streams(3)];
  a.stream("x").word();
  expect(draws(a.stream("y"))).toEqual(draws(b.stream("y")));
  expect(a.stream("x")).toBe(a.stream("x"));
});

test("draws are even, in small bounds and beyond 32 bits", () => {
  const random = new Stream(1, "test");
  const counts = Array.from({ length: 7 }, () => 0);
  for (let draw = 0; draw < 70_000; draw++) counts[random.below(7)] = (counts[random.below(7)] ?? 0) + 1;
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(600);
  let high = 0;
  for (let draw = 0; draw < 10_000; draw++) if (random.below(2 ** 47) >= 2 ** 46) high++;
  expect(Math.abs(high - 5000)).toBeLessThan(300);
  expect(() => random.below(0)).toThrow(RangeError);
});
