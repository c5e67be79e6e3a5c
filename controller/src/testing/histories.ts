import type { HistoryEvent } from "@gauntlet/histories";

const MS = 1e6;

/** One operation of a planted history, milliseconds. */
export interface Planted {
  readonly atMs: number;
  /** How long it took. */
  readonly tookMs: number;
  readonly node: string;
  readonly f?: string;
  readonly type?: "ok" | "fail" | "info";
  readonly dueMs?: number;
}

/** Each in a process of its own, so that any may overlap. */
export function historyOf(planted: readonly Planted[]): readonly HistoryEvent[] {
  const steps = planted.flatMap(({ atMs, tookMs, node, f = "write", type = "ok", dueMs }, process) => [
    {
      time: atMs * MS,
      process,
      type: "invoke" as const,
      f,
      key: "r1",
      value: "1",
      node,
      ...(dueMs === undefined ? {} : { due: dueMs * MS }),
    },
    { time: (atMs + tookMs) * MS, process, type, f, key: "r1", value: "1", node },
  ]);
  return steps.toSorted((a, b) => a.time - b.time).map((step, index) => ({ index, ...step }));
}

/** Ten writes a second, each at the next node; `fate` says what becomes of one at a time, an ok of 5 ms if nothing. */
export function steadyWrites(
  nodes: readonly string[],
  lengthMs: number,
  fate: (atMs: number, node: string) => Partial<Planted> = () => ({}),
): readonly HistoryEvent[] {
  return historyOf(
    Array.from({ length: lengthMs / 100 }, (_, i) => {
      const node = nodes[i % nodes.length] ?? "";
      return { atMs: i * 100, tookMs: 5, node, ...fate(i * 100, node) };
    }),
  );
}
