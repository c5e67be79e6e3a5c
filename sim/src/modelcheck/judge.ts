import { agreeOnPrefix, match, show } from "./logs.js";
import { PairTable, RowTable } from "./int-table.js";
import type { Space, State } from "./space.js";
import type { Facts } from "./local-states.js";

export interface Broken {
  readonly name: string;
  readonly what: string;
  /** Set where one transition broke it, and not the state that it led to. */
  readonly member?: number;
  readonly transition?: number;
}

/** Raft's promises between members (dissertation, figure 3.2), in one global state. */
export class Judge {
  private readonly space: Space;
  private readonly judged: RowTable;
  private readonly keys: (number | undefined)[] = [];
  private readonly keyRows = new RowTable(7);
  private readonly row: Int32Array;
  private readonly matching = new PairTable();
  private readonly agreeing = new PairTable();

  constructor(space: Space) {
    this.space = space;
    this.judged = new RowTable(space.bound.members);
    this.row = new Int32Array(space.bound.members);
  }

  state(state: State): Broken | null {
    for (let member = 0; member < state.length; member++) {
      this.row[member] = this.keyOf(this.space.localOf(state[member] as number));
    }
    const before = this.judged.size;
    if (this.judged.intern(this.row) < before) return null;
    return this.judge([...state].map((node) => this.space.locals.factsOf(this.space.localOf(node))));
  }

  private judge(members: readonly Facts[]): Broken | null {
    const latest = Math.max(...members.map(({ term }) => term));
    for (const [at, one] of members.entries()) {
      const broken = this.durable(one, members) ?? this.complete(one, members, latest);
      if (broken !== null) return broken;
      for (const other of members.slice(at + 1)) {
        const apart = this.pair(one, other);
        if (apart !== null) return apart;
      }
    }
    return null;
  }

  private pair(one: Facts, other: Facts): Broken | null {
    const both = one.ledTerms & other.ledTerms;
    if (both !== 0) {
      const term = 31 - Math.clz32(both);
      return { name: "election safety", what: `n${one.owner + 1} and n${other.owner + 1} both led term ${term}` };
    }
    for (const [a, b] of [
      [one.log, other.log],
      [one.disk, other.disk],
      [one.log, other.disk],
      [one.disk, other.log],
    ] as const) {
      if (!this.matches(a, b))
        return {
          name: "log matching",
          what: `n${one.owner + 1} has ${this.text(a)}, n${other.owner + 1} has ${this.text(b)}`,
        };
    }
    if (!this.agrees(one.committed, other.committed))
      return {
        name: "state machine safety",
        what: `n${one.owner + 1} committed ${this.text(one.committed)}, n${other.owner + 1} committed ${this.text(other.committed)}`,
      };
    return null;
  }

  /** A leader of the latest term has all that anybody ever committed. */
  private complete(leader: Facts, members: readonly Facts[], latest: number): Broken | null {
    if (!leader.leads || leader.term < latest) return null;
    const log = this.space.locals.logs[leader.log] ?? [];
    for (const { committed, owner } of members) {
      const entries = this.space.locals.logs[committed] ?? [];
      if (entries.length <= log.length && this.agrees(committed, leader.log)) continue;
      return {
        name: "leader completeness",
        what: `n${owner + 1} committed ${this.text(committed)}, but n${leader.owner + 1}, leader of term ${leader.term}, has ${this.text(leader.log)}`,
      };
    }
    return null;
  }

  private durable(one: Facts, members: readonly Facts[]): Broken | null {
    const { logs } = this.space.locals;
    const length = logs[one.committed]?.length ?? 0;
    if (length === 0) return null;
    const holders = members.filter(
      ({ disk }) => (logs[disk]?.length ?? 0) >= length && this.agrees(one.committed, disk),
    );
    if (2 * holders.length > members.length) return null;
    return {
      name: "committed is durable",
      what: `n${one.owner + 1} committed ${this.text(one.committed)}, which is on ${holders.length} of ${members.length} disks`,
    };
  }

  private matches(a: number, b: number): boolean {
    return a === b || this.related(this.matching, a, b, match);
  }

  private agrees(a: number, b: number): boolean {
    return a === b || this.related(this.agreeing, a, b, agreeOnPrefix);
  }

  private related(memo: PairTable, a: number, b: number, relation: typeof match): boolean {
    let known = memo.get(a, b);
    if (known === -1) {
      const { logs } = this.space.locals;
      known = relation(logs[a] ?? [], logs[b] ?? []) ? 1 : 0;
      memo.add(a, b, known);
    }
    return known === 1;
  }

  private text(log: number): string {
    return `[${show(this.space.locals.logs[log] ?? [])}]`;
  }

  private keyOf(local: number): number {
    const known = this.keys[local];
    if (known !== undefined) return known;
    const { owner, leads, term, log, disk, committed, ledTerms } = this.space.locals.factsOf(local);
    const key = this.keyRows.intern([owner, leads ? 1 : 0, term, log, disk, committed, ledTerms]);
    this.keys[local] = key;
    return key;
  }
}
