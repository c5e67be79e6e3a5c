import { expect, test } from "vitest";
import { always, limit, phases, rate, reserve } from "./generators/index.js";
import { Roster } from "./roster.js";
import type { Source } from "./workload.js";

const generator = (source: Source) => ({ ...source, finalOperations: () => [] });

test("whoever has been idle longest is next", () => {
  const roster = new Roster(generator(always(() => ({ f: "a" }))), { workers: 3, places: 3 });
  const workers = [0, 0, 0, 0].map(() => roster.take(0)?.worker ?? null);
  expect(workers).toEqual([0, 1, 2, null]);
  roster.release(2);
  roster.release(0);
  expect([roster.take(0)?.worker, roster.take(0)?.worker]).toEqual([2, 0]);
});

test("when all are busy others are hired, and act for the workers", () => {
  const roster = new Roster(generator(always((worker) => ({ f: `${worker}` }))), { workers: 2, places: 5 });
  const taken = [0, 0, 0, 0, 0].map(() => {
    expect(roster.askAtMs).toBe(0);
    const { place, worker, operation } = roster.take(0) ?? {};
    return [place, worker, operation?.f];
  });
  expect(taken).toEqual([
    [0, 0, "0"],
    [1, 1, "1"],
    [2, 0, "0"],
    [3, 1, "1"],
    [4, 0, "0"],
  ]);
  expect([roster.take(0), roster.askAtMs, roster.isEmpty]).toEqual([null, Number.POSITIVE_INFINITY, true]);
  roster.release(3);
  expect(roster.take(0)).toMatchObject({ place: 3, worker: 1 });
});

test("who has nothing now is passed over, keeps its place, and is asked when it may have something", () => {
  const source = reserve(
    [
      {
        workers: 1,
        source: rate(
          10,
          always(() => ({ f: "slow" })),
        ),
      },
    ],
    always(() => ({ f: "a" })),
  );
  const roster = new Roster(generator(source), { workers: 3, places: 3 });
  expect(roster.take(0)).toMatchObject({ worker: 0, operation: { f: "slow" } });
  roster.release(0);
  expect([roster.take(1)?.worker, roster.take(1)?.worker, roster.take(1)]).toEqual([1, 2, null]);
  expect(roster.askAtMs).toBe(100);
  roster.release(1);
  expect(roster.take(100)).toMatchObject({ worker: 0 });
});

test("who waits for others is asked when an operation ended, or others are done", () => {
  const one = (f: string): Source =>
    limit(
      1,
      always(() => ({ f })),
    );
  const source = phases(2, one("first"), one("second"));
  const roster = new Roster(generator(source), { workers: 2, places: 2 });
  const first = roster.take(0);
  expect(first).toMatchObject({ worker: 0, operation: { f: "first" } });
  expect([roster.take(1), roster.askAtMs]).toEqual([null, Number.POSITIVE_INFINITY]);
  source.completed?.(0, first?.operation ?? { f: "" }, "ok");
  roster.completed();
  roster.release(0);
  expect(roster.take(2)).toMatchObject({ operation: { f: "second" } });
  source.completed?.(0, { f: "second" }, "ok");
  roster.completed();
  roster.release(0);
  expect(roster.take(3)).toBeNull();
  expect(roster.isEmpty).toBe(true);
});
