import { type FaultRecord, HistoryError, type HistoryEvent, pairEvents } from "@gauntlet/histories";
import {
  type Explanation,
  explanationSvg,
  explanationText,
  type Model,
  type Operation,
  type PartitionIllegal,
} from "porcupine-ts";
import { historyHtml, type ViewFault } from "porcupine-ts/view";
import { type KeyFailure, type LinearizabilityEvidence, operationsOf } from "./linearizability.js";
import { objectOf, type SequentialObject } from "./sequential-objects.js";

/** What a picture of the 1-minimal part needs to know of a KeyFailure. */
export type MinimalPart = Pick<KeyFailure, "failedAt" | "required" | "optional" | "isMinimal" | "checks">;

/** The 1-minimal part of a key's history: one SVG without anything outside it, headed by `title`. Throws HistoryError. */
export function minimalPartSvg(history: readonly HistoryEvent[], title: string, part: MinimalPart): string {
  const { model, operations, explanation } = explanationOf(history, title, part);
  return explanationSvg(model, operations, explanation);
}

/** The same for a terminal: a line for each process. Throws HistoryError. */
export function minimalPartText(history: readonly HistoryEvent[], part: MinimalPart): string {
  const { model, operations, explanation } = explanationOf(history, "", part);
  return explanationText(model, operations, explanation);
}

function explanationOf(
  history: readonly HistoryEvent[],
  sentence: string,
  { failedAt, required, optional, isMinimal, checks }: MinimalPart,
): {
  readonly model: Model<unknown, unknown, unknown>;
  readonly operations: readonly Operation<unknown, unknown>[];
  readonly explanation: Explanation;
} {
  const wanted = new Set([failedAt, ...required, ...optional]);
  const object = objectOf(history);
  const operations = operationsOf(
    object,
    eventsOf(history, ({ index }) => wanted.has(index)),
  );
  const position = positionsOf(operations);
  const explanation = {
    sentence,
    failedAt: position(failedAt),
    required: required.map(position),
    optional: optional.map(position),
    isMinimal,
    checks,
  };
  return { model: object.model, operations, explanation };
}

export interface FailedKeysOptions {
  readonly title: string;
  readonly faults: readonly FaultRecord[];
}

/** The histories of the keys that failed, as far as the evidence names them, as a page that needs nothing else. */
export function failedKeysHtml(
  history: readonly HistoryEvent[],
  { failures, failedKeys, elapsedMs }: LinearizabilityEvidence,
  { title, faults }: FailedKeysOptions,
): string {
  const keys = new Set(failures.map(({ key }) => key));
  const events = eventsOf(history, ({ key }) => keys.has(key ?? ""));
  const object = objectOf(history);
  const operations = operationsOf(object, events);
  const position = positionsOf(operations);
  const partitions = failures.map(
    (failure): PartitionIllegal => ({
      ...failure,
      verdict: "illegal",
      failedAt: position(failure.failedAt),
      partialOrder: failure.partialOrder.map(position),
      otherPartialOrders: failure.otherPartialOrders.map((order) => order.map(position)),
      operations: failure.operations.map(position),
    }),
  );
  const configurations = failures.reduce((sum, failure) => sum + failure.configurations, 0);
  const some = failures.length < failedKeys ? `${failures.length} of the ${failedKeys}` : "the";
  return historyHtml(
    object.model,
    operations,
    { verdict: "illegal", partitions, configurations, elapsedMs },
    {
      title: `${title}: ${some} keys that are not linearizable`,
      faults: faults.flatMap((fault) => bandOf(fault, history)),
      failed: failedOperations(object, events),
      clock: (index) => history[index]?.time ?? Number.NaN,
      timeUnit: "ns",
      timeOrigin: 0,
      minimal: failures.flatMap(({ required, optional }) => [...required, ...optional]).map(position),
    },
  );
}

/** Both events of every operation whose invoke is wanted. */
function eventsOf(
  history: readonly HistoryEvent[],
  isWanted: (invoke: HistoryEvent) => boolean,
): readonly HistoryEvent[] {
  return pairEvents(history)
    .filter(({ invoke }) => isWanted(invoke))
    .flatMap(({ invoke, completion }) => (completion === null ? [invoke] : [invoke, completion]))
    .toSorted((a, b) => a.index - b.index);
}

/** From the index of an invoke event to the place in the operations. */
function positionsOf(operations: readonly Operation<unknown, unknown>[]): (event: number) => number {
  const positions = new Map(operations.map(({ id }, position) => [id, position]));
  return (event) => {
    const position = positions.get(event);
    if (position === undefined)
      throw new HistoryError(
        "history",
        event + 1,
        "the evidence names it, but no such operation is called there",
      );
    return position;
  };
}

/** Those that certainly did not happen: shown, never checked. */
function failedOperations<Input, Output>(
  object: SequentialObject<Input, Output>,
  events: readonly HistoryEvent[],
): Operation<Input, Output>[] {
  return pairEvents(events).flatMap(({ invoke, completion }) =>
    completion?.type === "fail"
      ? [
          {
            process: invoke.process as number,
            id: invoke.index,
            input: object.input(invoke),
            call: invoke.index,
            return: completion.index,
          },
        ]
      : [],
  );
}

/** The window of a fault that was executed, in events. */
function bandOf(
  { fault, nodes, outcome, startedAtMs, endedAtMs }: FaultRecord,
  history: readonly HistoryEvent[],
): ViewFault[] {
  if (startedAtMs === null || outcome.type === "skipped") return [];
  const base = { name: fault, target: nodes.join(", "), from: firstSince(history, startedAtMs) };
  return [endedAtMs === null ? base : { ...base, to: firstSince(history, endedAtMs) }];
}

/** The first event that is not before a time; the last one where all are. */
function firstSince(history: readonly HistoryEvent[], ms: number): number {
  const found = history.findIndex(({ time }) => time >= ms * 1e6);
  return found === -1 ? history.length - 1 : found;
}
