import { configurationOf } from "../configuration.js";
import type { SnapshotMark } from "../configuration.js";
import type { RaftConfig } from "../config.js";
import { RaftCore } from "../core.js";
import { ENTRY_VERSION } from "../entry.js";
import type { Entry, HardState } from "../entry.js";
import type { Effect, Event } from "../event.js";
import type { Body, MemberId, Message } from "../message.js";
import { seededRandom } from "./prng.js";
import { WORLD_CONFIG } from "./world.js";

/** An entry whose data is as many bytes as asked. */
export function entry(index: number, term: number, bytes = 1): Entry {
  return { index, term, kind: "normal", version: ENTRY_VERSION, timestampMs: 0, data: new Uint8Array(bytes) };
}

/** A log from its terms: [1, 1, 2] has entries 1/1, 2/1, 3/2. */
export function logOf(terms: readonly number[]): readonly Entry[] {
  return terms.map((term, at) => entry(at + 1, term));
}

/** Member 1 alone, with a test in place of its peers and its disk. */
export class Solo {
  readonly core: RaftCore;
  #lastSequence = 0;
  #lastProposal = 0;
  nowMs = 5;

  constructor(
    config: Partial<RaftConfig> = {},
    restored: { hardState: HardState; snapshot?: SnapshotMark; entries: readonly Entry[] } = {
      hardState: { term: 0, vote: null },
      entries: [],
    },
    seed = 1,
  ) {
    const complete = { ...WORLD_CONFIG, self: 1, initial: configurationOf([1, 2, 3]), ...config };
    this.core = new RaftCore(complete, { snapshot: null, ...restored }, seededRandom(seed));
  }

  step(event: Event): readonly Effect[] {
    const effects = this.core.step(event, { monotonicMs: this.nowMs, wallMs: 5 });
    for (const effect of effects) if (effect.type === "persist") this.#lastSequence = effect.sequence;
    return effects;
  }

  receive(from: MemberId, term: number, body: Body): readonly Effect[] {
    return this.step({ type: "receive", message: { from, to: 1, term, ...body } });
  }

  propose(...data: readonly Uint8Array[]): readonly Effect[] {
    this.#lastProposal += 1;
    return this.step({ type: "propose", id: this.#lastProposal, data });
  }

  tick(times = 1): readonly Effect[] {
    return Array.from({ length: times }).flatMap(() => [...this.step({ type: "tick" })]);
  }

  /** All writes so far are done. */
  sync(sequence = this.#lastSequence): readonly Effect[] {
    return this.step({ type: "persisted", sequence });
  }

  /** Ticks until the role changes, and answers with all votes until it leads. */
  elect(): readonly Effect[] {
    while (this.core.status().role === "follower") this.tick();
    const { term } = this.core.status();
    this.receive(2, term + 1, { type: "vote-response", pre: true, granted: true });
    this.sync();
    return this.receive(2, term + 1, { type: "vote-response", pre: false, granted: true });
  }
}

export function sent(effects: readonly Effect[]): readonly Message[] {
  return effects.flatMap((effect) => (effect.type === "send" ? [effect.message] : []));
}

export function only<Type extends Effect["type"]>(
  effects: readonly Effect[],
  type: Type,
): readonly Extract<Effect, { type: Type }>[] {
  return effects.filter((effect): effect is Extract<Effect, { type: Type }> => effect.type === type);
}
