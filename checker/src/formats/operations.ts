import type { Operation } from "../operation.js";
import { type Adapter, adapterOf } from "./adapter.js";
import { ADAPTERS } from "./adapters.js";
import { MEANING, type Meaning, type RecordedEvent, type Recording } from "./event.js";
import { FormatError } from "./format-error.js";
import { looksIndependent, splitIndependent } from "./independent.js";

export interface ToOperationsOptions {
  /** What `fail` and nil mean, where it is not what the format says (MEANING). */
  readonly meaning?: Partial<Meaning> | undefined;
  /** Values are pairs of key and value, `[k v]`. Found by itself in histories of registers. */
  readonly independent?: boolean | undefined;
}

export interface RecordedOperations {
  /** In order of their invokes. Times are positions in the recording; `id` is the index of the invoke. */
  readonly operations: readonly Operation<unknown, unknown>[];
  /** The events of each operation. */
  readonly events: readonly OperationEvents[];
  /** What certainly did not happen: to be shown, never to be checked. */
  readonly failed: readonly Operation<unknown, unknown>[];
  /** What was understood, and what was left out. */
  readonly notes: readonly string[];
}

export interface OperationEvents {
  readonly invoke: RecordedEvent;
  /** Undefined: nothing was heard. */
  readonly completion: RecordedEvent | undefined;
}

/**
 * The operations of a recording as a model takes them: a built-in one by its name, or any with an adapter. What
 * failed did not happen and is left out; what has no completion, or an info, never returned. Throws FormatError.
 * Linear.
 */
export function toOperations(
  recording: Recording,
  model: string | { readonly name: string; readonly adapter: Adapter },
  options: ToOperationsOptions = {},
): RecordedOperations {
  const name = typeof model === "string" ? model : model.name;
  const adapter = typeof model === "string" ? ADAPTERS.get(model) : model.adapter;
  if (adapter === undefined)
    throw new FormatError(null, `no history can be read for the model ${name}`, `known: ${known()}`);
  const meaning = { ...MEANING[recording.format], ...options.meaning };
  const notes: string[] = [];
  let { events } = recording;
  const isRegister = name === "register" || name === "cas-register";
  if (options.independent ?? (isRegister && looksIndependent(events))) {
    events = splitIndependent(events);
    if (options.independent !== true) notes.push("values are taken for pairs of key and value (independent)");
  }
  const built = new Builder(adapter, name, meaning);
  for (const pair of pairsOf(events)) built.add(pair);
  if (built.unknownReads > 0)
    notes.push(
      `${built.unknownReads} reads of nil are left out: here nil says that the value was not recorded (--nil absent: it was absent)`,
    );
  return { operations: built.operations, events: built.events, failed: built.failed, notes };
}

function known(): string {
  return [...ADAPTERS.keys()].join(", ");
}

/** An invoke, what became of it, and where both stand. The reader has seen to it that they match. */
interface Pair extends OperationEvents {
  readonly call: number;
  readonly end: number;
}

function pairsOf(events: readonly RecordedEvent[]): Pair[] {
  type Open = { -readonly [K in keyof Pair]: Pair[K] };
  const open = new Map<number, Open>();
  const pairs: Open[] = [];
  for (const [position, event] of events.entries()) {
    if (typeof event.process === "string") continue;
    if (event.type === "invoke") {
      const pair: Open = {
        invoke: event,
        completion: undefined,
        call: position,
        end: Number.POSITIVE_INFINITY,
      };
      open.set(event.process, pair);
      pairs.push(pair);
      continue;
    }
    const pair = open.get(event.process);
    if (pair === undefined)
      throw new Error(`line ${event.line}: a completion without its invoke was let through`);
    pair.completion = event;
    pair.end = position;
    open.delete(event.process);
  }
  return pairs;
}

class Builder {
  readonly operations: Operation<unknown, unknown>[] = [];
  readonly events: OperationEvents[] = [];
  readonly failed: Operation<unknown, unknown>[] = [];
  /** Reads that are left out, for nobody knows what they returned. */
  unknownReads = 0;
  readonly #adapter: Adapter;
  readonly #model: string;
  readonly #meaning: Meaning;

  constructor(adapter: Adapter, model: string, meaning: Meaning) {
    this.#adapter = adapter;
    this.#model = model;
    this.#meaning = meaning;
  }

  add(pair: Pair): void {
    const { invoke, completion, call, end } = pair;
    const adapter = adapterOf(this.#adapter, invoke.f);
    if (adapter === undefined)
      throw new FormatError(
        invoke.line,
        `unknown operation ${JSON.stringify(invoke.f)}`,
        `the model ${this.#model} knows ${Object.keys(this.#adapter.operations).join(", ")} (porcupine models lists all)`,
      );
    const ok = completion?.type === "ok" ? completion : undefined;
    let output: unknown;
    if (ok !== undefined) {
      output = adapter.output(ok, invoke, this.#meaning);
      if (output === undefined) {
        this.unknownReads++;
        return;
      }
    } else if (completion?.type === "fail") {
      output = adapter.failed?.(this.#meaning);
      if (output === undefined) {
        const input = adapter.input(invoke, undefined);
        this.failed.push({ process: invoke.process as number, id: invoke.index, call, return: end, input });
        return;
      }
    }
    this.operations.push({
      process: invoke.process as number,
      id: invoke.index,
      call,
      return: output === undefined ? undefined : end,
      input: adapter.input(invoke, ok),
      output,
    });
    this.events.push(pair);
  }
}
