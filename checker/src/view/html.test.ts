import { expect, test } from "vitest";
import { breakOneAnswer, type CasRegisterOperation } from "../index.js";
import { casRegister } from "../models/cas-register.js";
import { replay } from "../witness.js";
import type { PageOrder, PagePartition } from "./data.js";
import { historyHtml } from "./html.js";
import { PARTITION_OPERATIONS_SHOWN } from "./page-data.js";
import { AMBIGUOUS, check, dataOf, random, resultOf, sequential, STALE } from "./testing/sample.js";

const model = casRegister();

function first(page: string): PagePartition {
  const partition = dataOf(page).partitions[0];
  if (partition === undefined) throw new Error("the page has no partition");
  return partition;
}

test("tells a stale read: the order, its states, what was impossible, in words too", () => {
  const { history, result } = check(STALE);
  const page = historyHtml(model, history, result, { title: "stale", timeUnit: "ms", minimal: [1, 3] });
  const { texts, timeUnit } = dataOf(page);
  const partition = first(page);
  expect(timeUnit).toBe("ms");
  expect(partition).toMatchObject({
    verdict: "illegal",
    ids: [0, 1, 2, 3, 4],
    process: [0, 1, 3, 2, 0],
    call: [0, 12, 14, 22, 25],
    end: [10, 20, null, 30, 40],
    clock: null,
    brokeAt: 3,
    minimal: [1, 3],
    possibleStates: ["2"],
  });
  const [order] = partition.orders as [PageOrder];
  expect(order.illegalNext).toEqual([3]);
  expect(order.operations.slice(0, 2)).toEqual([0, 1]);
  expect(order.states.slice(0, 2).map((state) => texts[state])).toEqual(["1", "2"]);
  expect(partition.label.map((label) => texts[label])).toEqual(["w 1", "w 2", "cas 9→8 ?", "r 1", "r 2"]);
  const words = page.slice(page.indexOf("<details>"), page.indexOf("</details>"));
  expect(words).toContain(
    `operation 3, ${model.describeOperation(STALE[3]?.input ?? { f: "read" }, { value: 1 })} (process 2)`,
  );
  expect(words).toContain("The states possible before its return: 2.");
  expect(words).toContain("A minimal sub-history that is still illegal");
  expect(page).toContain("<title>illegal: stale</title>");
});

test("what is said to be impossible next is so, by definition", () => {
  let [broken, several] = [0, 0];
  for (let seed = 1; seed <= 150; seed++) {
    const history = breakOneAnswer(random(seed, 2), seed);
    if (history === undefined) continue;
    const { result } = check(history);
    const { partitions } = dataOf(historyHtml(model, history, result));
    for (const partition of partitions) {
      broken += partition.verdict === "illegal" ? 1 : 0;
      several += partition.orders.length > 1 ? 1 : 0;
      for (const order of partition.orders) {
        const expected =
          partition.verdict === "illegal" ? nextByDefinition(history, partition, order) : [[], []];
        expect([order.illegalNext, order.possibleNext]).toEqual(expected);
        expect(partition.brokeAt === -1 || order.illegalNext.includes(partition.brokeAt)).toBe(true);
      }
      const ends = partition.orders.map(({ states }) => states.at(-1));
      expect(new Set(ends).size).toBe(ends.length);
    }
  }
  expect(broken).toBeGreaterThan(40);
  expect(several).toBeGreaterThan(10);
});

function nextByDefinition(
  history: readonly CasRegisterOperation[],
  { ids }: PagePartition,
  { operations: order }: PageOrder,
): number[][] {
  const operations = ids.map((id) => history[id] as CasRegisterOperation);
  const state = replay(model, operations, order)[0] ?? null;
  const open = operations.flatMap((_, i) => (order.includes(i) ? [] : [i]));
  const couldBeNext = open.filter((i) =>
    open.every((other) => {
      const returned = operations[other]?.return;
      return returned === undefined || returned >= (operations[i] as CasRegisterOperation).call;
    }),
  );
  const impossible = couldBeNext.filter((i) => {
    const { input, output } = operations[i] as CasRegisterOperation;
    return model.step(state, input, output).length === 0;
  });
  return [impossible, couldBeNext.filter((i) => !impossible.includes(i))];
}

test("the worst partitions come first, and each holds its own operations", () => {
  const legal = random(8, 4);
  const history =
    [1, 2, 3, 4, 5].map((seed) => breakOneAnswer(legal, seed) ?? legal).find(isIllegal) ?? legal;
  const { result } = check(history);
  const { partitions } = dataOf(historyHtml(model, history, result));
  const rank = { illegal: 0, unknown: 1, ok: 2 };
  const ranks = partitions.map(({ verdict }) => rank[verdict]);
  expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
  expect(ranks[0]).toBe(0);
  expect(partitions.flatMap(({ ids }) => ids).toSorted((a, b) => a - b)).toEqual(history.map((_, i) => i));
  for (const { key, ids, call } of partitions) {
    expect(ids.every((id) => history[id]?.input.key === key)).toBe(true);
    expect(call).toEqual(call.toSorted((a, b) => a - b));
  }
});

function isIllegal(history: readonly CasRegisterOperation[]): boolean {
  return check(history).result.verdict === "illegal";
}

test("tells where each longest partial order ends, in words too", () => {
  const { history, result } = check(AMBIGUOUS);
  const page = historyHtml(model, history, result);
  const { orders } = first(page);
  const { texts } = dataOf(page);
  const ends = orders.map(({ states }) => texts[states.at(-1) ?? -1]);
  expect(new Set(ends)).toEqual(new Set(["1", "2"]));
  ends.forEach((state, i) =>
    expect(page).toContain(
      `Longest partial order ${i + 1} of 2: 2 operations; the state after it: ${state}.`,
    ),
  );
});

test("puts a better sentence in the place of the reason", () => {
  const { history, result } = check(STALE);
  const page = historyHtml(model, history, result, { sentences: new Map([["", "a stale read"]]) });
  expect(first(page).reason).toBe("a stale read");
  expect(page).toContain('<p id="reason">a stale read</p>');
});

test("shows failed operations, which were not checked, in their partition", () => {
  const { history, result } = check(STALE);
  const failed = [{ process: 7, input: { f: "write", value: 5 } as const, call: 15, return: 18 }];
  const partition = first(historyHtml(model, history, result, { failed }));
  expect(partition.failed).toEqual([3]);
  expect(partition.ids[3]).toBe(-1);
  expect(partition.process[3]).toBe(7);
  expect(partition.end[3]).toBe(18);
  expect(partition.brokeAt).toBe(4);
});

test("shows the clock where times are positions, and holds one that goes back", () => {
  const { history, result } = check(STALE);
  const clock = (time: number): number => (time === 20 ? 5 : 100 + Math.floor(time / 12));
  const partition = first(historyHtml(model, history, result, { clock, timeUnit: "ms" }));
  // At the distinct times 0, 10, 12, 14, 20, 22, 25, 30, 40.
  expect(partition.clock).toEqual([100, 100, 101, 101, 101, 101, 102, 102, 103]);
  expect(partition.call).toEqual([0, 12, 14, 22, 25]);
});

test("an undecided partition says up to when it is legal", () => {
  const unknown = resultOf({
    engine: "frontier",
    key: "",
    operations: STALE.map((_, i) => i),
    configurations: 0,
    verdict: "unknown",
    ranOut: "time",
    settledReturns: 2,
    returns: 4,
    reason: "late",
  });
  const page = historyHtml(model, STALE, unknown);
  expect(first(page)).toMatchObject({
    verdict: "unknown",
    legalUntil: 20,
    orders: [],
    brokeAt: -1,
  });
});

test("an empty history is a page too", () => {
  const page = historyHtml(model, [], check([]).result);
  expect(dataOf(page).partitions).toEqual([]);
  expect(page).toContain("0 operations in 0 partitions");
});

const EVIL = `</script><script>document.title = "owned"</script><!--<script><img src=x onerror="owned()">'"&\u2028`;

test("text from a history is never markup", () => {
  const input = { f: "write", key: EVIL, value: EVIL } as const;
  const stale = { f: "read", key: EVIL } as const;
  const { history, result } = check([
    { process: 0, input, output: {}, call: 0, return: 1 },
    { process: 1, input: stale, output: { value: `${EVIL}!` }, call: 2, return: 3 },
  ]);
  const faults = [{ name: EVIL, target: EVIL, from: 0, to: 2 }];
  const page = historyHtml(model, history, result, {
    title: EVIL,
    faults,
    eventLabel: () => EVIL,
    minimal: [0, 1],
  });
  const plain = historyHtml(model, STALE, check(STALE).result);
  expect(page.match(/<script/g)).toHaveLength(plain.match(/<script/g)?.length ?? -1);
  expect(page.match(/<\/script/g)).toHaveLength(2);
  expect(page).not.toContain("<img");
  expect(page).not.toContain("<!--");
  const data = dataOf(page);
  expect(data.title).toBe(EVIL);
  expect(data.faults[0]).toEqual({ name: EVIL, target: EVIL, from: 0, to: 2 });
  expect(data.partitions[0]?.key).toBe(EVIL);
  expect(data.texts).toContain(EVIL.slice(0, 59) + (EVIL.length > 60 ? "…" : ""));
});

test("names nothing outside itself", () => {
  const page = historyHtml(model, STALE, check(STALE).result);
  expect(page).toContain("default-src 'none'");
  expect(page).not.toMatch(/https?:|\bsrc=|\bhref=|@import|\burl\(|\bfetch\(|XMLHttpRequest|\bimport\(/);
});

test("carries no more orders than there is room for, and says so", () => {
  const { history } = sequential(25_001, 5);
  const last = history.length - 1;
  const order = history.slice(0, last).map((_, i) => i);
  const illegal = resultOf({
    engine: "frontier",
    key: "",
    operations: history.map((_, i) => i),
    configurations: 0,
    verdict: "illegal",
    failedAt: last,
    partialOrder: order,
    otherPartialOrders: [order, order, order, order.slice(0, 100)],
    possibleStates: [],
    possibleStateCount: 0,
    reason: "made up",
  });
  const partition = first(historyHtml(model, history, illegal));
  expect(partition.orders.map(({ operations }) => operations.length)).toEqual([25_000, 25_000, 25_000, 100]);
  expect(partition.notes).toEqual(["of 5 longest partial orders, 4 are on this page"]);
});

test("cuts what is too long, keeps what matters, and says so", () => {
  const { history } = sequential(PARTITION_OPERATIONS_SHOWN + 1000, 5);
  const last = history.length - 1;
  const illegal = resultOf({
    engine: "frontier",
    key: "",
    operations: history.map((_, i) => i),
    configurations: 0,
    verdict: "illegal",
    failedAt: last,
    partialOrder: history.slice(0, last).map((_, i) => i),
    otherPartialOrders: [],
    possibleStates: [],
    possibleStateCount: 0,
    reason: "made up",
  });
  const partition = first(historyHtml(model, history, illegal, { minimal: [0, last] }));
  expect(partition.call).toHaveLength(PARTITION_OPERATIONS_SHOWN + 1);
  expect(partition.ids[partition.brokeAt]).toBe(last);
  expect(partition.minimal.map((i) => partition.ids[i])).toEqual([0, last]);
  expect(partition.notes.join()).toContain("150,000 operations of 151,000 are on this page");
  const [order] = partition.orders as [PageOrder];
  expect(order.notes.join()).toContain("steps are on this page");
  expect(order.operations.map((i) => partition.ids[i]).at(-1)).toBe(last - 1);
});

test("the clock's zero is the first moment of the page, unless another is given", () => {
  const { history, result } = check(STALE);
  expect(dataOf(historyHtml(model, history, result)).timeOrigin).toBeNull();
  expect(dataOf(historyHtml(model, history, result, { timeUnit: "ns", timeOrigin: 0 })).timeOrigin).toBe(0);
});
