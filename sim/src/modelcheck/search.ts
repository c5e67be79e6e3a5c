import { IntList, RowTable } from "./int-table.js";
import { Judge } from "./judge.js";
import type { Broken } from "./judge.js";
import type { Space, State } from "./space.js";

export interface Limits {
  readonly states: number;
  readonly seconds: number;
  readonly depth: number;
}

export interface SearchResult {
  readonly states: number;
  readonly transitions: number;
  /** Levels whose states were all visited. */
  readonly depth: number;
  readonly seconds: number;
  /** `exhausted`: all reachable states were visited. `depth`, `limit`: what ended the search before. */
  readonly ended: "exhausted" | "depth" | "limit" | "broken";
  readonly broken: Broken | null;
  /** To the state in which it broke, from the start: canonical states. */
  readonly path: readonly State[];
  readonly tableBytes: number;
}

/** Breadth first, so that what is found first is at the end of a shortest path. `seconds` tells the time. */
export function search(space: Space, limits: Limits, seconds: () => number): SearchResult {
  const { members } = space.bound;
  const visited = new RowTable(members);
  const parents = new IntList();
  const judge = new Judge(space);
  const began = seconds();
  const first = space.start();
  space.settle(first);
  visited.intern(space.canonical(first));
  parents.push(-1);
  let transitions = 0;
  let depth = 0;
  let broken: Broken | null = judge.state(first);
  let levelEnd = 1;
  let at = 0;
  const state = new Int32Array(members);
  let last = 0;
  const found = (next: State, member: number, transition: number): void => {
    if (broken !== null) return;
    transitions += 1;
    const violation = space.locals.violation(transition);
    if (violation !== null) {
      broken = { ...violation, member, transition };
      last = at;
      return;
    }
    const counted = judge.commit(next, member, space.locals.factsOf(space.localOf(state[member] as number)));
    const before = visited.size;
    const canonical = space.canonical(next);
    const id = visited.intern(canonical);
    if (id === before) parents.push(at);
    broken = counted ?? (id === before ? judge.state(canonical) : null);
    last = id;
  };
  let ended: SearchResult["ended"] = "exhausted";
  for (; at < visited.size && broken === null; at++) {
    if (at === levelEnd) {
      depth += 1;
      levelEnd = visited.size;
      if (depth >= limits.depth) {
        ended = "depth";
        break;
      }
    }
    if ((at & 0x3f) === 0 && (visited.size > limits.states || seconds() - began > limits.seconds)) {
      ended = "limit";
      break;
    }
    for (let member = 0; member < members; member++) state[member] = visited.at(at, member);
    space.expand(state, found);
  }
  const path: State[] = [];
  if (broken !== null) {
    for (let id = last; id !== -1; id = parents.get(id)) {
      path.unshift(Int32Array.from({ length: members }, (_, member) => visited.at(id, member)));
    }
  }
  return {
    states: visited.size,
    transitions,
    depth,
    seconds: seconds() - began,
    ended: broken === null ? ended : "broken",
    broken,
    path,
    tableBytes: visited.bytes + parents.bytes + space.bytes,
  };
}
