import type { Clock, StateStorage } from "../ports.js";
import type { Configuration, SnapshotMark } from "../raft/configuration.js";
import type { StateHash } from "./report.js";
import { StateClosed, StateFailed } from "./state.js";
import type { Applied, ReplicaState, StagedState } from "./state.js";
import { Generation, hasNoRoom } from "./generation.js";
import type { StateOwner } from "./state-owner.js";
import { encodeImage, loadState, receiveImage } from "../store/index.js";
import type { KvStore, LoadedState, Result, StateMeta, StateWriter, WriteResponse } from "../store/index.js";

export interface KvStateOptions {
  readonly states: StateStorage;
  readonly clock: Pick<Clock, "soon">;
  readonly owner: StateOwner;
  /** Told when the disk fails behind the scenes. */
  readonly failed: (error: unknown) => void;
}

/**
 * The key space in memory, and its checkpoints in a generation of the storage: one in use, others while a snapshot is
 * taken in. Which one is in use after a restart, the log says; all others are removed then.
 */
export class KvState implements ReplicaState<Result<WriteResponse>> {
  /** The same object for ever, whatever takes the place of what is in it. */
  readonly store: KvStore;

  readonly #states: StateStorage;

  readonly #clock: Pick<Clock, "soon">;

  readonly #owner: StateOwner;

  /** Told when a generation that is not used any more cannot be removed. */
  readonly #failed: (error: unknown) => void;

  #generation: Generation;

  #writer: StateWriter;

  #meta: StateMeta | null;

  /** The checkpoint before: the core may not have heard of the newest one yet. */
  #metaBefore: StateMeta | null = null;

  #nextGeneration: number;

  /** All that are open. */
  readonly #open = new Set<Generation>();

  private constructor(
    storage: KvStateOptions,
    generation: Generation,
    nextGeneration: number,
    { store, meta, writer }: LoadedState,
  ) {
    this.#states = storage.states;
    this.#clock = storage.clock;
    this.#owner = storage.owner;
    this.#failed = storage.failed;
    this.#generation = generation;
    this.#nextGeneration = nextGeneration;
    this.store = store;
    this.#meta = meta;
    this.#writer = writer;
    this.#open.add(generation);
  }

  /**
   * Loads what the generation holds, or makes it. Rejects as StateStorage.open and loadState do, and with StateForeign.
   */
  static async open(number: number, options: KvStateOptions): Promise<KvState> {
    const { states, clock, owner } = options;
    const there = await states.list();
    const generation = new Generation(number, await states.open(number), owner);
    try {
      generation.checkOwner();
      const loaded = await loadState(generation, clock);
      return new KvState(options, generation, 1 + Math.max(number, ...there), loaded);
    } catch (error) {
      await generation.close();
      throw error;
    }
  }

  get checkpoint(): SnapshotMark | null {
    // A state before the first entry is what a checkpoint leaves that a crash cut short.
    return this.#meta === null || this.#meta.index === 0 ? null : this.#meta;
  }

  /** On disk, in bytes. */
  get bytes(): number {
    return this.#generation.bytes;
  }

  applyCommand(data: Uint8Array): Applied<Result<WriteResponse>> {
    return this.store.applyCommand(data);
  }

  applyConfiguration(configuration: Configuration, data: Uint8Array): void {
    this.store.applyConfiguration(configuration, data);
  }

  stateHash(index: number): StateHash {
    return this.store.stateHash(index);
  }

  async write(at: SnapshotMark): Promise<"written" | "no-space" | "replaced"> {
    const generation = this.#generation;
    try {
      const meta = await this.#writer.write(this.store, at);
      if (generation !== this.#generation) return "replaced";
      this.#metaBefore = this.#meta;
      this.#meta = meta;
      return "written";
    } catch (error) {
      if (generation !== this.#generation || error instanceof StateClosed) return "replaced";
      if (hasNoRoom(error)) return "no-space";
      throw error;
    }
  }

  image(index: number): AsyncIterable<Uint8Array> {
    const meta = [this.#meta, this.#metaBefore].find((each) => each?.index === index);
    if (!meta) throw new Error(`there is no checkpoint of entry ${index}`);
    return encodeImage(this.#generation, meta);
  }

  async stage(chunks: AsyncIterable<Uint8Array>): Promise<StagedState> {
    const generation = await this.#openNext();
    try {
      const mark = await receiveImage(chunks, generation);
      const loaded = await loadState(generation, this.#clock);
      return {
        generation: generation.number,
        mark,
        adopt: () => this.#adopt(generation, loaded),
        discard: () => this.#remove(generation),
      };
    } catch (error) {
      const { failure } = generation;
      await this.#remove(generation);
      throw failure === null ? error : new StateFailed("the disk failed", { cause: failure });
    }
  }

  /** Ends what is under way and lets go of all files. */
  async close(): Promise<void> {
    await Promise.all([...this.#open].map((generation) => generation.close()));
  }

  async #openNext(): Promise<Generation> {
    const number = this.#nextGeneration;
    this.#nextGeneration += 1;
    try {
      const generation = new Generation(number, await this.#states.open(number), this.#owner);
      this.#open.add(generation);
      return generation;
    } catch (error) {
      if (hasNoRoom(error)) throw error;
      throw new StateFailed("a state cannot be made", { cause: error });
    }
  }

  #adopt(generation: Generation, { store, meta, writer }: LoadedState): void {
    const before = this.#generation;
    this.store.replaceBy(store);
    this.#generation = generation;
    this.#meta = meta;
    this.#metaBefore = null;
    this.#writer = writer;
    this.#remove(before).catch((error: unknown) => this.#failed(error));
  }

  async #remove(generation: Generation): Promise<void> {
    try {
      await generation.close();
      await this.#states.remove(generation.number);
    } catch (error) {
      throw new StateFailed("a state that is not used any more cannot be removed", { cause: error });
    } finally {
      this.#open.delete(generation);
    }
  }
}
