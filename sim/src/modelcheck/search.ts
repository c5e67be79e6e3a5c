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
  return new Search(space, limits, seconds).run();
}

class Search {
  private readonly space: Space;
  private readonly limits: Limits;
  private readonly seconds: () => number;
  private readonly began: number;
  private readonly visited: RowTable;
  private readonly judge: Judge;
  /** Of each visited state, from which one it was reached first. */
  private readonly parents = new IntList();
  private readonly state: State;
  /** The visited state whose successors are looked at. */
  private at = 0;
  private depth = 0;
  private transitions = 0;
  private broken: Broken | null = null;
  private brokenAt = 0;

  constructor(space: Space, limits: Limits, seconds: () => number) {
    this.space = space;
    this.limits = limits;
    this.seconds = seconds;
    this.began = seconds();
    this.visited = new RowTable(space.bound.members);
    this.state = new Int32Array(space.bound.members);
    this.judge = new Judge(space);
  }

  run(): SearchResult {
    const first = this.space.start();
    this.space.settle(first);
    this.visited.intern(this.space.canonical(first));
    this.parents.push(-1);
    this.broken = this.judge.state(first);
    const ended = this.explore();
    return {
      states: this.visited.size,
      transitions: this.transitions,
      depth: this.depth,
      seconds: this.seconds() - this.began,
      ended,
      broken: this.broken,
      path: this.broken === null ? [] : this.pathTo(this.brokenAt),
      tableBytes: this.visited.bytes + this.parents.bytes + this.space.bytes,
    };
  }

  private explore(): SearchResult["ended"] {
    const found = this.found.bind(this);
    for (let levelEnd = 1; this.at < this.visited.size; this.at++) {
      if (this.broken !== null) return "broken";
      if (this.at === levelEnd) {
        this.depth += 1;
        levelEnd = this.visited.size;
        if (this.depth >= this.limits.depth) return "depth";
      }
      if (this.at % 64 === 0 && this.isOverLimit) return "limit";
      this.load(this.at, this.state);
      this.space.expand(this.state, found);
    }
    return this.broken === null ? "exhausted" : "broken";
  }

  private get isOverLimit(): boolean {
    return this.visited.size > this.limits.states || this.seconds() - this.began > this.limits.seconds;
  }

  private found(next: State, member: number, transition: number): void {
    if (this.broken !== null) return;
    this.transitions += 1;
    const { space, judge, visited } = this;
    const violation = space.locals.violation(transition);
    if (violation !== null) {
      this.broken = { ...violation, member, transition };
      this.brokenAt = this.at;
      return;
    }
    const before = space.locals.factsOf(space.localOf(this.state[member] as number));
    const counted = judge.commit(next, member, before);
    const canonical = space.canonical(next);
    const known = visited.size;
    const id = visited.intern(canonical);
    if (id === known) this.parents.push(this.at);
    this.broken = counted ?? (id === known ? judge.state(canonical) : null);
    this.brokenAt = id;
  }

  private pathTo(end: number): readonly State[] {
    const path: State[] = [];
    for (let id = end; id !== -1; id = this.parents.get(id)) {
      const state = new Int32Array(this.state.length);
      this.load(id, state);
      path.unshift(state);
    }
    return path;
  }

  private load(id: number, state: State): void {
    for (let member = 0; member < state.length; member++) state[member] = this.visited.at(id, member);
  }
}
