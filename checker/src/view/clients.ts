import type { Operation } from "../operation.js";

/** With more processes than this they are numbered in some other way. */
const PROCESSES_LOOKED_AT = 20_000;

/**
 * How many clients there were, if processes are numbered as Jepsen does: when an operation of process p never returns,
 * its client goes on as process p + clients. The smallest number that fits; undefined if there is none.
 */
export function clientsOf(operations: readonly Operation<unknown, unknown>[]): number | undefined {
  const firstCall = new Map<number, number>();
  /** By process: when it called the operation that never returned. */
  const crash = new Map<number, number>();
  for (const { process, call, return: returned } of operations) {
    firstCall.set(process, Math.min(firstCall.get(process) ?? call, call));
    if (returned === undefined) crash.set(process, call);
  }
  const processes = [...firstCall.keys()].toSorted((a, b) => b - a);
  const largest = processes[0] ?? 0;
  if (crash.size === 0 || processes.length > PROCESSES_LOOKED_AT || processes.some((process) => process < 0))
    return undefined;
  const replaces = (process: number, clients: number): boolean =>
    (crash.get(process - clients) ?? Number.POSITIVE_INFINITY) <= (firstCall.get(process) as number);
  for (let clients = 1; clients <= Math.min(largest, PROCESSES_LOOKED_AT); clients++) {
    // From the largest down: the first one that does not fit ends it.
    if (processes.every((process) => process < clients || replaces(process, clients))) return clients;
  }
  return undefined;
}
