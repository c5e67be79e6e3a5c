import type { StateEngine, StateStorage } from "../ports.js";
import { PowerCut } from "../wal/test-disk.js";
import type { TestDisk } from "../wal/test-disk.js";

/** The moment at which a machine loses its power: before the so many-th thing that is asked of its disk or its states. */
export class CrashPoint {
  #left: number;

  asked = 0;

  crashed = false;

  constructor(after: number = Number.POSITIVE_INFINITY) {
    this.#left = after;
  }

  /** Counted from now on. */
  arm(after: number): void {
    this.#left = after;
    this.asked = 0;
  }

  readonly enter = async (): Promise<void> => {
    if (this.crashed) throw new PowerCut("the power is gone");
    this.asked += 1;
    this.#left -= 1;
    if (this.#left >= 0) return;
    this.crashed = true;
    throw new PowerCut("the power goes");
  };

  watch(disk: TestDisk): void {
    disk.before = this.enter;
  }

  /** The same states, until the power goes. */
  states(states: StateStorage): StateStorage {
    return {
      list: () => this.enter().then(() => states.list()),
      open: async (generation) => {
        await this.enter();
        return this.#engine(await states.open(generation));
      },
      remove: (generation) => this.enter().then(() => states.remove(generation)),
    };
  }

  #engine(engine: StateEngine): StateEngine {
    const { enter } = this;
    return {
      get count() {
        return engine.count;
      },
      get meta() {
        return engine.meta;
      },
      get bytes() {
        return engine.bytes;
      },
      commit: (records, meta) => enter().then(() => engine.commit(records, meta)),
      read: (from, maxBytes) => enter().then(() => engine.read(from, maxBytes)),
      close: () => engine.close(),
    };
  }
}

/** Whether an error tells of the power's end, itself or by its causes. */
export function isPowerCut(error: unknown): boolean {
  if (error instanceof PowerCut) return true;
  return error instanceof Error && error.cause !== undefined && isPowerCut(error.cause);
}
