import { KeyStream, type Recorded, type StreamLimits } from "./key-stream.js";
import { limit } from "./limit.js";
import type { Model } from "./model.js";
import { InputError } from "./operation.js";
import { type CheckVerdict, DEFAULT_MAX_BYTES } from "./result.js";
import type { StreamEvent, StreamIllegal, StreamResult } from "./stream-result.js";

export interface StreamOptions<Input, Output> {
  /** Bytes of the checker's own tables and of the events that wait, for all keys; 1 GiB if absent. A key that has no room is unknown. */
  readonly maxBytes?: number | undefined;
  /** Events of one key that may wait for the answer of one operation; 100,000 if absent. */
  readonly maxBuffered?: number | undefined;
  /** Time that the search may take over one return, within one `push`; no limit if absent. A key that needs more is unknown. */
  readonly timeoutMs?: number | undefined;
  /** Called once for each key that is found illegal, from within the `push` that settled it. */
  readonly onViolation?: ((violation: StreamIllegal<Input, Output>) => void) | undefined;
}

/**
 * Checks a history while it is recorded, with the same verdict, and the same operation where it breaks, as
 * `checkOperations` gives for the whole of it. The events come in the order in which they were recorded, each key is
 * checked by itself, and memory does not grow with the length.
 *
 * To be exact it needs to know of an operation how it ended before it goes past its call: the events of a key wait
 * until every operation that was called before them has its answer. A violation is therefore found when the
 * operations that were open at that moment have ended, and an operation that never ends (a client that hangs, without
 * an `info`) makes its key wait: `maxBuffered` bounds that, and the key is then unknown. Give every operation a time limit.
 *
 * One that ended as `info` may take effect for ever after. It is kept (and its process number, to
 * notice if it goes on), so that memory does grow with the number of those that differ from each other; and the search is
 * exponential in the operations that are open at a time, as ever. `simplify` and `project`, for which a model needs the whole history, are
 * not used.
 *
 * Throws InputError where the events make no sense, and ModelError where the model breaks a promise; there is no verdict then.
 */
export class StreamingChecker<State, Input, Output> {
  readonly #model: Model<unknown, Input, Output>;
  readonly #options: StreamOptions<Input, Output>;
  readonly #limits: StreamLimits;
  readonly #keys = new Map<string, KeyStream<Input, Output>>();
  /** By process: what it called last. */
  readonly #processes = new Map<number, Recorded<Input, Output>>();
  #verdict: CheckVerdict = "ok";
  #operations = 0;
  #untilCount = COUNT_EVERY;
  #hasEnded = false;

  constructor(model: Model<State, Input, Output>, options: StreamOptions<Input, Output> = {}) {
    // States of this model go to this model alone.
    this.#model = model as unknown as Model<unknown, Input, Output>;
    this.#options = options;
    this.#limits = {
      maxBytes: limit("maxBytes", options.maxBytes, DEFAULT_MAX_BYTES),
      maxBuffered: limit("maxBuffered", options.maxBuffered, DEFAULT_MAX_BUFFERED),
      timeoutMs: limit("timeoutMs", options.timeoutMs, Number.POSITIVE_INFINITY),
    };
  }

  /** Of what is settled so far: `ok` may still change, `illegal` may not. */
  get verdict(): CheckVerdict {
    return this.#verdict;
  }

  /** Of the tables, and of the events that wait (an estimate). */
  get bytes(): number {
    let bytes = 0;
    for (const key of this.#keys.values()) bytes += key.bytes;
    return bytes;
  }

  /** Events that wait for an answer. */
  get buffered(): number {
    let buffered = 0;
    for (const key of this.#keys.values()) buffered += key.buffered;
    return buffered;
  }

  /** Returns the verdict so far. */
  push(event: StreamEvent<Input, Output>): CheckVerdict {
    if (this.#hasEnded) throw new Error("the history has ended: a new one needs a new checker");
    if (event.type === "invoke") this.#invoke(event.process, event.input, event.id);
    else this.#complete(event);
    if (--this.#untilCount <= 0) this.#limitMemory();
    return this.#verdict;
  }

  /** No more events will come: what is open never returned. The result of all keys. */
  end(): StreamResult<Input, Output> {
    if (!this.#hasEnded) {
      this.#hasEnded = true;
      for (const last of this.#processes.values()) {
        if (last.fate !== "open") continue;
        last.fate = "info";
        this.#drain(last.stream);
      }
    }
    const partitions = [...this.#keys.values()].map((key) => key.result());
    return {
      verdict: this.#verdict,
      partitions,
      configurations: partitions.reduce((sum, { configurations }) => sum + configurations, 0),
      operations: this.#operations,
    };
  }

  #invoke(process: number, input: Input, givenId: number | undefined): void {
    const position = this.#operations;
    const id = givenId ?? position;
    if (!Number.isSafeInteger(process))
      throw new InputError(position, id, `process ${process} is not a safe integer`);
    const last = this.#processes.get(process);
    if (last?.fate === "info")
      throw new InputError(
        position,
        id,
        `process ${process} called it after an operation of unknown outcome (info)`,
      );
    if (last?.fate === "open")
      throw new InputError(
        position,
        id,
        `process ${process} called it while its operation ${last.id} had not returned yet`,
      );
    const problem = this.#model.problem?.(input, undefined);
    if (problem !== undefined) throw new InputError(position, id, problem);
    const key = this.#model.key?.(input) ?? "";
    let stream = this.#keys.get(key);
    if (stream === undefined) {
      stream = new KeyStream(this.#model, key, this.#limits);
      this.#keys.set(key, stream);
    }
    this.#operations++;
    this.#processes.set(process, stream.call(position, id, process, input));
  }

  #complete(event: Exclude<StreamEvent<Input, Output>, { readonly type: "invoke" }>): void {
    const open = this.#processes.get(event.process);
    if (open?.fate !== "open")
      throw new InputError(
        this.#operations,
        this.#operations,
        `process ${event.process} has no operation open that could end (${event.type})`,
      );
    if (event.type === "ok") {
      const problem =
        event.output === undefined
          ? "it returned without an answer (give null or {} where there is nothing to say)"
          : this.#model.problem?.(open.input, event.output);
      if (problem !== undefined) throw new InputError(open.position, open.id, problem);
      open.output = event.output;
    }
    open.fate = event.type;
    if (event.type === "ok") open.stream.return(open);
    this.#drain(open.stream);
  }

  #drain(stream: KeyStream<Input, Output>): void {
    if (!stream.drain()) return;
    const result = stream.result();
    if (result.verdict === "illegal") {
      this.#verdict = "illegal";
      this.#options.onViolation?.(result);
    } else if (result.verdict === "unknown" && this.#verdict === "ok") this.#verdict = "unknown";
  }

  /** Now and then: the key that takes most makes room for the others. */
  #limitMemory(): void {
    this.#untilCount = Math.max(COUNT_EVERY, this.#keys.size);
    for (let bytes = this.bytes; bytes > this.#limits.maxBytes; bytes = this.bytes) {
      const [largest] = [...this.#keys.values()].toSorted((a, b) => b.bytes - a.bytes);
      if (largest === undefined || largest.bytes === 0) return;
      largest.giveUp("memory");
      if (this.#verdict === "ok") this.#verdict = "unknown";
    }
  }
}

const DEFAULT_MAX_BUFFERED = 100_000;
/** Events. */
const COUNT_EVERY = 1024;
