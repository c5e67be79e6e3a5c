import { readSchedule } from "@gauntlet/nemesis";
import { nodeNames } from "../../node-names.js";
import { lastingText } from "../../run/lasting.js";
import type { SimResult } from "../../result.js";
import type { Scenario } from "../../scenario.js";
import type { Traced } from "../../trace.js";
import { collectMessages } from "./collect-messages.js";
import { collectNode } from "./collect-node.js";
import { collectOperations } from "./collect-operations.js";
import type { FaultBand, LanesData } from "./data.js";

/** Each text once, by number. */
export class Texts {
  readonly all: string[] = [];
  readonly #numbers = new Map<string, number>();

  number(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.all.length);
    return this.all.push(text) - 1;
  }
}

/** All that the page shows of a trace. */
export function lanesData(trace: readonly Traced[], scenario: Scenario, result: SimResult): LanesData {
  const endMs = Math.max(trace.at(-1)?.atMs ?? 0, result.failure?.atMs ?? 0, 1);
  const names = nodeNames(scenario.nodes + scenario.spareNodes);
  const texts = new Texts();
  const loadAtMs = trace.find(({ event }) => event.type === "phase" && event.phase === "load")?.atMs ?? 0;
  return {
    endMs,
    nodes: names.map((name) => collectNode(name, trace, endMs)),
    messages: collectMessages(trace, names, texts, endMs),
    operations: collectOperations(trace, texts, endMs),
    faults: [...faultBands(scenario, names, loadAtMs, endMs), ...lastingBand(trace, scenario, names, endMs)],
    moments: trace.flatMap(({ atMs, event }) => (event.type === "fault" ? [{ atMs, text: event.what }] : [])),
    phases: trace.flatMap(({ atMs, event }) => (event.type === "phase" ? [{ atMs, name: event.phase }] : [])),
    failure:
      result.failure === null
        ? null
        : { atMs: result.failure.atMs, text: `${result.failure.name}: ${result.failure.what}` },
    texts: texts.all,
  };
}

/** What stayed broken after the heal, from then on to the end. */
function lastingBand(
  trace: readonly Traced[],
  { healing: { lasting } }: Scenario,
  names: readonly string[],
  endMs: number,
): readonly FaultBand[] {
  if (lasting.type === "none") return [];
  const began = trace.find(({ event }) => event.type === "fault" && event.what === lastingText(lasting));
  if (began === undefined) return [];
  const whom: readonly string[] = lasting.type === "cut" ? lasting.between : lasting.nodes;
  const nodes = whom.map((name) => names.indexOf(name)).filter((node) => node !== -1);
  return [{ fromMs: began.atMs, toMs: endMs, text: lastingText(lasting), nodes }];
}

/** The windows of the schedule. Whether one took effect, its moments say. */
function faultBands(
  { schedule, load }: Scenario,
  names: readonly string[],
  loadAtMs: number,
  endMs: number,
): readonly FaultBand[] {
  const { faults, repeat } = readSchedule(schedule);
  const every = repeat?.everyMs ?? Number.POSITIVE_INFINITY;
  const bands: FaultBand[] = [];
  for (let since = 0; since < load.durationMs && loadAtMs + since < endMs; since += every) {
    for (const { atMs, forMs, fault, target } of faults) {
      const fromMs = loadAtMs + since + atMs;
      if (since + atMs >= load.durationMs || fromMs >= endMs) continue;
      const named = [target].flat() as readonly string[];
      bands.push({
        fromMs,
        toMs: Math.min(fromMs + forMs, endMs),
        text: `${fault} ${named.join(" ")}`,
        nodes: named.map((name) => names.indexOf(name)).filter((node) => node !== -1),
      });
    }
  }
  return bands.toSorted((a, b) => a.fromMs - b.fromMs);
}
