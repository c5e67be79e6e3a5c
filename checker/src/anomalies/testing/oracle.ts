import type { HistoryEvent } from "../../checks/check.js";
import type { Operation } from "./weak-database.js";

/**
 * Definitions tried out: serializability by all orders of the transactions, snapshot isolation by all orders of
 * their starts and commits. Shares no code with what it judges. For a handful of transactions.
 */
interface Transaction {
  readonly operations: readonly Operation[];
  readonly certain: boolean;
  readonly process: number;
  readonly invokedAt: number;
  readonly completedAt: number;
}

type State = Readonly<Record<string, readonly number[]>>;
export type OracleOrder = "none" | "process" | "realtime";

function transactionsOf(history: readonly HistoryEvent[]): Transaction[] {
  const open = new Map<number, number>();
  const found: (Transaction | undefined)[] = [];
  history.forEach((event, position) => {
    const process = event.process as number;
    const operations = event.value as readonly Operation[];
    if (event.type === "invoke") {
      open.set(process, found.length);
      found.push({
        operations,
        certain: false,
        process,
        invokedAt: position,
        completedAt: Number.POSITIVE_INFINITY,
      });
      return;
    }
    const number = open.get(process) ?? -1;
    const begun = found[number];
    if (begun === undefined) throw new Error("a completion without invocation");
    if (event.type === "fail") found[number] = undefined;
    if (event.type === "ok") found[number] = { ...begun, operations, certain: true, completedAt: position };
  });
  return found.filter((transaction) => transaction !== undefined);
}

/** The state after the transaction, or undefined if it could not have read this. */
function apply({ operations, certain }: Transaction, before: State): State | undefined {
  let state = before;
  for (const [f, key, value] of operations) {
    const list = state[key] ?? [];
    if (f === "append") state = { ...state, [key]: [...list, value as number] };
    else if (certain && JSON.stringify(list) !== JSON.stringify(value ?? [])) return undefined;
  }
  return state;
}

function mustPrecede(a: Transaction, b: Transaction, order: OracleOrder): boolean {
  if (order === "none" || !a.certain) return false;
  return a.completedAt < b.invokedAt && (order === "realtime" || a.process === b.process);
}

/** Whether some order of the transactions that keeps to `order` explains every read. */
export function isSerializable(history: readonly HistoryEvent[], order: OracleOrder): boolean {
  const go = (left: readonly Transaction[], state: State): boolean => {
    // Those of unknown outcome need not happen.
    if (left.every(({ certain }) => !certain)) return true;
    return left.some((next) => {
      if (left.some((other) => mustPrecede(other, next, order))) return false;
      const after = apply(next, state);
      return (
        after !== undefined &&
        go(
          left.filter((other) => other !== next),
          after,
        )
      );
    });
  };
  return go(transactionsOf(history), {});
}

interface Running {
  readonly transaction: Transaction;
  readonly writtenSince: ReadonlySet<string>;
}

/**
 * Whether some order of starts and commits explains every read: a transaction reads the state at its start and its own
 * appends, and commits only if nobody else changed, since its start, a key that it changes.
 */
export function isSnapshotIsolated(history: readonly HistoryEvent[], order: OracleOrder): boolean {
  const go = (left: readonly Transaction[], running: readonly Running[], state: State): boolean => {
    if (left.every(({ certain }) => !certain) && running.every(({ transaction }) => !transaction.certain))
      return true;
    const commits = running.some((one) => {
      const keys = writtenKeys(one.transaction);
      if (keys.some((key) => one.writtenSince.has(key))) return false;
      const others = running
        .filter((other) => other !== one)
        .map((other) => ({ ...other, writtenSince: new Set([...other.writtenSince, ...keys]) }));
      const writes = { ...one.transaction, certain: false };
      const after = apply(writes, state);
      return after !== undefined && go(left, others, after);
    });
    if (commits) return true;
    return left.some((next) => {
      const pending = [...left, ...running.map(({ transaction }) => transaction)];
      if (pending.some((other) => other !== next && mustPrecede(other, next, order))) return false;
      if (apply(next, state) === undefined) return false;
      return go(
        left.filter((other) => other !== next),
        [...running, { transaction: next, writtenSince: new Set() }],
        state,
      );
    });
  };
  return go(transactionsOf(history), [], {});
}

function writtenKeys({ operations }: Transaction): string[] {
  return operations.filter(([f]) => f === "append").map(([, key]) => key);
}
