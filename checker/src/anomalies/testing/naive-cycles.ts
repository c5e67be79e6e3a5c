import type { HistoryEvent } from "../../checks/check.js";
import type { Operation } from "./weak-database.js";

type Kind = "ww" | "wr" | "rw" | "process" | "realtime";

interface Transaction {
  readonly operations: readonly Operation[];
  readonly certain: boolean;
  readonly process: number;
  readonly invokedAt: number;
  readonly completedAt: number;
}

/**
 * The types of all cycles, by definition: every pair of transactions that any dependency or order relates, not only of
 * adjacent versions, and every simple cycle with every choice of its edges. Undefined where the reads of a
 * key are no prefixes of one another. For a handful of transactions; shares no code with what it judges.
 */
export function naiveCycleTypes(history: readonly HistoryEvent[]): ReadonlySet<string> | undefined {
  const transactions = transactionsOf(history);
  const versions = longestReads(transactions);
  if (versions === undefined) return undefined;
  const edges = transactions.map((a) => transactions.map((b) => (a === b ? [] : kindsOf(a, b, versions))));
  const types = new Set<string>();
  const extend = (path: readonly number[], choices: readonly (readonly Kind[])[]): void => {
    const [first = 0] = path;
    const last = path.at(-1) ?? first;
    for (let next = first; next < transactions.length; next++) {
      const kinds = edges[last]?.[next] ?? [];
      if (kinds.length === 0) continue;
      const longer = choices.flatMap((chosen) => kinds.map((kind) => [...chosen, kind]));
      if (next === first && path.length > 1) for (const chosen of longer) types.add(typeOf(chosen));
      if (!path.includes(next)) extend([...path, next], longer);
    }
  };
  for (let first = 0; first < transactions.length; first++) extend([first], [[]]);
  return types;
}

function transactionsOf(history: readonly HistoryEvent[]): Transaction[] {
  const completions = history.map((event, position) => {
    if (event.type !== "invoke") return undefined;
    const completedAt = history.findIndex(
      ({ process, type }, i) => i > position && process === event.process && type !== "invoke",
    );
    const completion = history[completedAt];
    if (completion?.type === "fail") return undefined;
    const certain = completion?.type === "ok";
    return {
      operations: (certain ? completion.value : event.value) as readonly Operation[],
      certain,
      process: event.process as number,
      invokedAt: position,
      completedAt: certain ? completedAt : Number.POSITIVE_INFINITY,
    };
  });
  return completions.filter((transaction) => transaction !== undefined);
}

type Versions = ReadonlyMap<string, readonly number[]>;

function reads({ operations, certain }: Transaction): (readonly [string, readonly number[]])[] {
  if (!certain) return [];
  return operations.flatMap(([f, key, list]) =>
    f === "r" ? [[key, (list ?? []) as readonly number[]] as const] : [],
  );
}

function longestReads(transactions: readonly Transaction[]): Versions | undefined {
  const versions = new Map<string, readonly number[]>();
  const all = transactions.flatMap(reads);
  for (const [key, list] of all) if (list.length > (versions.get(key)?.length ?? 0)) versions.set(key, list);
  const agree = all.every(([key, list]) => list.every((element, i) => versions.get(key)?.[i] === element));
  return agree ? versions : undefined;
}

function appends({ operations }: Transaction): (readonly [string, number])[] {
  return operations.flatMap(([f, key, element]) =>
    f === "append" ? [[key, element as number] as const] : [],
  );
}

function kindsOf(a: Transaction, b: Transaction, versions: Versions): Kind[] {
  const kinds: Kind[] = [];
  const position = (key: string, element: number): number => {
    const found = (versions.get(key) ?? []).indexOf(element);
    return found < 0 ? Number.POSITIVE_INFINITY : found;
  };
  const pairs = appends(a).flatMap((mine) => appends(b).map((theirs) => [mine, theirs] as const));
  if (pairs.some(([[k, e], [k2, e2]]) => k === k2 && position(k, e) < position(k2, e2))) kinds.push("ww");
  if (reads(b).some(([key, list]) => appends(a).some(([k, e]) => k === key && list.includes(e))))
    kinds.push("wr");
  if (reads(a).some(([key, list]) => appends(b).some(([k, e]) => k === key && position(k, e) >= list.length)))
    kinds.push("rw");
  if (a.certain && a.completedAt < b.invokedAt) kinds.push(a.process === b.process ? "process" : "realtime");
  return kinds;
}

function typeOf(kinds: readonly Kind[]): string {
  const suffix = kinds.includes("realtime") ? "-realtime" : kinds.includes("process") ? "-process" : "";
  const antiDependencies = kinds.filter((kind) => kind === "rw").length;
  const adjacent = kinds.some((kind, i) => kind === "rw" && kinds[(i + 1) % kinds.length] === "rw");
  if (antiDependencies > 1) return `${adjacent ? "G2-item" : "G-nonadjacent-item"}${suffix}`;
  if (antiDependencies === 1) return `G-single-item${suffix}`;
  return `${kinds.includes("wr") ? "G1c" : "G0"}${suffix}`;
}
