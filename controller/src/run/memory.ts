/** Seldom enough that a run of a day can be read. */
const EVERY_MS = 30_000;

/** The rig's own memory over time: one that grows without bound would end a long run. */
export class MemoryRecord {
  readonly #tell: (line: string) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #rss: { readonly atMs: number; readonly megabytes: number }[] = [];

  /** `tell` hears each look, the first at once. */
  constructor(nowMs: () => number, tell: (line: string) => void) {
    this.#tell = tell;
    this.#look(nowMs());
    this.#timer = setInterval(() => this.#look(nowMs()), EVERY_MS).unref();
  }

  /** Looks no more, and says how it went; null for a run too short to show a trend. */
  end(): string | null {
    clearInterval(this.#timer);
    return this.#rss.length < 3 ? null : `memory of the rig, all its threads: ${overTime(this.#rss)}`;
  }

  #look(atMs: number): void {
    const { rss, heapUsed, external } = process.memoryUsage();
    const megabytes = inMegabytes(rss);
    this.#rss.push({ atMs, megabytes });
    this.#tell(
      `memory: rss ${megabytes} MB, heap ${inMegabytes(heapUsed)} MB, external ${inMegabytes(external)} MB`,
    );
  }
}

/** `120 MB at 0 s, 130 MB at 30 s, …`. */
function overTime(looks: readonly { readonly atMs: number; readonly megabytes: number }[]): string {
  return looks.map(({ atMs, megabytes }) => `${megabytes} MB at ${Math.round(atMs / 1000)} s`).join(", ");
}

function inMegabytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}
