import type { StateEngine } from "../ports.js";
import { StateClosed } from "./state.js";
import { checkOwner, signed } from "./state-owner.js";
import type { StateOwner } from "./state-owner.js";

/** A member's own engine: all that it commits bears its name. It can be closed at any time: what is under way ends first, and nothing more is begun. */
export class Generation implements StateEngine {
  readonly number: number;

  readonly #engine: StateEngine;

  readonly #owner: StateOwner;

  readonly #underWay = new Set<Promise<unknown>>();

  #closing: Promise<void> | null = null;

  /** Of the disk, but for a lack of room: the engine is not to be used any more. */
  failure: unknown = null;

  constructor(number: number, engine: StateEngine, owner: StateOwner) {
    this.number = number;
    this.#owner = owner;
    this.#engine = engine;
  }

  /** Throws StateForeign. */
  checkOwner(): void {
    checkOwner(this.meta, this.#owner, this.number);
  }

  get count(): number {
    return this.#engine.count;
  }

  get meta(): Uint8Array | null {
    return this.#engine.meta;
  }

  get bytes(): number {
    return this.#engine.bytes;
  }

  commit(records: readonly Uint8Array[], meta: Uint8Array): Promise<void> {
    return this.#run(() => this.#engine.commit(records, signed(meta, this.#owner)));
  }

  read(from: number, maxBytes: number): Promise<readonly Uint8Array[]> {
    return this.#run(() => this.#engine.read(from, maxBytes));
  }

  close(): Promise<void> {
    this.#closing ??= Promise.allSettled(this.#underWay).then(() => this.#engine.close());
    return this.#closing;
  }

  async #run<Value>(operation: () => Promise<Value>): Promise<Value> {
    if (this.#closing !== null) throw new StateClosed("the state is not in use any more");
    const running = operation();
    this.#underWay.add(running);
    try {
      return await running;
    } catch (error) {
      if (!hasNoRoom(error)) this.failure ??= error;
      throw error;
    } finally {
      this.#underWay.delete(running);
    }
  }
}

export function hasNoRoom(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOSPC";
}
