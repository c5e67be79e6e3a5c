import type {
  CasRegisterInput,
  CasRegisterOutput,
  RegisterState,
  RegisterValue,
} from "../models/cas-register.js";
import type { Operation } from "../operation.js";
import { FormatError } from "./format-error.js";

/** An event of Jepsen's operation model, of a register. */
export interface JepsenEvent {
  /** Where it was read: line or number of the event, counted from 1. */
  readonly place: number;
  readonly process: number;
  readonly type: "invoke" | "ok" | "fail" | "info";
  readonly f: "read" | "write" | "cas";
  /** Null where nothing is said. */
  readonly value: RegisterState | readonly [RegisterValue, RegisterValue];
}

/** Where recordings of the same shape differ in what they mean. */
export interface JepsenMeaning {
  readonly where: "line" | "event";
  /** A cas that failed found another value; else fail says no more than that nothing happened. */
  readonly failedCasHappened: boolean;
  /** A read that returned nil found nothing; else nil says that the value was not recorded. */
  readonly nilIsAbsent: boolean;
}

export type RecordedOperation = Operation<CasRegisterInput, CasRegisterOutput>;

/** Pairs invokes with completions. Times are positions in the recording, `id` is the invoke's place. */
export function pairJepsenEvents(
  events: readonly JepsenEvent[],
  meaning: JepsenMeaning,
): RecordedOperation[] {
  const open = new Map<number, { readonly invoke: JepsenEvent; readonly call: number }>();
  const operations: RecordedOperation[] = [];
  for (const [position, event] of events.entries()) {
    const { place, process, type } = event;
    const begun = open.get(process);
    if (type === "invoke") {
      if (begun !== undefined) {
        const reason = `process ${process} invokes while its ${begun.invoke.f} of ${meaning.where} ${begun.invoke.place} is open`;
        throw new FormatError(place, meaning.where, reason);
      }
      open.set(process, { invoke: event, call: position });
      continue;
    }
    if (begun?.invoke.f !== event.f)
      throw new FormatError(
        place,
        meaning.where,
        `${type} of a ${event.f} that process ${process} has not open`,
      );
    // An info leaves it open: the process must not be used again.
    if (type === "info") continue;
    open.delete(process);
    const output = outputOf(event, meaning);
    if (output === undefined) continue;
    operations.push({ ...begunOperation(begun, meaning), output, return: position });
  }
  for (const begun of open.values()) operations.push(begunOperation(begun, meaning));
  return operations;
}

function begunOperation(
  { invoke, call }: { readonly invoke: JepsenEvent; readonly call: number },
  { where }: JepsenMeaning,
): RecordedOperation {
  return { process: invoke.process, id: invoke.place, call, input: inputOf(invoke, where) };
}

function inputOf({ f, value, place }: JepsenEvent, where: JepsenMeaning["where"]): CasRegisterInput {
  if (f === "read") return { f };
  if (f === "write" && (typeof value === "number" || typeof value === "string")) return { f, value };
  if (f === "cas" && typeof value === "object" && value !== null) return { f, from: value[0], to: value[1] };
  throw new FormatError(place, where, `${f} of ${JSON.stringify(value)}`);
}

/** Undefined: the event says nothing that can be checked. */
function outputOf(event: JepsenEvent, meaning: JepsenMeaning): CasRegisterOutput | undefined {
  const { f, type, value, place } = event;
  if (type === "fail") return f === "cas" && meaning.failedCasHappened ? { succeeded: false } : undefined;
  if (f !== "read") return f === "cas" ? { succeeded: true } : {};
  if (value === null) return meaning.nilIsAbsent ? { value } : undefined;
  if (typeof value === "object") throw new FormatError(place, meaning.where, "a read of a pair");
  return { value };
}
