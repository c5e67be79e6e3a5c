import type { Configuration, Entry, MemberId } from "@gauntlet/server/inside";
import { ID_BASE } from "./local-member.js";
import { agreeOnPrefix, match, membersText, show } from "./logs.js";
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
  private readonly keyRows = new RowTable(8);
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
    return this.judge(this.factsOf(state));
  }

  /** A leader counted: what it committed is on the disks of a quorum, of its configuration before the step or after. */
  commit(state: State, member: number, before: Facts): Broken | null {
    if (!before.leads) return null;
    const leader = this.space.locals.factsOf(this.space.localOf(state[member] as number));
    if (leader.commitIndex <= before.commitIndex) return null;
    return this.durable(leader, this.factsOf(state), [before.configuration, leader.configuration]);
  }

  private factsOf(state: State): readonly Facts[] {
    return Array.from(state, (node) => this.space.locals.factsOf(this.space.localOf(node)));
  }

  private judge(members: readonly Facts[]): Broken | null {
    const latest = Math.max(...members.map(({ term }) => term));
    for (const [at, one] of members.entries()) {
      // Where members come and go, how many disks are enough depends on when: `commit` looks at that moment.
      const fixed = this.space.bound.changes === 0;
      const broken =
        (fixed ? this.durable(one, members, [one.configuration]) : null) ??
        (one.leads && one.term === latest ? this.complete(one, members) : null);
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
      return {
        name: "election safety",
        what: `n${one.owner + 1} and n${other.owner + 1} both led term ${term}`,
      };
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

  /**
   * A leader of the latest term has all that anybody ever committed. Its configuration is the last one that is
   * committed anywhere, or follows it: no quorum of the one is without a member of every quorum of the other.
   */
  private complete(leader: Facts, members: readonly Facts[]): Broken | null {
    const log = this.logOf(leader.log);
    let furthest = leader;
    for (const member of members) {
      const { committed, owner } = member;
      if (this.logOf(committed).length > this.logOf(furthest.committed).length) furthest = member;
      if (this.logOf(committed).length <= log.length && this.agrees(committed, leader.log)) continue;
      return {
        name: "leader completeness",
        what: `n${owner + 1} committed ${this.text(committed)}, but n${leader.owner + 1}, leader of term ${leader.term}, has ${this.text(leader.log)}`,
      };
    }
    if (overlap(leader.configuration, furthest.committedConfiguration)) return null;
    return {
      name: "configurations overlap",
      what: `n${furthest.owner + 1} committed ${membersText(furthest.committedConfiguration)}, n${leader.owner + 1} leads term ${leader.term} with ${membersText(leader.configuration)}`,
    };
  }

  private durable(
    one: Facts,
    members: readonly Facts[],
    configurations: readonly Configuration[],
  ): Broken | null {
    const { length } = this.logOf(one.committed);
    if (length === 0) return null;
    const holders = members
      // Who lost it counts as long as it votes for nobody: its acknowledgement may come late.
      .filter(({ disk, lost }) => {
        return [disk, lost].some(
          (log) => this.logOf(log).length >= length && this.agrees(one.committed, log),
        );
      })
      .map(({ owner }) => ID_BASE + 1 + owner);
    if (configurations.some((configuration) => isQuorum(configuration, holders))) return null;
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
      known = relation(this.logOf(a), this.logOf(b)) ? 1 : 0;
      memo.add(a, b, known);
    }
    return known === 1;
  }

  private text(log: number): string {
    return `[${show(this.logOf(log))}]`;
  }

  private logOf(log: number): readonly Entry[] {
    return this.space.locals.logs[log] ?? [];
  }

  private keyOf(local: number): number {
    const known = this.keys[local];
    if (known !== undefined) return known;
    // The configurations follow from the logs.
    const { owner, leads, term, log, disk, lost, committed, ledTerms } = this.space.locals.factsOf(local);
    const key = this.keyRows.intern([owner, leads ? 1 : 0, term, log, disk, lost, committed, ledTerms]);
    this.keys[local] = key;
    return key;
  }
}

function isQuorum({ voters, outgoing }: Configuration, members: readonly MemberId[]): boolean {
  const has = (half: readonly MemberId[]) =>
    2 * half.filter((id) => members.includes(id)).length > half.length;
  return has(voters) && (outgoing.length === 0 || has(outgoing));
}

/** Every quorum of the one shares a member with every quorum of the other. */
function overlap(one: Configuration, other: Configuration): boolean {
  const all = [...new Set([...one.voters, ...one.outgoing, ...other.voters, ...other.outgoing])];
  for (let picked = 0; picked < 1 << all.length; picked++) {
    const here = all.filter((_, at) => (picked >> at) % 2 === 1);
    const there = all.filter((_, at) => (picked >> at) % 2 === 0);
    if (isQuorum(one, here) && isQuorum(other, there)) return false;
  }
  return true;
}
