import type { Check, CheckReport, HistoryEvent } from "./check.js";
import {
  describeRef,
  type OperationRef,
  operationError,
  type PairedOperation,
  pairOperations,
  refOf,
  updateValue,
} from "./pair.js";
import { type Sample, Sampler } from "./sample.js";
import { describeValue } from "./value.js";
import { counted } from "./words.js";

export interface CounterRead {
  readonly read: OperationRef;
  readonly value: number;
  /** The least and the greatest value that the counter could have had during the read. */
  readonly lower: number;
  readonly upper: number;
}

export interface CounterBoundsDetails {
  readonly adds: {
    readonly attempted: number;
    readonly acknowledged: number;
    readonly failed: number;
    /** Outcome unknown: each widens the bounds of every read that ends after it began. */
    readonly crashed: number;
  };
  readonly reads: { readonly attempted: number; readonly answered: number };
  readonly outOfBounds: Sample<CounterRead>;
  /** The one furthest out of its bounds. */
  readonly worst: CounterRead | null;
  /** What a read after the last event could return. */
  readonly final: { readonly lower: number; readonly upper: number };
}

/**
 * A counter, initially 0: `add` of an integer, `read`. Illegal: a read outside of the least and
 * greatest value that the counter could have had at any instant of the read. An acknowledged add counts from
 * its completion on, for certain; one that is open or crashed may count from its invoke on; a failed one never.
 * Bounds are necessary, not sufficient: with adds of 10 alone a read of 5 is within them. A history that
 * tries no read is ok, for adds cannot contradict each other; reads of which none was answered: unknown.
 * O(events × reads open at a time). After Jepsen's counter, with bounds exact for mixed signs too.
 */
export function counterBounds(): Check<CounterBoundsDetails> {
  return { name: "counter-bounds", run: (history) => runCounter(history) };
}

function runCounter(history: readonly HistoryEvent[]): CheckReport<CounterBoundsDetails> {
  const operations = pairOperations(history, { functions: ["add", "read"], intervals: true });
  const outOfBounds = new Sampler<CounterRead>();
  let worst: CounterRead | null = null;
  const final = walk(operations, history.length, (judged) => {
    if (judged.value >= judged.lower && judged.value <= judged.upper) return;
    outOfBounds.add(() => judged);
    if (worst === null || distance(judged) > distance(worst)) worst = judged;
  });
  const details = { ...countsOf(operations), outOfBounds: outOfBounds.sample(), worst, final };
  return { name: "counter-bounds", ...conclusion(details), details };
}

/** An open read and what the bounds were at their widest since it began. */
interface OpenRead {
  readonly read: PairedOperation;
  lower: number;
  upper: number;
}

/** One pass over the invokes and completions. Bounds change when an add begins or is acknowledged, not otherwise. */
function walk(
  operations: readonly PairedOperation[],
  positions: number,
  judge: (read: CounterRead) => void,
): CounterBoundsDetails["final"] {
  const begins: (PairedOperation | undefined)[] = Array.from({ length: positions });
  const ends: (PairedOperation | undefined)[] = Array.from({ length: positions });
  for (const operation of operations) {
    // A failed add or an unanswered read says nothing.
    if (operation.outcome === "fail" || (operation.f === "read" && operation.outcome !== "ok")) continue;
    begins[operation.begin] = operation;
    if (operation.outcome === "ok") ends[operation.end] = operation;
  }
  const open = new Map<PairedOperation, OpenRead>();
  let [lower, upper] = [0, 0];
  for (let position = 0; position < positions; position++) {
    const [begun, ended] = [begins[position], ends[position]];
    const changed = begun ?? ended;
    if (changed === undefined) continue;
    if (changed.f === "add") {
      const amount = integer(changed, updateValue(changed), "an add is of");
      // A decrement lowers what is possible as soon as it begins, and the most that is possible once it is certain.
      if (amount < 0 === (changed === begun)) lower = exact(changed, lower + amount);
      else upper = exact(changed, upper + amount);
      for (const read of open.values()) {
        read.lower = Math.min(read.lower, lower);
        read.upper = Math.max(read.upper, upper);
      }
      continue;
    }
    if (begun !== undefined) {
      open.set(begun, { read: begun, lower, upper });
      continue;
    }
    const bounds = open.get(changed);
    if (bounds === undefined) throw new Error("a read ends that did not begin");
    open.delete(changed);
    const value = integer(changed, changed.completion?.value, "a read of a counter returns");
    judge({ read: refOf(changed), value, lower: bounds.lower, upper: bounds.upper });
  }
  return { lower, upper };
}

function integer(operation: PairedOperation, value: unknown, what: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw operationError(operation, `${what} an integer of at most 2^53 - 1, not ${describeValue(value)}`);
}

function exact(operation: PairedOperation, sum: number): number {
  if (Number.isSafeInteger(sum)) return sum;
  throw operationError(operation, `the sum of the adds up to here exceeds 2^53 - 1 and would not be exact`);
}

function distance({ value, lower, upper }: CounterRead): number {
  return Math.max(lower - value, value - upper);
}

function countsOf(operations: readonly PairedOperation[]): Pick<CounterBoundsDetails, "adds" | "reads"> {
  const adds = { ok: 0, fail: 0, info: 0 };
  const reads = { ok: 0, fail: 0, info: 0 };
  for (const { f, outcome } of operations) (f === "add" ? adds : reads)[outcome]++;
  return {
    adds: {
      attempted: adds.ok + adds.fail + adds.info,
      acknowledged: adds.ok,
      failed: adds.fail,
      crashed: adds.info,
    },
    reads: { attempted: reads.ok + reads.fail + reads.info, answered: reads.ok },
  };
}

function conclusion(details: CounterBoundsDetails): Pick<CheckReport, "verdict" | "reason"> {
  const { adds, reads, outOfBounds, final } = details;
  const first = outOfBounds.first[0];
  if (first !== undefined) {
    const { read, value, lower, upper } = first;
    const range = lower === upper ? `exactly ${lower}` : `between ${lower} and ${upper}`;
    const all = `${outOfBounds.count} of ${counted(reads.answered, "read")} out of bounds`;
    return {
      verdict: "illegal",
      reason: `${all}: ${describeRef(read)} returned ${value}, but the counter was ${range} while it ran`,
    };
  }
  if (reads.answered > 0)
    return { verdict: "ok", reason: `${counted(reads.answered, "read")}, each within its bounds` };
  if (reads.attempted > 0 || adds.attempted === 0)
    return {
      verdict: "unknown",
      reason: `no read was answered (${reads.attempted} tried), so nothing was checked`,
    };
  return {
    verdict: "ok",
    reason: `${counted(adds.attempted, "add")} and no read that could contradict them; a read at the end could return ${final.lower} to ${final.upper}`,
  };
}
