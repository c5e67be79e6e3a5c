import type { Check, CheckReport, HistoryEvent } from "./check.js";
import {
  describeRef,
  type OperationRef,
  operationError,
  type PairedOperation,
  pairOperations,
  refOf,
} from "./pair.js";
import { EVIDENCE_SHOWN } from "./sample.js";
import { describeValue } from "./value.js";
import { counted } from "./words.js";

export interface BankOptions {
  /** What all balances sum up to; of the first complete read if absent. */
  readonly total?: number | undefined;
  /** All accounts; those of the first complete read if absent. 1 and "1" are the same account. */
  readonly accounts?: readonly (string | number)[] | undefined;
  /** Whether an account may be overdrawn. */
  readonly negativeBalances?: boolean | undefined;
}

export type BankErrorType =
  | "unexpected-key"
  | "nil-balance"
  | "missing-key"
  | "wrong-total"
  | "negative-value";

/** What is wrong with one read. */
export interface BankError {
  readonly type: BankErrorType;
  readonly read: OperationRef;
  /** Sum of the balances that are there. */
  readonly total: number;
  /** The accounts at fault (none for wrong-total), at most EVIDENCE_SHOWN. */
  readonly accounts: readonly string[];
  /** By how much: distance from the right total, sum of the negative balances, number of accounts. */
  readonly badness: number;
}

export interface BankErrors {
  readonly count: number;
  readonly first: BankError;
  readonly last: BankError;
  readonly worst: BankError;
}

export interface BankDetails {
  readonly reads: { readonly attempted: number; readonly answered: number };
  /** Null if it was not given and no read was complete. */
  readonly total: { readonly value: number; readonly from: "options" | "first complete read" } | null;
  readonly accounts: { readonly count: number; readonly from: "options" | "first complete read" } | null;
  /** A read has at most one error, the first of the types above. */
  readonly errorCount: number;
  readonly errors: Readonly<Partial<Record<BankErrorType, BankErrors>>>;
}

/**
 * A bank: `transfer` moves money between accounts, `read` returns a map of account to balance. Illegal: a read
 * whose balances do not sum up to the total, with an overdrawn account (unless allowed), an account too
 * many, too few, or without a balance. Unknown: no read was answered. Linear. After Jepsen's bank test, which
 * lets a missing account pass as long as the sum is right.
 */
export function bank(options: BankOptions = {}): Check<BankDetails> {
  if (options.total !== undefined && !Number.isSafeInteger(options.total))
    throw new RangeError(`bank: the total must be an integer of at most 2^53 - 1, not ${options.total}`);
  return { name: "bank", run: (history) => runBank(history, options) };
}

type Balances = ReadonlyMap<string, number | null>;

function runBank(history: readonly HistoryEvent[], options: BankOptions): CheckReport<BankDetails> {
  const operations = pairOperations(history, { functions: ["read", "transfer"], intervals: false });
  const attempted = operations.filter(({ f }) => f === "read");
  const answered = attempted.filter(({ outcome }) => outcome === "ok");
  answered.sort((a, b) => a.end - b.end);
  const complete = firstComplete(answered);
  const from = (given: unknown) => (given === undefined ? "first complete read" : "options");
  const total = options.total ?? (complete && sumOf(complete.read, complete.balances));
  const names = options.accounts?.map(String) ?? complete?.balances.keys();
  const accounts = names === undefined ? undefined : new Set(names);
  const known = { accounts, total, negativeBalances: options.negativeBalances ?? false };
  const errors = new Map<BankErrorType, BankErrors>();
  let errorCount = 0;
  for (const read of answered) {
    const error = errorOf(read, balancesOf(read), known);
    if (error === undefined) continue;
    errorCount++;
    const before = errors.get(error.type);
    const worst = before !== undefined && before.worst.badness >= error.badness ? before.worst : error;
    const count = (before?.count ?? 0) + 1;
    errors.set(error.type, { count, first: before?.first ?? error, last: error, worst });
  }
  const details: BankDetails = {
    reads: { attempted: attempted.length, answered: answered.length },
    total: total === undefined ? null : { value: total, from: from(options.total) },
    accounts: accounts === undefined ? null : { count: accounts.size, from: from(options.accounts) },
    errorCount,
    errors: Object.fromEntries(errors),
  };
  return { name: "bank", ...conclusion(details), details };
}

/** The first read that shows a balance for each of its accounts. */
function firstComplete(
  reads: readonly PairedOperation[],
): { readonly read: PairedOperation; readonly balances: Balances } | undefined {
  for (const read of reads) {
    const balances = balancesOf(read);
    if (![...balances.values()].includes(null)) return { read, balances };
  }
  return undefined;
}

function balancesOf(read: PairedOperation): Balances {
  const value = read.completion?.value;
  if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Set)
    throw operationError(
      read,
      `a read of a bank returns a map of account to balance, not ${describeValue(value)}`,
    );
  const entries: [unknown, unknown][] = value instanceof Map ? [...value] : Object.entries(value);
  const balances = new Map<string, number | null>();
  for (const [key, balance] of entries) {
    if (typeof key !== "string" && typeof key !== "number")
      throw operationError(read, `account ${describeValue(key)} is neither a string nor a number`);
    if (balances.has(String(key))) throw operationError(read, `account ${describeValue(key)} is there twice`);
    if (balance !== null && balance !== undefined && !Number.isSafeInteger(balance))
      throw operationError(
        read,
        `the balance of account ${describeValue(key)} is ${describeValue(balance)}, not an integer of at most 2^53 - 1`,
      );
    balances.set(String(key), (balance as number | null | undefined) ?? null);
  }
  return balances;
}

function sumOf(read: PairedOperation, balances: Balances): number {
  let sum = 0;
  for (const balance of balances.values()) {
    sum += balance ?? 0;
    if (!Number.isSafeInteger(sum))
      throw operationError(read, "the sum of its balances exceeds 2^53 - 1 and would not be exact");
  }
  return sum;
}

interface Known {
  /** Undefined where they are not known: none given, no complete read. */
  readonly accounts: ReadonlySet<string> | undefined;
  readonly total: number | undefined;
  readonly negativeBalances: boolean;
}

function errorOf(read: PairedOperation, balances: Balances, known: Known): BankError | undefined {
  const total = sumOf(read, balances);
  const error = (type: BankErrorType, accounts: readonly string[], badness: number): BankError => ({
    type,
    read: refOf(read),
    total,
    accounts: accounts.slice(0, EVIDENCE_SHOWN),
    badness,
  });
  const where = (wrong: (balance: number | null, account: string) => boolean): string[] =>
    [...balances].flatMap(([account, balance]) => (wrong(balance, account) ? [account] : []));
  const nil = where((balance) => balance === null);
  const unexpected = where((_, account) => known.accounts?.has(account) === false);
  if (unexpected.length > 0) return error("unexpected-key", unexpected, unexpected.length);
  if (nil.length > 0) return error("nil-balance", nil, nil.length);
  const missing = [...(known.accounts ?? [])].filter((account) => !balances.has(account));
  if (missing.length > 0) return error("missing-key", missing, missing.length);
  if (known.total !== undefined && total !== known.total)
    return error("wrong-total", [], Math.abs(total - known.total));
  const negative = known.negativeBalances ? [] : where((balance) => (balance ?? 0) < 0);
  if (negative.length === 0) return undefined;
  return error("negative-value", negative, -negative.reduce((sum, key) => sum + (balances.get(key) ?? 0), 0));
}

function conclusion(details: BankDetails): Pick<CheckReport, "verdict" | "reason"> {
  const { reads, total, errors, errorCount } = details;
  const firsts = Object.values(errors).map(({ first }) => first);
  const first = firsts.toSorted((a, b) => (a.read.completion ?? 0) - (b.read.completion ?? 0))[0];
  if (first !== undefined)
    return {
      verdict: "illegal",
      reason: `${errorCount} of ${counted(reads.answered, "read")} wrong: ${describeRef(first.read)} ${words(first, total)}`,
    };
  if (reads.answered === 0 || total === null)
    return {
      verdict: "unknown",
      reason: `no read was answered (${reads.attempted} tried), so nothing was checked`,
    };
  const where = total.from === "options" ? "as given" : "as in the first read";
  return {
    verdict: "ok",
    reason: `${counted(reads.answered, "read")}, each of ${total.value} in all, ${where}`,
  };
}

function words({ type, total: sum, accounts, badness }: BankError, total: BankDetails["total"]): string {
  const list = accounts.slice(0, 3).map(describeValue).join(", ");
  const more = accounts.length > 3 ? " and more" : "";
  if (type === "wrong-total")
    return `sums up to ${sum}, not ${total?.value} (${total?.from === "options" ? "given" : "of the first read"})`;
  if (type === "negative-value") return `showed overdrawn accounts: ${list}${more}, ${badness} in all`;
  const flawed = counted(badness, "account");
  if (type === "missing-key") return `lacked ${flawed}: ${list}${more}`;
  const flaw = type === "nil-balance" ? "without a balance" : "not expected";
  return `showed ${flawed} ${flaw}: ${list}${more}`;
}
