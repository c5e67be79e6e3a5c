import * as fc from "fast-check";
import { expect, test } from "vitest";
import { breakOneAnswer, generateHistory } from "../index.js";
import { casRegister } from "../models/cas-register.js";
import { clientsOf } from "./clients.js";
import { createAxis } from "./client/axis.js";
import { firstView } from "./client/first-view.js";
import { createTimeFormat } from "./client/format.js";
import { createGeometry, type Frame, type Geometry } from "./client/geometry.js";
import { createLanes } from "./client/lanes.js";
import { middleOut } from "./client/middle-out.js";
import { createPoints } from "./client/points.js";
import { createScene, type Scene } from "./client/scene.js";
import { firstIndex } from "./client/search.js";
import { createViewport } from "./client/viewport.js";
import type { PageData } from "./data.js";
import { historyHtml } from "./html.js";
import { check, type Checked, dataOf, random, sequential } from "./testing/sample.js";

const parts = { createAxis, createLanes, createPoints, firstIndex };

function scenesOf({ history, result }: Checked, compressed: boolean): { data: PageData; scenes: Scene[] } {
  const data = dataOf(historyHtml(casRegister(), history, result));
  return {
    data,
    scenes: data.partitions.flatMap((partition) =>
      partition.orders.map((_, choice) => createScene(parts, data, partition, compressed, choice)),
    ),
  };
}

function geometryOf(data: PageData, scene: Scene, frame: Partial<Frame>): Geometry {
  const geometry = createGeometry(parts, scene, data.texts, createTimeFormat(null, 0));
  const { min, max } = scene.axis;
  const seen = { width: 1200, height: 600, scrollTop: 0, from: min, to: max };
  const pointed = { selected: -1, hovered: -1, step: -1, dim: false, showOrder: true };
  geometry.use({ ...seen, ...pointed, ...frame });
  return geometry;
}

test("linearization points lie in their intervals, in the order's order", () => {
  let orders = 0;
  for (let seed = 1; seed <= 60; seed++) {
    for (const compressed of [true, false]) {
      const history = seed % 2 === 0 ? random(seed) : (breakOneAnswer(random(seed), seed) ?? random(seed));
      for (const { points, partition, order, axis } of scenesOf(check(history), compressed).scenes) {
        orders++;
        points.forEach((point, step) => {
          const operation = order.operations[step] ?? -1;
          expect(point).toBeGreaterThanOrEqual(axis.start[operation] ?? Number.NaN);
          expect(point).toBeLessThanOrEqual(axis.end[operation] ?? Number.NaN);
          expect(point).toBeGreaterThanOrEqual(points[step - 1] ?? Number.NEGATIVE_INFINITY);
          const limit = partition.brokeAt === -1 ? axis.max : axis.end[partition.brokeAt];
          expect(point).toBeLessThanOrEqual(limit ?? Number.NaN);
        });
      }
    }
  }
  expect(orders).toBeGreaterThan(100);
});

test("a lane holds one operation at a time, and all those of a process", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const { data, scenes } = scenesOf(check(random(seed)), true);
    const [scene] = scenes as [Scene];
    const { process, call, end } = scene.partition;
    const laneOf = new Map<number, number>();
    expect(data.clients).toBe(5);
    scene.lanes.operations.forEach((list, lane) => {
      list.forEach((operation, i) => {
        expect(scene.lanes.lane[operation]).toBe(lane);
        expect(laneOf.get(process[operation] ?? -1) ?? lane).toBe(lane);
        laneOf.set(process[operation] ?? -1, lane);
        const before = list[i - 1];
        const free = before === undefined ? undefined : (end[before] ?? call[before]);
        expect(free ?? Number.NEGATIVE_INFINITY).toBeLessThanOrEqual(call[operation] ?? -1);
      });
    });
    expect(scene.lanes.operations.reduce((sum, list) => sum + list.length, 0)).toBe(call.length);
  }
});

test("a process that comes after a crash takes over the lane; others have their own", () => {
  const history = [
    { process: 0, input: 0, call: 0 },
    { process: 1, input: 0, output: 0, call: 1, return: 3 },
    { process: 2, input: 0, output: 0, call: 3, return: 5 },
    { process: 1, input: 0, call: 4 },
    { process: 3, input: 0, output: 0, call: 9, return: 10 },
  ];
  expect(clientsOf(history)).toBe(2);
  expect(clientsOf(history.slice(1, 3))).toBeUndefined();
  const { lane, operations } = createLanes([0, 1, 2, 1, 3], [0, 1, 3, 4, 9], [null, 3, 5, null, 10], 2);
  expect([...lane]).toEqual([0, 1, 0, 1, 1]);
  expect(operations.map((list) => [...list])).toEqual([
    [0, 2],
    [1, 3, 4],
  ]);
});

test("very many processes share lanes, and never overlap", () => {
  const many = 5000;
  const process = Array.from({ length: many }, (_, i) => i);
  const call = process.map((i) => 10 * i);
  const { operations } = createLanes(
    process,
    call,
    call.map((time) => time + 15),
    null,
  );
  expect(operations.length).toBeLessThan(210);
  for (const list of operations) {
    for (let i = 1; i < list.length; i++) expect((list[i] ?? 0) - (list[i - 1] ?? 0)).toBeGreaterThan(1);
  }
});

const HISTORIES = fc.array(
  fc.record({ call: fc.integer({ min: -50, max: 50 }), duration: fc.integer({ min: -1, max: 20 }) }),
  { minLength: 1, maxLength: 30 },
);

test("both axes keep the order of times; the compressed one tells apart all that differ", () => {
  fc.assert(
    fc.property(HISTORIES, fc.constantFrom(1, 0.1, 0), (operations, pace) => {
      const calls = operations.map(({ call }) => call);
      const ends = operations.map(({ call, duration }) => (duration < 0 ? null : call + duration));
      const times = [...new Set([...calls, ...ends.filter((end) => end !== null)])].toSorted((a, b) => a - b);
      // A coarse clock: it goes on every few times only, or stands still.
      const clock = times.map((time) => Math.floor(time * pace) + 0);
      for (const compressed of [true, false]) {
        const axis = createAxis(calls, ends, clock, compressed);
        calls.forEach((call, i) => {
          expect(axis.fromTime(call)).toBe(axis.start[i]);
          expect(axis.clockAt(axis.start[i] ?? -1)).toBe(Math.floor(call * pace) + 0);
          const later = calls.filter((other) => other > call).map((other) => axis.fromTime(other));
          const least = (axis.start[i] ?? 0) + (compressed ? 1 : 0);
          expect(later.every((x) => x >= least)).toBe(true);
          const end = ends[i] ?? Number.POSITIVE_INFINITY;
          expect(axis.end[i]).toBe(end === Number.POSITIVE_INFINITY ? end : axis.fromTime(end));
          expect(axis.atRank(axis.rank(axis.start[i] ?? -1))).toBe(axis.start[i]);
        });
        expect(axis.fromTime(-1000)).toBeLessThan(axis.min);
        expect(axis.fromTime(1000)).toBeGreaterThan(axis.max);
      }
    }),
    { seed: 1 },
  );
});

test("zooming keeps the place under the pointer, and every view stays in its limits", () => {
  const move = fc.oneof(
    fc.record({
      zoom: fc.double({ min: 0.1, max: 10, noNaN: true }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    fc.record({ pan: fc.double({ min: -3, max: 3, noNaN: true }) }),
    fc.record({ reveal: fc.double({ min: 100, max: 200, noNaN: true }) }),
  );
  fc.assert(
    fc.property(fc.array(move), (moves) => {
      const view = createViewport(100, 200, 0.5);
      for (const next of moves) {
        if ("pan" in next) view.pan(next.pan);
        else if ("reveal" in next) view.reveal(next.reveal, next.reveal);
        else view.zoom(next.zoom, view.from + (view.to - view.from) * next.share);
        expect(view.from).toBeGreaterThanOrEqual(98 - 1e-9);
        expect(view.to).toBeLessThanOrEqual(202 + 1e-9);
        expect(view.to - view.from).toBeGreaterThanOrEqual(0.5 - 1e-9);
        const place = "reveal" in next ? next.reveal : view.from;
        expect(place >= view.from && place <= view.to).toBe(true);
      }
    }),
    { seed: 1 },
  );
  const view = createViewport(0, 1000, 1);
  view.zoom(0.25, 400);
  const share = (400 - view.from) / (view.to - view.from);
  view.zoom(0.5, 400);
  expect((400 - view.from) / (view.to - view.from)).toBeCloseTo(share, 9);
});

test("the first view has the operation where it broke, and not the whole of a long history", () => {
  let broken = 0;
  for (let seed = 1; seed <= 40; seed++) {
    const long = generateHistory({ seed, operations: 400, clients: 6, values: 4, keys: 1 });
    const [scene] = scenesOf(check(breakOneAnswer(long, seed) ?? long), seed % 2 === 0).scenes as [Scene];
    const { from, to } = firstView(scene);
    const { brokeAt } = scene.partition;
    const { min, max, end } = scene.axis;
    const place = brokeAt === -1 ? min : (end[brokeAt] ?? Number.NaN);
    expect(place >= from && place <= to).toBe(true);
    broken += brokeAt === -1 ? 0 : 1;
    expect(to - from).toBeLessThanOrEqual(brokeAt === -1 ? max - min : (max - min) / 3);
  }
  expect(broken).toBeGreaterThan(10);
});

test("every operation that is wide enough to be seen is drawn, and found where it is drawn", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { data, scenes } = scenesOf(check(random(seed)), false);
    const [scene] = scenes as [Scene];
    const { min, max, start } = scene.axis;
    const geometry = geometryOf(data, scene, {
      from: min + (max - min) * 0.3,
      to: min + (max - min) * 0.6,
      height: 2000,
    });
    const { from, to } = geometry.frame;
    const drawn = new Set(scene.lanes.operations.flatMap((_, lane) => geometry.seenOf(lane)));
    const operations = scene.partition.call.map((_, operation) => operation);
    const seen = operations.filter((i) => (start[i] ?? 0) <= to && geometry.reach(i) >= from);
    expect([...drawn].filter((i) => !seen.includes(i))).toEqual([]);
    const wide = seen.filter((i) => (geometry.reach(i) - (start[i] ?? 0)) / (to - from) > 3 / 1142);
    expect(wide.filter((i) => !drawn.has(i))).toEqual([]);
    expect(wide.length).toBeGreaterThan(3);
    const middle = (i: number): readonly [number, number] => {
      const { x, y, height } = geometry.box(i);
      return [(x + geometry.pixel(geometry.reach(i))) / 2, y + height / 2];
    };
    const pointed = wide.filter((i) => middle(i)[0] > geometry.gutter);
    expect(pointed.map((i) => geometry.hit(...middle(i)))).toEqual(pointed);
  }
});

test("a frame of 100,000 operations has no more bars than its pixels allow", () => {
  const { data, scenes } = scenesOf(sequential(100_000, 8), true);
  const [scene] = scenes as [Scene];
  const bars = (frame: Partial<Frame>): number => {
    const geometry = geometryOf(data, scene, frame);
    return scene.lanes.operations.reduce((sum, _, lane) => sum + geometry.seenOf(lane).length, 0);
  };
  expect(bars({})).toBeGreaterThan(1000);
  expect(bars({})).toBeLessThanOrEqual(8 * 1200);
  expect(bars({ from: 5000, to: 5050 })).toBeLessThan(80);
});

test("a long text keeps both ends", () => {
  expect(middleOut("abcdefghij", 10)).toBe("abcdefghij");
  const cut = middleOut("a".repeat(50) + "b".repeat(50), 21);
  expect(cut).toMatch(/^a+ … b+$/);
  expect(cut).toHaveLength(21);
});

test("times are told in the unit that suits them", () => {
  const us = createTimeFormat("us", 1000);
  expect(us.moment(1000, 1000)).toBe("0 ms");
  expect(us.moment(2_501_000, 100_000)).toBe("2.5 s");
  expect(us.moment(13_379, 1)).toBe("12.379 ms");
  expect(us.duration(858)).toBe("858 µs");
  const plain = createTimeFormat(null, 1000);
  expect(plain.moment(1000, 1)).toBe("1000");
  expect(plain.duration(2.5)).toBe("2.5");
});
