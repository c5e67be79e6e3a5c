import type { HistoryEvent } from "../../checks/check.js";
import { Random } from "../../generator.js";
import { at } from "../../operation.js";

export type Operation = readonly ["append" | "r", string, number | readonly number[] | null];

interface Transaction {
  readonly process: number;
  readonly operations: readonly Operation[];
  readonly outcome: "ok" | "fail" | "info";
  readonly happens: boolean;
  answers: Operation[];
}

type Lists = Record<string, number[]>;

export interface WeakHistory {
  readonly history: HistoryEvent[];
  /** The last transaction read every key, and everything that happened. */
  readonly complete: boolean;
}

/**
 * A small history of a database that breaks its promises now and then: stale snapshots, no isolation at all, reads
 * of arbitrary prefixes, effects of failed transactions, orders that no clock would give.
 */
export function weakHistory(seed: number): WeakHistory {
  const random = new Random(seed);
  const keys = ["x", "y", "z"].slice(0, 1 + random.below(3));
  const transactions = someTransactions(random, keys);
  const lists: Lists = Object.fromEntries(keys.map((key) => [key, []]));
  execute(random, transactions, lists);
  if (random.below(20) === 0) divergeOnce(random, transactions);
  const complete = random.below(2) === 0;
  const history = schedule(random, transactions);
  if (complete) {
    const all: Operation[] = keys.map((key) => ["r", key, at2(lists, key)]);
    const asked: Operation[] = keys.map((key) => ["r", key, null]);
    history.push({ index: 0, process: 99, type: "invoke", f: "txn", value: asked });
    history.push({ index: 0, process: 99, type: "ok", f: "txn", value: all });
  }
  return { history: history.map((event, index) => ({ ...event, index })), complete };
}

function someTransactions(random: Random, keys: readonly string[]): Transaction[] {
  const next: Record<string, number> = Object.fromEntries(keys.map((key) => [key, 0]));
  return Array.from({ length: 2 + random.below(5) }, (_, i): Transaction => {
    const operations = Array.from({ length: 1 + random.below(4) }, (): Operation => {
      const key = random.pick(keys);
      if (random.below(2) === 0) return ["r", key, null];
      next[key] = (next[key] ?? 0) + 1;
      return ["append", key, next[key]];
    });
    const chance = random.below(20);
    const outcome = chance === 0 ? "fail" : chance <= 2 ? "info" : "ok";
    const happens = outcome === "ok" || random.below(outcome === "info" ? 2 : 5) === 0;
    // A process that does not learn an outcome goes no further.
    const process = outcome === "info" ? 10 + i : random.below(3);
    return { process, operations, outcome, happens, answers: [] };
  });
}

function execute(random: Random, transactions: readonly Transaction[], lists: Lists): void {
  const mode = random.below(4);
  const happening = shuffled(
    random,
    transactions.filter(({ happens }) => happens),
  );
  if (mode === 0) return executeArbitrarily(random, happening, lists);
  if (mode === 1) return executeInterleaved(random, happening, lists);
  executeOnSnapshots(random, happening, lists, mode === 2 ? 0 : 0.7);
}

/** Each key's appends in any order; each read any prefix. */
function executeArbitrarily(random: Random, transactions: readonly Transaction[], lists: Lists): void {
  for (const { operations } of transactions)
    for (const [f, key, value] of operations) if (f === "append") at2(lists, key).push(value as number);
  for (const key of Object.keys(lists)) lists[key] = shuffled(random, at2(lists, key));
  for (const transaction of transactions) {
    transaction.answers = transaction.operations.map((operation) => {
      const list = at2(lists, operation[1]);
      if (operation[0] === "append") return operation;
      return ["r", operation[1], list.slice(0, random.below(list.length + 1))];
    });
  }
}

function executeInterleaved(random: Random, transactions: readonly Transaction[], lists: Lists): void {
  const left = transactions.filter(({ operations }) => operations.length > 0);
  while (left.length > 0) {
    const transaction = random.pick(left);
    const operation = at(transaction.operations, transaction.answers.length);
    const list = at2(lists, operation[1]);
    if (operation[0] === "append") list.push(operation[2] as number);
    transaction.answers.push(operation[0] === "append" ? operation : ["r", operation[1], list.slice()]);
    if (transaction.answers.length === transaction.operations.length)
      left.splice(left.indexOf(transaction), 1);
  }
}

/** One after another, each reading what was there, or some while ago, and its own appends. */
function executeOnSnapshots(
  random: Random,
  transactions: readonly Transaction[],
  lists: Lists,
  stale: number,
): void {
  const snapshots = [structuredClone(lists)];
  for (const transaction of transactions) {
    const old = random.fraction() < stale ? random.below(snapshots.length) : snapshots.length - 1;
    const view = structuredClone(at(snapshots, old));
    transaction.answers = transaction.operations.map((operation) => {
      const list = at2(view, operation[1]);
      if (operation[0] === "r") return ["r", operation[1], list.slice()];
      list.push(operation[2] as number);
      at2(lists, operation[1]).push(operation[2] as number);
      return operation;
    });
    snapshots.push(structuredClone(lists));
  }
}

function divergeOnce(random: Random, transactions: readonly Transaction[]): void {
  const { answers } = random.pick(transactions);
  const i = answers.findIndex(([f, , value]) => f === "r" && (value as readonly number[]).length > 1);
  const read = answers[i];
  if (read !== undefined) answers[i] = ["r", read[1], (read[2] as readonly number[]).toReversed()];
}

/** Invocations and completions in any order that lets each process do one thing at a time. */
function schedule(random: Random, transactions: readonly Transaction[]): HistoryEvent[] {
  const history: HistoryEvent[] = [];
  const queues = new Map<number, Transaction[]>();
  for (const transaction of transactions)
    queues.set(transaction.process, [...(queues.get(transaction.process) ?? []), transaction]);
  const open = new Map<number, Transaction>();
  while (queues.size > 0 || open.size > 0) {
    const process = random.pick([...new Set([...queues.keys(), ...open.keys()])]);
    const running = open.get(process);
    if (running !== undefined) {
      const { outcome } = running;
      if (outcome !== "info" || random.below(2) === 0) {
        const value = outcome === "ok" ? running.answers : running.operations;
        history.push({ index: 0, process, type: outcome, f: "txn", value });
      }
      open.delete(process);
      continue;
    }
    const queue = queues.get(process) ?? [];
    const transaction = queue.shift();
    if (queue.length === 0) queues.delete(process);
    if (transaction === undefined) continue;
    history.push({ index: 0, process, type: "invoke", f: "txn", value: transaction.operations });
    open.set(process, transaction);
  }
  return history;
}

function shuffled<T>(random: Random, list: readonly T[]): T[] {
  const result: T[] = [];
  for (const item of list) result.splice(random.below(result.length + 1), 0, item);
  return result;
}

function at2(lists: Lists, key: string): number[] {
  const list = lists[key];
  if (list === undefined) throw new RangeError(`no key ${key}`);
  return list;
}
