import { type CasRegisterOperation, checkOperations, generateHistory } from "../../index.js";
import type { CheckResult, PartitionResult } from "../../result.js";
import { casRegister } from "../../models/cas-register.js";
import type { PageData } from "../data.js";

/** Two writes, the first one forgotten: the read of process 2 broke it; process 3 crashed. */
export const STALE: readonly CasRegisterOperation[] = [
  { process: 0, input: { f: "write", value: 1 }, output: {}, call: 0, return: 10 },
  { process: 1, input: { f: "write", value: 2 }, output: {}, call: 12, return: 20 },
  { process: 3, input: { f: "cas", from: 9, to: 8 }, call: 14 },
  { process: 2, input: { f: "read" }, output: { value: 1 }, call: 22, return: 30 },
  { process: 0, input: { f: "read" }, output: { value: 2 }, call: 25, return: 40 },
];

/** Two writes at a time, in either order, and then a read of what nobody wrote. */
export const AMBIGUOUS: readonly CasRegisterOperation[] = [
  { process: 0, input: { f: "write", value: 1 }, output: {}, call: 0, return: 10 },
  { process: 1, input: { f: "write", value: 2 }, output: {}, call: 2, return: 12 },
  { process: 2, input: { f: "read" }, output: { value: 3 }, call: 14, return: 20 },
];

export interface Checked {
  readonly history: readonly CasRegisterOperation[];
  readonly result: CheckResult;
}

export function check(history: readonly CasRegisterOperation[]): Checked {
  return { history, result: checkOperations(casRegister(), history) };
}

/** A legal history whose order needs no search: each operation takes effect in the order of its number. */
export function sequential(operations: number, clients: number): Checked {
  const history = Array.from({ length: operations }, (_, i): CasRegisterOperation => {
    const value = Math.floor(i / 2);
    const times = { process: i % clients, call: 10 * i, return: 10 * i + 10 * clients - 15 };
    if (i % 2 === 0) return { ...times, input: { f: "write", value }, output: {} };
    return { ...times, input: { f: "read" }, output: { value } };
  });
  const positions = history.map((_, i) => i);
  const partition = {
    engine: "frontier",
    key: "",
    verdict: "ok",
    operations: positions,
    witness: positions,
    configurations: 0,
  } as const;
  return { history, result: resultOf(partition) };
}

export function resultOf(partition: PartitionResult): CheckResult {
  return { verdict: partition.verdict, partitions: [partition], configurations: 0, elapsedMs: 0 };
}

export function random(seed: number, keys = 1): readonly CasRegisterOperation[] {
  return generateHistory({
    seed,
    operations: 60,
    clients: 5,
    values: 4,
    crashRate: 0.06,
    keys,
    grainUs: 200,
  });
}

export function dataOf(page: string): PageData {
  const tag = '<script type="application/json" id="data">';
  const from = page.indexOf(tag);
  if (from === -1) throw new Error("the page carries no data");
  return JSON.parse(page.slice(from + tag.length, page.indexOf("</script>", from))) as PageData;
}
