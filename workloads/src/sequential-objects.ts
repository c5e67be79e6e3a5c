import { HistoryError, type HistoryEvent, toRegisterInput, toRegisterOutput } from "@gauntlet/histories";
import {
  type CasRegisterInput,
  type CasRegisterOutput,
  casRegister,
  type MicroOperation,
  type Model,
  multiRegister,
  type MultiRegisterInput,
  type MultiRegisterOutput,
} from "porcupine-ts";
import { fetchAndAdd, type FetchAndAddInput, type FetchAndAddOutput } from "./fetch-and-add.js";

/** A model of porcupine-ts, and how events are its operations. What each `key` of the events names is an object of its own. */
export interface SequentialObject<Input, Output> {
  readonly model: Model<unknown, Input, Output>;
  /** Of an invoke. Throws HistoryError for one that makes no sense. */
  input(invoke: HistoryEvent): Input;
  /** Of an `ok`, likewise. */
  output(ok: HistoryEvent): Output;
}

/** A value that is read, written, compared and set; absent at first. */
export const REGISTER: SequentialObject<CasRegisterInput, CasRegisterOutput> = {
  model: casRegister() as Model<unknown, CasRegisterInput, CasRegisterOutput>,
  input: (invoke) => toRegisterInput(invoke),
  output: (ok) => toRegisterOutput(ok),
};

interface GroupInput extends MultiRegisterInput {
  readonly key: string;
}

/** A group of registers of which one operation reads and writes several; absent at first. */
export const MULTI_REGISTER: SequentialObject<GroupInput, MultiRegisterOutput> = {
  model: multiRegisterGroups(),
  input: (invoke) => ({ f: "txn", key: keyOf(invoke), value: microOperations(invoke) }),
  output: (ok) => ({ value: microOperations(ok) }),
};

/** A number to which numbers are added, each of which tells what was there before; 0 at first. */
export const COUNTER: SequentialObject<FetchAndAddInput, FetchAndAddOutput> = {
  model: fetchAndAdd() as Model<unknown, FetchAndAddInput, FetchAndAddOutput>,
  input: (invoke) => {
    const key = keyOf(invoke);
    if (invoke.f === "read") return { f: "read", key };
    return { f: "add", key, value: integer(invoke, invoke.f === "generate" ? 1 : invoke.value) };
  },
  output: (ok) => {
    const value = ok.f === "read" ? ok.value : ok["from"];
    // What is no number was never written: the model takes NaN for nothing that it could be.
    return { value: typeof value === "number" ? value : Number.NaN };
  },
};

/** By what its operations are called. */
export function objectOf(history: readonly HistoryEvent[]): SequentialObject<unknown, unknown> {
  for (const { f } of history) {
    if (f === "txn") return MULTI_REGISTER;
    if (f === "add" || f === "generate") return COUNTER;
    if (f === "write" || f === "cas") return REGISTER;
  }
  return REGISTER;
}

/** The model of one group, for many. */
function multiRegisterGroups(): Model<unknown, GroupInput, MultiRegisterOutput> {
  const registers = multiRegister();
  const { spec: _, ...model } = registers as Model<unknown, GroupInput, MultiRegisterOutput>;
  return {
    ...model,
    key: ({ key }) => key,
    simplify: (operations) => {
      const inputs = registers.simplify?.(operations);
      return operations.map(({ input }, at) => ({ ...input, ...inputs?.[at] }));
    },
  };
}

function microOperations(event: HistoryEvent): readonly MicroOperation[] {
  if (Array.isArray(event.value)) return event.value as readonly MicroOperation[];
  return refuse(event, `its value ${JSON.stringify(event.value)} is no list of reads and writes`);
}

function integer(event: HistoryEvent, value: unknown): number {
  if (Number.isSafeInteger(value)) return value as number;
  return refuse(event, `${JSON.stringify(value)} is no integer`);
}

function keyOf(event: HistoryEvent): string {
  return event.key ?? refuse(event, "it has no key");
}

function refuse(event: HistoryEvent, problem: string): never {
  throw new HistoryError("history", event.index + 1, `${event.type} ${event.f}: ${problem}`);
}
