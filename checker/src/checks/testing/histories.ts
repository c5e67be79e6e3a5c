import type { Random } from "../../generator.js";
import type { HistoryEvent } from "../check.js";

type Row = readonly [process: number | string, type: HistoryEvent["type"], f: string, value?: unknown];

/** Events of hand-made histories: the index is the position, the time one millisecond an event. */
export function events(...rows: readonly Row[]): HistoryEvent[] {
  return rows.map(([process, type, f, value = null], index) => ({
    index,
    process,
    type,
    f,
    value,
    time: index * 1e6,
  }));
}

export interface Simulated {
  readonly f: string;
  readonly value: unknown;
}

export interface SimulationOptions {
  readonly steps: number;
  readonly clients: number;
  readonly crashRate: number;
  readonly failRate: number;
  readonly next: () => Simulated;
  /** Takes effect, at one instant between invoke and completion; the answer. */
  readonly apply: (operation: Simulated) => unknown;
}

interface Client {
  process: number;
  readonly open: Simulated | undefined;
  readonly answer: { readonly value: unknown } | undefined;
}

/** A history of a correct object with concurrent clients; crashed operations take effect, or late, or never. */
export function simulate(random: Random, options: SimulationOptions): HistoryEvent[] {
  const { steps, clients: count, crashRate, failRate, next, apply } = options;
  const rows: Row[] = [];
  let processes = count;
  const clients: Client[] = Array.from({ length: count }, (_, process) => ({
    process,
    open: undefined,
    answer: undefined,
  }));
  const crashed: Simulated[] = [];
  for (let step = 0; step < steps; step++) {
    if (crashed.length > 0 && random.below(10) === 0)
      for (const late of crashed.splice(random.below(crashed.length), 1)) apply(late);
    const chosen = random.below(count);
    const { process, open, answer } = clients[chosen] as Client;
    const idle = { process, open: undefined, answer: undefined };
    if (open === undefined) {
      const operation = next();
      rows.push([process, "invoke", operation.f, operation.f === "read" ? null : operation.value]);
      clients[chosen] = { process, open: operation, answer: undefined };
    } else if (random.fraction() < crashRate) {
      if (answer === undefined) crashed.push(open);
      if (random.below(2) === 0) rows.push([process, "info", open.f, null]);
      clients[chosen] = { ...idle, process: processes++ };
    } else if (answer !== undefined) {
      rows.push([process, "ok", open.f, answer.value]);
      clients[chosen] = idle;
    } else if (random.fraction() < failRate) {
      rows.push([process, "fail", open.f, open.f === "read" ? null : open.value]);
      clients[chosen] = idle;
    } else clients[chosen] = { process, open, answer: { value: apply(open) } };
  }
  return events(...rows);
}
