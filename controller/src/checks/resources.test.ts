import type { NodeSample } from "@gauntlet/histories";
import { expect, test } from "vitest";
import { checkResources } from "./resources.js";

const MB = 1024 * 1024;

function samples(rssMb: (i: number) => number | null, openFiles: (i: number) => number = () => 40) {
  return Array.from({ length: 40 }, (_, i): NodeSample => {
    const rss = rssMb(i);
    return {
      time: i * 1e9,
      node: "n1",
      role: "leader",
      term: 1,
      commitIndex: 1,
      appliedIndex: 1,
      wallOffsetMs: 0,
      timerRate: 1,
      rssBytes: rss === null ? null : rss * MB,
      openFiles: rss === null ? null : openFiles(i),
      diskBytes: 1,
    };
  });
}

test("memory that grows beyond the bound is a finding, unless it was written", () => {
  expect(
    checkResources(
      samples((i) => 100 + i * 10),
      0,
    ),
  ).toMatchObject({
    kind: "liveness",
    verdict: "invalid",
    reason: expect.stringContaining("n1 grew from"),
  });
  expect(
    checkResources(
      samples((i) => 100 + i * 10),
      100_000,
    ).verdict,
  ).toBe("valid");
});

test("files that are never closed are a finding", () => {
  const leaking = checkResources(
    samples(
      () => 100,
      (i) => 40 + i * 10,
    ),
    1_000_000,
  );
  expect(leaking).toMatchObject({ verdict: "invalid", reason: expect.stringContaining("open files") });
});

test("a peak, or a server that is started again, is none", () => {
  expect(
    checkResources(
      samples((i) => (i === 20 || i === 39 ? 2_000 : 100)),
      0,
    ).verdict,
  ).toBe("valid");
  expect(
    checkResources(
      samples((i) => (i < 20 ? 300 : 90)),
      0,
    ).verdict,
  ).toBe("valid");
});

test("a node that hardly answered shows nothing", () => {
  const few = checkResources(
    samples((i) => (i % 6 === 0 ? 100 + i * 20 : null)),
    0,
  );
  expect(few).toMatchObject({ verdict: "valid", reason: expect.stringContaining("no node was seen") });
});
