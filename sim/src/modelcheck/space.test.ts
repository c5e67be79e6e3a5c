import { expect, test } from "vitest";
import type { Bound } from "./bound.js";
import { BASE } from "./bounds.js";
import { ID_BASE } from "./local-member.js";
import { search } from "./search.js";
import { Space } from "./space.js";
import type { Reductions, State } from "./space.js";

const ALL = { states: 1e7, seconds: Number.POSITIVE_INFINITY, depth: Number.POSITIVE_INFINITY };

/** Everything that a search reached, in words that do not depend on the order in which it was met. */
function explore(fields: Partial<Bound>, reductions: Reductions) {
  const bound = { ...BASE, name: "test", what: "", ...fields };
  const space = new Space(bound, undefined, reductions);
  const { renamings } = new Space({ ...bound, wishes: [] });
  const members = new Set<number>();
  const orbits = new Set<string>();
  const localWord = memoized((local, renaming) => {
    return numberOf(text(space.locals.member(local), renamings[renaming] ?? []));
  });
  const messageWord = memoized((id, renaming) =>
    numberOf(text(space.sets.message(id), renamings[renaming] ?? [])),
  );
  const nodeWord = memoized((node, renaming) => {
    const local = localWord(space.localOf(node), renaming);
    members.add(local);
    const sent = space.sets.membersOf(space.sentBy(node)).map((id) => messageWord(id, renaming));
    return numberOf(`${local}: ${sent.toSorted((a, b) => a - b).join()}`);
  });
  const canonical = space.canonical.bind(space);
  space.canonical = (state: State) => {
    const texts = renamings.map((names, renaming) => {
      const nodes: number[] = [];
      for (const [member, node] of state.entries()) nodes[names[member] ?? 0] = nodeWord(node, renaming);
      return nodes.join(" ");
    });
    orbits.add(texts.toSorted()[0] ?? "");
    return canonical(state);
  };
  const result = search(space, ALL, () => 0);
  expect(result.ended).toBe("exhausted");
  return { space, states: result.states, orbits, members };
}

function memoized(compute: (id: number, renaming: number) => number): typeof compute {
  const memo: number[][] = [];
  return (id, renaming) => ((memo[renaming] ??= [])[id] ??= compute(id, renaming));
}

/** The same for the same text in all searches. */
const numbers = new Map<string, number>();

function numberOf(words: string): number {
  const known = numbers.get(words) ?? numbers.size;
  numbers.set(words, known);
  return known;
}

function text(value: unknown, names: readonly number[]): string {
  const nameOf = (id: unknown) => {
    const member = typeof id === "number" ? id - ID_BASE - 1 : -1;
    return names[member] === undefined ? null : `n${names[member]}`;
  };
  return JSON.stringify(value, (key, field: unknown) => {
    if (field instanceof Map) {
      return [...field]
        .map(([id, item]) => [nameOf(id), item])
        .toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1));
    }
    if (!Array.isArray(field)) return nameOf(field) ?? field;
    if (field.length > 0 && field.every((id) => nameOf(id) !== null))
      return field.map((id) => nameOf(id) ?? "").toSorted();
    return key === "held" ? field.map((item) => text(item, names)).toSorted() : field;
  });
}

const BOUNDS: readonly Partial<Bound>[] = [
  { terms: 1, entries: 1 },
  { terms: 1, disks: "asynchronous" },
  { terms: 1, crashes: 1 },
  { terms: 1, members: 2, voters: 2, preVote: true },
  { terms: 1, voters: 2, changes: 1, wishes: ["add", "learner"] },
];

/** The core is not indifferent to names there: such bounds are searched without renaming. */
const UNEVEN: readonly Partial<Bound>[] = [
  { terms: 1, changes: 1, wishes: ["remove"] },
  { terms: 1, voters: 2, changes: 1, wishes: ["replace"] },
];

test.each(BOUNDS)("renaming members skips no state but those that differ in names: %j", (bound) => {
  const [with_, without] = [true, false].map((symmetry) => explore(bound, { symmetry })) as [
    Explored,
    Explored,
  ];
  expect(with_.orbits).toEqual(without.orbits);
  expect(with_.states).toBe(with_.orbits.size);
  expect(without.states).toBeGreaterThan(with_.states);
});

test.each([
  ...BOUNDS,
  ...UNEVEN,
  { terms: 2, members: 2, voters: 2, crashes: 1, entries: 1 },
  { terms: 2, members: 2, voters: 2, preVote: true },
])("forgetting stale messages skips no state of any member: %j", (bound) => {
  const [with_, without] = [true, false].map((forgetsStale) => explore(bound, { forgetsStale })) as [
    Explored,
    Explored,
  ];
  expect(with_.members).toEqual(without.members);
  expect(with_.space.staleIsInert()).toBe(true);
});

type Explored = ReturnType<typeof explore>;

test.each(UNEVEN)("does not rename where names decide: %j", (bound) => {
  expect(new Space({ ...BASE, name: "test", what: "", ...bound }).renamings).toHaveLength(1);
});
