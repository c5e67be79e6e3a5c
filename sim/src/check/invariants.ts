import type { Effect, Entry, Event, HardState, MemberId, Role, SnapshotMark } from "@gauntlet/server/inside";
import { Book } from "./book.js";
import { applied, moved, readReady } from "./commit-rules.js";
import type { Slot } from "./entry-tree.js";
import { checkNotRefused, contentOf, persist, start } from "./log-rules.js";
import { sent } from "./message-rules.js";
import type { NodeImage } from "./node-image.js";
import type { Voters } from "./quorums.js";
import { InvariantBroken, type Violation } from "./violation.js";

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
  readonly #book: Book;

  constructor({ members, initial }: InvariantsOptions) {
    this.#book = new Book(members, initial);
  }

  get elections(): number {
    return this.#book.elections;
  }

  get recoveries(): number {
    return this.#book.recoveries;
  }

  get installs(): number {
    return this.#book.installs;
  }

  /** It lost entries, by what its disk says, and may not have them back. */
  isRecovering(member: MemberId): boolean {
    return this.#book.image(member).durableState.lostTo !== undefined;
  }

  /** Entry i is at i - 1. */
  get committed(): readonly Slot[] {
    return this.#book.committed;
  }

  /** A process begins from what its disk gave back. */
  started(member: MemberId, restored: RestoredView): void {
    this.#guard(() => start(this.#book, this.#book.image(member), restored));
  }

  /** A process ended, however. */
  stopped(member: MemberId): void {
    const image = this.#book.image(member);
    image.alive = false;
    image.role = "follower";
  }

  /** A fault destroyed something that had been durable there. */
  damaged(member: MemberId): void {
    this.#book.image(member).isDamaged = true;
  }

  /** After each step of a core that did not throw. */
  stepped(member: MemberId, event: Event, effects: readonly Effect[], view: StepView): void {
    if (this.violation !== null) return;
    try {
      this.#step(this.#book.image(member), event, effects, view);
    } catch (error) {
      this.#caught(error);
    }
  }

  /** What no step settles, once the run is over. */
  ended(): void {
    this.#guard(() => {
      if (this.#book.refused.size === 0) return;
      for (const slot of this.committed) checkNotRefused(this.#book, slot);
    });
  }

  /** What this life of the member was told to apply. */
  appliedIndex(member: MemberId): number {
    return this.#book.image(member).appliedIndex;
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

  #step(image: NodeImage, event: Event, effects: readonly Effect[], view: StepView): void {
    if (event.type === "persisted") image.persisted(event.sequence);
    else if (event.type === "read") image.reads.set(event.id, this.#book.committed.length);
    else if (event.type === "propose") image.proposals.set(event.id, event.data);
    const deciders = image.configuration;
    // What must be written comes first among the effects.
    const first = effects[0];
    if (first?.type === "persist") persist(this.#book, image, first, view);
    if (view.term !== image.term || view.role !== image.role || view.commitIndex !== image.commitIndex) {
      moved(this.#book, image, view, deciders);
    }
    for (const effect of effects) {
      switch (effect.type) {
        case "send":
          sent(this.#book, image, effect.message);
          break;
        case "apply":
          applied(this.#book, image, effect.entries);
          break;
        case "read-ready":
          readReady(this.#book, image, effect.id, effect.index);
          break;
        case "read-refused":
          image.reads.delete(effect.id);
          break;
        case "proposals-refused":
          for (const data of image.proposals.get(effect.id) ?? []) this.#book.refused.add(contentOf(data));
          image.proposals.delete(effect.id);
          break;
        case "persist":
          if (effect !== first) throw new Error("a persist effect that is not the first of its step");
          break;
        case "role-changed":
        case "transfer-refused":
          break;
      }
    }
  }
}
