import type { HistoryEvent } from "@gauntlet/histories";

/** The events as a recorder would have stamped them, a millisecond apart. */
export function recordOf(events: readonly object[]): HistoryEvent[] {
  return events.map((event, index) => ({ ...event, index, time: index * 1e6 }) as HistoryEvent);
}

/** One operation, called and answered. */
function whole(process: number, operation: object, answer: object = {}): readonly object[] {
  const base = { process, key: "r0", ...operation };
  return [
    { ...base, type: "invoke" },
    { ...base, ...answer, type: "ok" },
  ];
}

/** Writes of 1 and 2 one after the other, two reads of 2, and then one of 1: events 8 and 9. */
export const STALE: readonly HistoryEvent[] = recordOf([
  ...whole(0, { f: "write", value: "1" }),
  ...whole(1, { f: "write", value: "2" }),
  ...whole(2, { f: "read" }, { value: "2" }),
  ...whole(3, { f: "read" }, { value: "2" }),
  ...whole(4, { f: "read" }, { value: "1" }),
]);

/** Writes and the reads of their values, all open together: of sixteen far too many orders for one step. */
export function tangle(size: number): readonly HistoryEvent[] {
  const writers = Array.from({ length: size }, (_, process) => process);
  const events = [
    ...writers.map((process) => ({ process, type: "invoke", f: "write", value: String(process) })),
    ...writers.map((of) => ({ process: of + size, type: "invoke", f: "read" })),
    ...writers.map((process) => ({ process, type: "ok", f: "write", value: String(process) })),
    ...writers.map((of) => ({ process: of + size, type: "ok", f: "read", value: String(of) })),
  ];
  return recordOf(events.map((event) => ({ ...event, key: "r0" })));
}
