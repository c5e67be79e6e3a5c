import { join } from "node:path";
import {
  type HistoryEvent,
  type LiveStatus,
  parseSample,
  readResults,
  RUN_FILES,
  type RunResults,
} from "@gauntlet/histories";
import type { Operations, RunChange, RunState, RunView, Violation } from "@gauntlet/ui";
import { faultsOf } from "../checks/recorded-faults.js";
import { shownPath } from "../text.js";
import { messageOf } from "../errors.js";
import { describeRun, readConfiguration } from "./description.js";
import { filesOf } from "./files.js";
import { parseEvent } from "./history-scan.js";
import { LogTail } from "./log-tail.js";
import { dueOf } from "./operations.js";
import { stateOf } from "./state.js";
import { Steps } from "./steps.js";
import { TailedFile } from "./tail.js";
import { violationsOf } from "./violations.js";
import { operationsIn } from "./window.js";

/** Where to begin to read for a moment of the run; as many places as a million lines need. */
const MARKS = 1_024;
/** More are drawn by nobody; a run of a day with a fault each second has them. */
const FAULT_EVENTS = 20_000;
const OPERATION_TIMEOUT_MS = 10_000;

/**
 * One run, read from its files as they grow: a run of another process, of this one, or one that ended long ago. What
 * is kept is figures in steps of time, the faults, and the ends of the logs; never an operation.
 */
export class RunFeed {
  readonly directory: string;
  readonly #id: string;
  readonly #history: TailedFile;
  readonly #samples: TailedFile;
  readonly #logs: LogTail;
  readonly #steps = new Steps();
  /** Invocations without an answer, by process: one each. */
  readonly #open = new Map<number | "nemesis", { readonly atNs: number; readonly dueNs: number }>();
  readonly #counts = { ok: 0, fail: 0, info: 0 };
  readonly #faultEvents: HistoryEvent[] = [];
  #marks: { readonly ms: number; readonly offset: number }[] = [];
  #markEveryBytes = 64 * 1024;
  #endMs = 0;
  #status: LiveStatus | null = null;
  #results: RunResults | null = null;
  #violations: readonly Violation[] = [];
  #trouble: string | null = null;
  #state: RunState = "running";
  #isBehind = true;
  #changed = { faults: false, status: false };

  /** `results`: of a run that is over, whatever its files say; for the report, which is made before they are complete. */
  constructor(directory: string, id: string, results: RunResults | null = null) {
    this.directory = directory;
    this.#id = id;
    this.#results = results;
    if (results !== null) this.#state = "finished";
    this.#history = new TailedFile(join(directory, RUN_FILES.history));
    this.#samples = new TailedFile(join(directory, RUN_FILES.samples));
    this.#logs = new LogTail(directory);
  }

  /** Everything was read, and nothing more will come. */
  get isOver(): boolean {
    return this.#state !== "running" && !this.#isBehind;
  }

  get state(): RunState {
    return this.#state;
  }

  /** There is more on disk than was read so far. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  /**
   * Reads what is new, up to some megabytes. Returns what changed, or null where a reader needs the whole view: at
   * first, when the run ended, and when the steps became longer.
   */
  async read(): Promise<RunChange | null> {
    const before = this.#state;
    await this.#readState();
    let more = true;
    for (let chunk = 0; more && chunk < 8; chunk++) more = await this.#readChunk();
    const wasBehind = this.#isBehind;
    this.#isBehind = more;
    const log = await this.#logs.read();
    if (this.isOver && (wasBehind || before === "running")) await this.#conclude();
    const { resized, load, nodes } = this.#steps.takeTails();
    const { faults, status } = this.#changed;
    this.#changed = { faults: false, status: false };
    if (resized || before !== this.#state || (this.isOver && wasBehind)) return null;
    return {
      readShare: this.#readShare(),
      endMs: this.#now(),
      counts: this.#countsNow(),
      ...(load === null ? {} : { load }),
      ...(nodes === null ? {} : { nodes }),
      ...(faults ? { faults: this.#faults() } : {}),
      ...(status ? { status: this.#status } : {}),
      ...(log.length === 0 ? {} : { log }),
    };
  }

  async view(): Promise<RunView> {
    const configuration = await readConfiguration(this.directory);
    return {
      id: this.#id,
      path: shownPath(this.directory),
      description: describeRun(configuration, this.#id),
      configuration,
      state: this.#state,
      status: this.#status,
      results: this.#results,
      readShare: this.#readShare(),
      trouble: this.#trouble,
      endMs: this.#now(),
      counts: this.#countsNow(),
      load: this.#steps.load(),
      faults: this.#faults(),
      nodes: this.#steps.nodes(),
      violations: this.#violations,
      log: this.#logs.lines,
      files: await filesOf(this.directory),
    };
  }

  /** The operations of a part of the run. */
  async operations(fromMs: number, toMs: number, limit?: number): Promise<Operations> {
    const { opTimeoutMs } = await readConfiguration(this.directory);
    const longestMs = typeof opTimeoutMs === "number" ? opTimeoutMs * 2 : OPERATION_TIMEOUT_MS;
    const from = this.#marks.findLast(({ ms }) => ms <= fromMs - longestMs);
    return operationsIn({
      historyPath: this.#history.path,
      fromMs,
      toMs,
      fromOffset: from?.offset ?? 0,
      longestMs,
      ...(limit === undefined ? {} : { limit }),
    });
  }

  async #readState(): Promise<void> {
    if (this.#state === "finished") return;
    const { state, status } = await stateOf(this.directory);
    this.#changed.status ||= status?.updatedAt !== this.#status?.updatedAt;
    this.#status = status;
    this.#state = state;
  }

  async #readChunk(): Promise<boolean> {
    try {
      const samples = await this.#samples.read((line) => {
        const sample = parseSample(line);
        if (sample === null) return;
        this.#steps.sample(sample);
        this.#endMs = Math.max(this.#endMs, sample.time / 1e6);
      });
      const events = await this.#history.read((line, offset) => this.#take(line, offset));
      return samples || events;
    } catch (error) {
      this.#trouble = messageOf(error);
      return false;
    }
  }

  #take(line: string, offset: number): void {
    const event = parseEvent(line);
    if (event === null) {
      this.#trouble ??= `${RUN_FILES.history}: a line near byte ${offset} is no event`;
      return;
    }
    const atMs = event.time / 1e6;
    this.#endMs = Math.max(this.#endMs, atMs);
    this.#mark(atMs, offset);
    if (event.process === "nemesis") {
      if (this.#faultEvents.length < FAULT_EVENTS) this.#faultEvents.push(event);
      this.#changed.faults = true;
    } else if (event.type === "invoke") {
      this.#open.set(event.process, { atNs: event.time, dueNs: dueOf(event) });
    } else {
      const begun = this.#open.get(event.process);
      this.#open.delete(event.process);
      this.#counts[event.type] += 1;
      this.#steps.count(event.type, atMs, (event.time - (begun?.dueNs ?? event.time)) / 1e6);
    }
  }

  #mark(ms: number, offset: number): void {
    if (offset < (this.#marks.at(-1)?.offset ?? -this.#markEveryBytes) + this.#markEveryBytes) return;
    this.#marks.push({ ms, offset });
    if (this.#marks.length < MARKS) return;
    this.#marks = this.#marks.filter((_, index) => index % 2 === 0);
    this.#markEveryBytes *= 2;
  }

  /** Once nothing more comes: what the checks found, and which operations show it. */
  async #conclude(): Promise<void> {
    this.#history.rest();
    this.#samples.rest();
    try {
      this.#results ??= await readResults(this.directory);
      this.#violations = await violationsOf(this.#results, this.#history.path);
    } catch (error) {
      if (this.#state === "finished") this.#trouble = messageOf(error);
    }
  }

  /** The results' own list has proofs and what was healed; until there is one, the history tells. */
  #faults(): RunView["faults"] {
    return this.#results?.faults ?? faultsOf(this.#faultEvents);
  }

  #countsNow(): RunView["counts"] {
    return { ...this.#counts, open: this.#open.size };
  }

  #now(): number {
    const elapsed = this.#state === "running" ? this.#status?.elapsedMs : null;
    return Math.max(this.#endMs, elapsed ?? 0);
  }

  #readShare(): number {
    const { offset, size } = this.#history;
    return !this.#isBehind || size === 0 ? 1 : offset / size;
  }
}
