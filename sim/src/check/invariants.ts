import type {
  Effect,
  Entry,
  Event,
  HardState,
  MemberId,
  Message,
  MessageOf,
  Role,
  SnapshotMark,
} from "@gauntlet/server/inside";
import { EntryTree, type Slot } from "./entry-tree.js";
import { NodeImage, type Placed } from "./node-image.js";
import { describeVoters, isQuorum, overlap, type Voters, votersIn } from "./quorums.js";
import { broken, InvariantBroken, type Violation } from "./violation.js";

/** What the observer is told of a core after each of its steps. */
export interface StepView {
  readonly role: Role;
  readonly term: number;
  readonly commitIndex: number;
}

export interface RestoredView {
  readonly hardState: HardState;
  /** They go on where the snapshot ends; without one, at 1. */
  readonly entries: readonly Entry[];
  readonly snapshot?: SnapshotMark | null;
}

export interface InvariantsOptions {
  /** All machines of the world, whether members or not. */
  readonly members: readonly { readonly id: MemberId; readonly name: string }[];
  /** In force before any entry. */
  readonly initial: Voters;
}

/**
 * Judges every step of every node by what Raft promises, from outside: by events, effects and what they imply for
 * memory and disk, never by the core's own word on what is safe. Constant amortized time a step: each entry is looked at
 * once for each log that it comes into, and whole logs are compared by their last slots (entry-tree.ts).
 *
 * It never throws into the server's code: the first violation stays in `violation`, and whoever drives the world
 * looks at it after each event.
 */
export class Invariants {
  violation: Violation | null = null;
  /** The observer itself broke: no verdict. */
  problem: unknown = null;
  elections = 0;
  /** Entry i is at i - 1: the log that everybody must come to agree on. */
  readonly committed: Slot[] = [];
  readonly #tree = new EntryTree();
  readonly #images = new Map<MemberId, NodeImage>();
  readonly #initial: Voters;
  /** By term: who leads it, and in which of its lives. */
  readonly #leaders: ({ readonly image: NodeImage; readonly life: number } | undefined)[] = [];
  /** Contents of proposals whose callers were told that they are in no log. */
  readonly #refused = new Set<string>();

  constructor({ members, initial }: InvariantsOptions) {
    this.#initial = initial;
    for (const { id, name } of members) this.#images.set(id, new NodeImage(id, name, initial));
  }

  /** A process begins from what its disk gave back. */
  started(member: MemberId, restored: RestoredView): void {
    this.#guard(() => this.#start(this.#image(member), restored));
  }

  /** A process ended, however. */
  stopped(member: MemberId): void {
    const image = this.#image(member);
    image.alive = false;
    image.role = "follower";
  }

  /** A fault destroyed something that had been durable there. */
  damaged(member: MemberId): void {
    this.#image(member).isDamaged = true;
  }

  /** After each step of a core that did not throw. */
  stepped(member: MemberId, event: Event, effects: readonly Effect[], view: StepView): void {
    if (this.violation !== null) return;
    try {
      this.#step(this.#image(member), event, effects, view);
    } catch (error) {
      this.#caught(error);
    }
  }

  /** What no step settles, once the run is over. */
  ended(): void {
    this.#guard(() => {
      if (this.#refused.size === 0) return;
      for (const slot of this.committed) this.#checkNotRefused(slot);
    });
  }

  /** What this life of the member was told to apply. */
  appliedIndex(member: MemberId): number {
    return this.#image(member).appliedIndex;
  }

  #guard(check: () => void): void {
    if (this.violation !== null) return;
    try {
      check();
    } catch (error) {
      this.#caught(error);
    }
  }

  #caught(error: unknown): void {
    if (error instanceof InvariantBroken) this.violation = error.violation;
    else this.problem ??= error;
  }

  #image(member: MemberId): NodeImage {
    const image = this.#images.get(member);
    if (image === undefined) throw new Error(`the world has no member ${member}`);
    return image;
  }

  // ---- lives

  #start(image: NodeImage, { hardState, entries, snapshot }: RestoredView): void {
    const { durable, durableState, certainIndex, isDamaged } = image;
    const log = snapshot ? this.#behind(image, snapshot) : [];
    const configurations: Placed[] = [{ index: 0, voters: this.#initial }];
    if (snapshot) configurations.push({ index: snapshot.index, voters: snapshot.configuration });
    for (const entry of entries) {
      if (this.#tree.find(entry.index, entry.term) === null) {
        broken(
          "durable-survives-restart",
          `${image.name} comes back with entry ${entry.index} of term ${entry.term}, which nobody ever wrote`,
        );
      }
      log.push(this.#tree.take(entry, log.at(-1)?.term ?? 0, image.name));
      const voters = votersIn(entry);
      if (voters !== null) configurations.push({ index: entry.index, voters });
    }
    if (!isDamaged) {
      const last = durable[certainIndex - 1];
      if (certainIndex > 0 && log[certainIndex - 1] !== last) {
        broken(
          "durable-survives-restart",
          `${image.name} comes back with a log up to ${log.length} without entry ${certainIndex} of term ${last?.term}, which was durable`,
        );
      }
      const keepsVote = durableState.vote === null || hardState.vote === durableState.vote;
      const keeps =
        hardState.term > durableState.term || (hardState.term === durableState.term && keepsVote);
      if (!keeps) {
        broken(
          "durable-survives-restart",
          `${image.name} comes back in term ${hardState.term} with vote ${hardState.vote}, but term ${durableState.term} with vote ${durableState.vote} was durable`,
        );
      }
    }
    image.startLife(hardState, log, configurations);
    image.commitIndex = snapshot?.index ?? 0;
    image.appliedIndex = image.commitIndex;
  }

  /** The slots that a snapshot stands for: always committed ones. */
  #behind(image: NodeImage, { index, term }: SnapshotMark): Slot[] {
    const last = this.committed[index - 1];
    if (last?.term !== term) {
      broken(
        "state-machine-safety",
        `${image} has a snapshot up to entry ${index} of term ${term}, committed is ${last === undefined ? "nothing" : `term ${last.term}`} there`,
      );
    }
    return this.committed.slice(0, index);
  }

  // ---- one step

  #step(image: NodeImage, event: Event, effects: readonly Effect[], view: StepView): void {
    if (event.type === "persisted") image.persisted(event.sequence);
    else if (event.type === "read") image.reads.set(event.id, this.committed.length);
    else if (event.type === "propose") image.proposals.set(event.id, event.data);
    const deciders = image.configuration;
    // What must be written comes first among the effects.
    const first = effects[0];
    if (first?.type === "persist") this.#persist(image, first, view);
    if (view.term !== image.term || view.role !== image.role || view.commitIndex !== image.commitIndex) {
      this.#moved(image, view, deciders);
    }
    for (const effect of effects) {
      switch (effect.type) {
        case "send":
          this.#sent(image, effect.message);
          break;
        case "apply":
          this.#applied(image, effect.entries);
          break;
        case "read-ready":
          this.#readReady(image, effect.id, effect.index);
          break;
        case "read-refused":
          image.reads.delete(effect.id);
          break;
        case "proposals-refused":
          for (const data of image.proposals.get(effect.id) ?? []) this.#refused.add(contentOf(data));
          image.proposals.delete(effect.id);
          break;
        case "persist":
          if (effect !== first) throw new Error("a persist effect that is not the first of its step");
          break;
        default:
          break;
      }
    }
  }

  #persist(image: NodeImage, effect: Extract<Effect, { type: "persist" }>, view: StepView): void {
    const { sequence, hardState, snapshot, entries } = effect;
    if (snapshot !== null) {
      image.memory = this.#behind(image, snapshot);
      image.configurations = [{ index: snapshot.index, voters: snapshot.configuration }];
      image.appliedIndex = Math.max(image.appliedIndex, snapshot.index);
    }
    const firstIndex = entries[0]?.index;
    if (firstIndex === undefined) {
      image.ask(sequence, hardState, snapshot === null ? null : 1, snapshot === null ? [] : [...image.memory]);
      return;
    }
    this.#cut(image, firstIndex, view);
    const slots: Slot[] = snapshot === null ? [] : [...image.memory];
    for (const entry of entries) slots.push(this.#append(image, entry, view));
    image.ask(sequence, hardState, snapshot === null ? firstIndex : 1, slots);
  }

  #cut(image: NodeImage, first: number, view: StepView): void {
    const { memory, configurations } = image;
    if (first === memory.length + 1) return;
    if (first > memory.length + 1) {
      broken("log-matching", `${image} writes entry ${first}, but its log ends at ${memory.length}`);
    }
    if (view.role === "leader" && image.role === "leader" && view.term === image.term) {
      broken("leader-append-only", `${image} replaces its log from ${first} on while it leads`);
    }
    if (first <= image.commitIndex) {
      broken(
        "state-machine-safety",
        `${image} replaces its log from ${first} on, but has committed up to ${image.commitIndex}`,
      );
    }
    memory.length = first - 1;
    while ((configurations.at(-1)?.index ?? 0) >= first) configurations.pop();
  }

  #append(image: NodeImage, entry: Entry, view: StepView): Slot {
    const { memory } = image;
    if (entry.index !== memory.length + 1) {
      broken("log-matching", `${image} writes entry ${entry.index} in the place of ${memory.length + 1}`);
    }
    const previousTerm = memory.at(-1)?.term ?? 0;
    const isNew = this.#tree.find(entry.index, entry.term) === null;
    const slot = this.#tree.take(entry, previousTerm, image.name);
    if (isNew) {
      if (view.role !== "leader" || view.term !== entry.term) {
        broken(
          "leader-append-only",
          `entry ${entry.index} of term ${entry.term} comes into being at ${image}, which does not lead that term`,
        );
      }
      if (this.#refused.size > 0) this.#checkNotRefused(slot);
    }
    const voters = votersIn(entry);
    if (voters !== null) {
      if (isNew) this.#checkChange(image, slot, voters, view);
      image.configurations.push({ index: entry.index, voters });
    }
    memory.push(slot);
    return slot;
  }

  /** A leader leaves no configuration before it is committed, and begins no change before its own term is. */
  #checkChange(image: NodeImage, { index, term }: Slot, voters: Voters, view: StepView): void {
    const present = image.configurations.at(-1) as Placed;
    const what = `${image} makes ${describeVoters(voters)} the configuration with entry ${index} of term ${term}`;
    if (!overlap(present.voters, voters)) {
      broken(
        "configurations-overlap",
        `${what} after ${describeVoters(present.voters)}, and they have quorums that do not meet`,
      );
    }
    if (present.index > view.commitIndex) {
      broken(
        "configurations-overlap",
        `${what} while ${describeVoters(present.voters)} (entry ${present.index}) is not committed`,
      );
    }
    if (image.memory[view.commitIndex - 1]?.term !== term) {
      broken("configurations-overlap", `${what} before it has committed an entry of its term`);
    }
  }

  #checkNotRefused({ index, term, entry, creator }: Slot): void {
    if (this.#refused.has(contentOf(entry.data))) {
      broken(
        "refused-is-not-in-a-log",
        `entry ${index} of term ${term}, made by ${creator}, is a proposal whose caller was told that it is in no log`,
      );
    }
  }

  // ---- terms, roles and commits

  /** `deciders`: the configuration before the step; a leader may leave it as soon as it has committed something. */
  #moved(image: NodeImage, view: StepView, deciders: Voters): void {
    if (view.term < image.term) broken("term-monotonic", `${image} goes back to term ${view.term}`);
    if (view.commitIndex < image.commitIndex) {
      broken(
        "commit-monotonic",
        `${image} goes back from commit index ${image.commitIndex} to ${view.commitIndex}`,
      );
    }
    const isElected = view.role === "leader" && (image.role !== "leader" || view.term !== image.term);
    const voters = image.role === "leader" ? deciders : image.configuration;
    image.term = view.term;
    image.role = view.role;
    if (isElected) this.#elected(image);
    if (view.commitIndex > image.commitIndex) this.#commit(image, view.commitIndex, voters);
  }

  #elected(image: NodeImage): void {
    this.elections += 1;
    const { term } = image;
    const other = this.#leaders[term];
    if (other !== undefined && (other.image !== image || other.life !== image.life)) {
      broken(
        "election-safety",
        `${image} leads term ${term}, which ${other.image.name} led in its life ${other.life}`,
      );
    }
    this.#leaders[term] = { image, life: image.life };
    const last = this.committed.at(-1);
    if (last !== undefined && image.memory[last.index - 1] !== last) this.#incomplete(image, last);
  }

  /** One slot stands for the log up to it. */
  #commit(image: NodeImage, index: number, voters: Voters): void {
    const slot = image.memory[index - 1];
    if (slot === undefined) {
      broken(
        "state-machine-safety",
        `${image} commits up to ${index}, but its log ends at ${image.memory.length}`,
      );
    }
    if (image.role === "leader" && slot.term !== image.term) {
      broken("commit-of-current-term", `${image} leads and commits entry ${index}, which is of term ${slot.term}`);
    }
    image.commitIndex = index;
    const known = Math.min(index, this.committed.length);
    if (known > 0 && image.memory[known - 1] !== this.committed[known - 1]) this.#divergent(image, known);
    if (index <= this.committed.length) return;
    this.#checkQuorum(image, slot, voters);
    for (let next = this.committed.length; next < index; next++) this.committed.push(image.memory[next] as Slot);
    for (const other of this.#images.values()) {
      if (other.role !== "leader" || !other.alive || other.term <= image.term) continue;
      if (other.memory[index - 1] !== slot) this.#incomplete(other, slot);
    }
  }

  /** Nobody else had it committed: then it must be safe already, on the disks of a quorum. */
  #checkQuorum(image: NodeImage, slot: Slot, voters: Voters): void {
    const holds = (member: MemberId): boolean =>
      this.#images.get(member)?.durable[slot.index - 1] === slot;
    if (isQuorum(voters, holds)) return;
    const holders = [...this.#images.values()].filter(({ member }) => holds(member)).map(({ name }) => name);
    broken(
      "committed-is-durable-on-a-quorum",
      `${image} commits entry ${slot.index} of term ${slot.term}, which is on the disks of ${holders.join(", ") || "nobody"} only (configuration ${describeVoters(voters)})`,
    );
  }

  #incomplete(image: NodeImage, { index, term }: Slot): never {
    const mine = image.memory[index - 1];
    return broken(
      "leader-completeness",
      `${image} leads without the committed entry ${index} of term ${term}; it has ${mine === undefined ? `a log up to ${image.memory.length}` : `one of term ${mine.term}`}`,
    );
  }

  /** Says where the two first differ, which is before or at `upTo`. */
  #divergent(image: NodeImage, upTo: number): never {
    let index = upTo;
    while (index > 1 && image.memory[index - 2] !== this.committed[index - 2]) index -= 1;
    return broken(
      "state-machine-safety",
      `${image} commits entry ${index} of term ${image.memory[index - 1]?.term}, elsewhere the one of term ${this.committed[index - 1]?.term} is committed`,
    );
  }

  // ---- effects

  #sent(image: NodeImage, message: Message): void {
    const { durableState } = image;
    if (message.term > durableState.term && !isForecast(message)) {
      broken(
        "term-durable-before-it-leaves",
        `${image} sends ${message.type} of term ${message.term} to ${this.#nameOf(message.to)}, but term ${durableState.term} is on its disk`,
      );
    }
    switch (message.type) {
      case "append":
      case "heartbeat":
      case "snapshot":
      case "timeout-now":
        if (this.#leaders[message.term]?.image !== image) {
          broken("election-safety", `${image} speaks as the leader of term ${message.term}, which it is not`);
        }
        break;
      case "append-accepted":
        if (message.term === image.term) this.#acknowledged(image, message);
        break;
      case "vote-request":
        if (!message.pre) this.#voted(image, message.term, image.member);
        break;
      case "vote-response":
        if (!message.pre && message.granted) this.#voted(image, message.term, message.to);
        break;
      default:
        break;
    }
  }

  #voted(image: NodeImage, term: number, candidate: MemberId): void {
    const earlier = image.votes.get(term) ?? candidate;
    if (earlier !== candidate) {
      broken(
        "one-vote-a-term",
        `${image} votes for ${this.#nameOf(candidate)} in term ${term}, and voted for ${this.#nameOf(earlier)}`,
      );
    }
    image.votes.set(term, candidate);
    const { durableState } = image;
    if (durableState.term < term || (durableState.term === term && durableState.vote !== candidate)) {
      broken(
        "term-durable-before-it-leaves",
        `${image} votes for ${this.#nameOf(candidate)} in term ${term}, but its disk has term ${durableState.term} and vote ${durableState.vote}`,
      );
    }
  }

  #acknowledged(image: NodeImage, { matchIndex, to }: MessageOf<"append-accepted">): void {
    if (matchIndex === 0) return;
    const slot = image.durable[matchIndex - 1];
    if (slot === undefined || slot !== image.memory[matchIndex - 1]) {
      broken(
        "acknowledged-is-durable",
        `${image} acknowledges entries up to ${matchIndex} to ${this.#nameOf(to)}, but its disk has its log up to ${image.durable.length} only`,
      );
    }
    const leader = this.#images.get(to);
    if (leader === undefined || !leader.alive || leader.role !== "leader" || leader.term !== image.term) return;
    const theirs = leader.memory[matchIndex - 1];
    if (theirs !== slot) {
      broken(
        "acknowledged-is-durable",
        `${image} acknowledges entry ${matchIndex} of term ${slot.term} to ${leader.name}, which has ${theirs === undefined ? "none" : `one of term ${theirs.term}`} there`,
      );
    }
  }

  #applied(image: NodeImage, entries: readonly Entry[]): void {
    for (const { index, term } of entries) {
      if (index !== image.appliedIndex + 1) {
        broken("applied-in-order", `${image} applies entry ${index} after ${image.appliedIndex}`);
      }
      const slot = this.committed[index - 1];
      if (index > image.commitIndex || slot?.term !== term) {
        broken(
          "state-machine-safety",
          `${image} applies entry ${index} of term ${term}, but committed is ${slot === undefined || index > image.commitIndex ? `up to ${Math.min(image.commitIndex, this.committed.length)}` : `the one of term ${slot.term}`}`,
        );
      }
      if (image.durable[index - 1] !== slot) {
        broken("applied-is-durable", `${image} applies entry ${index} before its disk has it`);
      }
      image.appliedIndex = index;
    }
  }

  #readReady(image: NodeImage, id: number, index: number): void {
    const floor = image.reads.get(id);
    if (floor === undefined) {
      broken("read-sees-what-was-committed", `${image} answers read ${id}, which is not open`);
    }
    image.reads.delete(id);
    if (index < floor || index > this.committed.length) {
      broken(
        "read-sees-what-was-committed",
        `${image} gives read ${id} the index ${index}; ${floor} was committed when it began, ${this.committed.length} is now`,
      );
    }
  }

  #nameOf(member: MemberId): string {
    return this.#images.get(member)?.name ?? `member ${member}`;
  }
}

/** A pre-vote names a term that nobody is in yet, and binds nobody. */
function isForecast(message: Message): boolean {
  return (
    (message.type === "vote-request" && message.pre) ||
    (message.type === "vote-response" && message.pre && message.granted)
  );
}

function contentOf(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("latin1");
}
