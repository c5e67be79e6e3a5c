import { at } from "../operation.js";
import { chainOf } from "./chain.js";
import type { Check, CheckReport, HistoryEvent } from "./check.js";
import {
  describeRef,
  type OperationRef,
  operationError,
  type PairedOperation,
  pairOperations,
  refOf,
} from "./pair.js";
import { type Sample, Sampler } from "./sample.js";
import { describeValue, identityProblem, type PlainValue, plainValue, sameValue } from "./value.js";
import { counted } from "./words.js";

export interface LongForkOptions {
  /** Keys 0 … n-1 are a group, n … 2n-1 the next, and so on; a read is of one whole group. */
  readonly groupSize: number;
}

/** The first read saw one write and not the other, the second the other way round. */
export interface Fork {
  readonly reads: readonly [OperationRef, OperationRef];
  /** The key that the first read alone saw written, and the one that the second alone saw. */
  readonly onlySeenBy: readonly [number, number];
}

export interface LongForkDetails {
  readonly groupSize: number;
  readonly reads: {
    readonly attempted: number;
    readonly answered: number;
    /** Saw nothing yet, or all: these can contradict no other read. The rest is what the check lives on. */
    readonly early: number;
    readonly late: number;
  };
  readonly groups: number;
  /** Contradictions between reads that are neighbours when a group's reads are sorted by how much they saw. */
  readonly forks: Sample<Fork>;
  /** Values read that no write of the recording can have written (not judged where no write is recorded). */
  readonly unexpected: Sample<{
    readonly read: OperationRef;
    readonly key: number;
    readonly value: PlainValue;
    readonly cause: "never written" | "its write failed";
  }>;
}

/**
 * Long fork: two reads that saw two writes in contradictory orders, which parallel snapshot isolation permits and
 * snapshot isolation forbids. Operations are lists of micro-operations: a read of a whole group, `[["r", k, v], …]`
 * with null for what is not yet written, or one write, `[["w", k, v]]`. Each key is written once: a second
 * write that may have happened is an input error, for then nothing can be told. Unknown: no read was
 * answered. Linear in the reads plus their sorting. After Jepsen's long-fork test.
 */
export function longFork({ groupSize }: LongForkOptions): Check<LongForkDetails> {
  if (!Number.isSafeInteger(groupSize) || groupSize < 2)
    throw new RangeError(`long fork: the size of a group must be an integer of at least 2, not ${groupSize}`);
  return { name: "long-fork", run: (history) => runLongFork(history, groupSize) };
}

interface GroupRead {
  readonly read: PairedOperation;
  /** Positions within the group of the keys that it saw written. */
  readonly seen: readonly number[];
}

function runLongFork(history: readonly HistoryEvent[], groupSize: number): CheckReport<LongForkDetails> {
  const operations = pairOperations(history, { functions: ["read", "write", "txn"], intervals: false });
  const writes = writesOf(operations);
  const attempted = operations.filter(isRead);
  const answered = attempted.filter(({ outcome }) => outcome === "ok");
  const unexpected = new Sampler<LongForkDetails["unexpected"]["first"][number]>();
  const values = new Map<number, ReadValue>();
  const groups = new Map<number, GroupRead[]>();
  for (const read of answered) {
    const micros = microsOf(read);
    const group = groupOf(read, micros, groupSize);
    const seen = micros.filter(({ value }) => value !== null).map(({ key }) => key - group * groupSize);
    const others = groups.get(group);
    if (others === undefined) groups.set(group, [{ read, seen }]);
    else others.push({ read, seen });
    for (const { key, value } of micros) {
      if (value === null) continue;
      const cause = judgeValue(read, key, value, writes, values);
      if (cause !== undefined)
        unexpected.add(() => ({ read: refOf(read), key, value: plainValue(value), cause }));
    }
  }
  const forks = new Sampler<Fork>();
  for (const [group, reads] of groups) findForks(group * groupSize, groupSize, reads, forks);
  const all = [...groups.values()].flat();
  const details = {
    groupSize,
    reads: {
      attempted: attempted.length,
      answered: answered.length,
      early: all.filter(({ seen }) => seen.length === 0).length,
      late: all.filter(({ seen }) => seen.length === groupSize).length,
    },
    groups: groups.size,
    forks: forks.sample(),
    unexpected: unexpected.sample(),
  };
  return { name: "long-fork", ...conclusion(details), details };
}

function findForks(
  firstKey: number,
  groupSize: number,
  reads: readonly GroupRead[],
  forks: Sampler<Fork>,
): void {
  const { incomparable } = chainOf(
    reads.map(({ seen }) => seen),
    groupSize,
  );
  for (const { left, right, onlyLeft, onlyRight } of incomparable) {
    forks.add(() => ({
      reads: [refOf(at(reads, left).read), refOf(at(reads, right).read)],
      onlySeenBy: [firstKey + onlyLeft, firstKey + onlyRight],
    }));
  }
}

interface Micro {
  readonly f: "r" | "w";
  readonly key: number;
  readonly value: unknown;
}

/** Of an answered operation what the completion says, else what was asked for. */
function microsOf(operation: PairedOperation): readonly Micro[] {
  const { invoke, completion, outcome } = operation;
  const answer = outcome === "ok" ? (completion?.value ?? null) : null;
  const value = answer ?? (invoke ?? completion)?.value;
  if (!Array.isArray(value) || value.length === 0)
    throw operationError(operation, `expected a list of micro-operations, not ${describeValue(value)}`);
  return (value as readonly unknown[]).map((micro) => parseMicro(operation, micro));
}

function parseMicro(operation: PairedOperation, micro: unknown): Micro {
  const [f, key, value = null] = Array.isArray(micro) ? (micro as readonly unknown[]) : [];
  if ((f !== "r" && f !== "w") || typeof key !== "number" || !Number.isSafeInteger(key) || key < 0)
    throw operationError(
      operation,
      `${describeValue(micro)} is no micro-operation: ["r" or "w", key, value], keys integers from 0 on`,
    );
  const problem = value === null ? undefined : identityProblem(value);
  if (problem !== undefined) throw operationError(operation, `key ${key}: ${problem}`);
  return { f, key, value };
}

function isRead(operation: PairedOperation): boolean {
  if (operation.f !== "txn") return operation.f === "read";
  return microsOf(operation).every(({ f }) => f === "r");
}

interface Writes {
  /** Whether the recording has any write: one of reads alone says nothing of what was written. */
  readonly recorded: boolean;
  readonly possible: ReadonlyMap<number, { readonly write: PairedOperation; readonly value: unknown }>;
  readonly failed: ReadonlyMap<number, readonly unknown[]>;
}

function writesOf(operations: readonly PairedOperation[]): Writes {
  const possible = new Map<number, { readonly write: PairedOperation; readonly value: unknown }>();
  const failed = new Map<number, readonly unknown[]>();
  const writes = operations.filter((operation) => !isRead(operation));
  for (const write of writes) {
    const [micro, ...more] = microsOf(write);
    if (micro?.f !== "w" || more.length > 0 || micro.value === null)
      throw operationError(write, "a transaction that writes must be one write of one value");
    const { key, value } = micro;
    if (write.outcome === "fail") {
      failed.set(key, [...(failed.get(key) ?? []), value]);
      continue;
    }
    const other = possible.get(key);
    if (other !== undefined) {
      const before = describeRef(refOf(other.write));
      throw operationError(
        write,
        `key ${key} is written again, after ${before}; a long fork cannot be told then`,
      );
    }
    possible.set(key, { write, value });
  }
  return { recorded: writes.length > 0, possible, failed };
}

/** The group whose keys, all of them and each once, the read asks for. */
function groupOf(read: PairedOperation, micros: readonly Micro[], groupSize: number): number {
  if (micros.some(({ f }) => f !== "r")) throw operationError(read, "a read that writes");
  const group = Math.floor(at(micros, 0).key / groupSize);
  const keys = new Set(micros.map(({ key }) => key));
  const whole = keys.size === groupSize && micros.length === groupSize;
  if (whole && [...keys].every((key) => Math.floor(key / groupSize) === group)) return group;
  const expected = `keys ${group * groupSize} to ${(group + 1) * groupSize - 1}, each once`;
  throw operationError(
    read,
    `a read must be of one whole group (here ${expected}); is the group size right?`,
  );
}

interface ReadValue {
  readonly read: PairedOperation;
  readonly value: unknown;
}

/**
 * Why nobody can have written the value. Without recorded writes two values of a key show that it was written
 * twice.
 */
function judgeValue(
  read: PairedOperation,
  key: number,
  value: unknown,
  { recorded, possible, failed }: Writes,
  values: Map<number, ReadValue>,
): "never written" | "its write failed" | undefined {
  if (recorded) {
    const written = possible.get(key);
    if (written !== undefined && sameValue(written.value, value)) return undefined;
    return (failed.get(key) ?? []).some((other) => sameValue(other, value))
      ? "its write failed"
      : "never written";
  }
  const other = values.get(key);
  if (other === undefined) values.set(key, { read, value });
  else if (!sameValue(other.value, value))
    throw operationError(
      read,
      `key ${key} is ${describeValue(value)} here and ${describeValue(other.value)} in ${describeRef(refOf(other.read))}: it was written more than once, and a long fork cannot be told then`,
    );
  return undefined;
}

function conclusion(details: LongForkDetails): Pick<CheckReport, "verdict" | "reason"> {
  const { reads, groups, forks, unexpected } = details;
  const [fork, strange] = [forks.first[0], unexpected.first[0]];
  if (fork !== undefined) {
    const [one, other] = fork.reads;
    const [mine, theirs] = fork.onlySeenBy;
    return {
      verdict: "illegal",
      reason: `long fork: ${describeRef(one)} saw key ${mine} written and key ${theirs} not, ${describeRef(other)} the other way round`,
    };
  }
  if (strange !== undefined)
    return {
      verdict: "illegal",
      reason: `${describeRef(strange.read)} returned ${describeValue(strange.value)} for key ${strange.key}, but ${strange.cause === "never written" ? "nobody wrote that" : "its write failed"}`,
    };
  if (reads.answered === 0)
    return {
      verdict: "unknown",
      reason: `no read was answered (${reads.attempted} tried), so nothing was checked`,
    };
  const useful = reads.answered - reads.early - reads.late;
  return {
    verdict: "ok",
    reason: `${counted(reads.answered, "read")} of ${counted(groups, "group")} saw the writes of each group in one order (${useful} saw a group half written)`,
  };
}
