import { StateDamaged, type StateEngine, type StateStorage } from "../../ports.js";

interface Contents {
  readonly records: Uint8Array[];
  meta: Uint8Array | null;
  /** Records and meta after each commit. */
  readonly commits: { readonly count: number; readonly meta: Uint8Array }[];
}

/** An engine that keeps its commits in memory, and can fail at any of them. Every commit takes a turn of microtasks. */
export class MemoryEngine implements StateEngine {
  private readonly contents: Contents;
  private closed = false;
  private busy = false;
  /** Asked before each commit; what it returns, the commit rejects with. */
  fault: () => Error | null = () => null;

  constructor(contents: Contents = emptyContents()) {
    this.contents = contents;
  }

  get count(): number {
    return this.contents.records.length;
  }

  get meta(): Uint8Array | null {
    return this.contents.meta;
  }

  get bytes(): number {
    return this.contents.records.reduce((sum, { length }) => sum + length, this.meta?.length ?? 0);
  }

  /** How many commits there were. */
  get commits(): number {
    return this.contents.commits.length;
  }

  async commit(records: readonly Uint8Array[], meta: Uint8Array): Promise<void> {
    this.check();
    if (this.busy) throw new Error("a commit is under way");
    this.busy = true;
    try {
      await Promise.resolve();
      const fault = this.fault();
      if (fault !== null) throw fault;
      // Copies: the caller's bytes are its own.
      for (const record of records) this.contents.records.push(Uint8Array.from(record));
      this.contents.meta = Uint8Array.from(meta);
      this.contents.commits.push({ count: this.count, meta: this.contents.meta });
    } finally {
      this.busy = false;
    }
  }

  async read(from: number, maxBytes: number): Promise<readonly Uint8Array[]> {
    this.check();
    const found: Uint8Array[] = [];
    let bytes = 0;
    for (const record of this.contents.records.slice(from)) {
      bytes += record.length;
      if (found.length > 0 && bytes > maxBytes) break;
      found.push(Uint8Array.from(record));
    }
    return found;
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  /** Another engine: what a crash leaves after the first `commits` commits. */
  after(commits: number): MemoryEngine {
    const last = this.contents.commits[commits - 1];
    const records = this.contents.records.slice(0, last?.count ?? 0);
    return new MemoryEngine({
      records,
      meta: last?.meta ?? null,
      commits: this.contents.commits.slice(0, commits),
    });
  }

  private check(): void {
    if (this.closed) throw new Error("the engine is closed");
  }
}

export function noSpace(): Error {
  return Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
}

/** Generations in memory. What was committed outlives the engines that were opened, as it does on a disk. */
export class MemoryStates implements StateStorage {
  private readonly generations = new Map<number, Contents>();
  private readonly damaged = new Set<number>();

  async list(): Promise<readonly number[]> {
    return [...this.generations.keys()].toSorted((a, b) => a - b);
  }

  async open(generation: number): Promise<MemoryEngine> {
    if (this.damaged.has(generation)) throw new StateDamaged(`generation ${generation} is damaged`);
    const contents = this.generations.get(generation) ?? emptyContents();
    this.generations.set(generation, contents);
    return new MemoryEngine(contents);
  }

  async remove(generation: number): Promise<void> {
    this.generations.delete(generation);
    this.damaged.delete(generation);
  }

  /** From now on it does not open. */
  damage(generation: number): void {
    this.damaged.add(generation);
  }
}

function emptyContents(): Contents {
  return { records: [], meta: null, commits: [] };
}
