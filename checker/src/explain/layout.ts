import type { Model } from "../model.js";
import { at, type Operation } from "../operation.js";
import type { Explanation } from "./explain.js";

/** An operation in a picture. Where times differ, places do, in the same order; distances say nothing. */
export interface Bar {
  readonly operation: number;
  readonly process: number;
  readonly lane: number;
  readonly label: string;
  readonly start: number;
  /** Of one that never returned: the picture's end. */
  readonly end: number;
  readonly role: "failed" | "required" | "optional";
  readonly isOpen: boolean;
}

export interface Layout {
  readonly bars: readonly Bar[];
  readonly processes: readonly number[];
  readonly width: number;
}

export interface Measure {
  /** Room that a label takes, margins included. */
  label(text: string): number;
  /** Least distance between two moments. */
  readonly gap: number;
}

/** Processes as lanes; moments as far apart as the labels of the operations between them need. */
export function layOut<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  explanation: Explanation,
  measure: Measure,
): Layout {
  const shown = [...explanation.required, ...explanation.optional];
  const labels = new Map(
    shown.map((one) => {
      const { input, output } = at(operations, one);
      return [one, model.describeOperation(input, output)];
    }),
  );
  const moments = momentsOf(operations, shown);
  const places = new Map<number, number>();
  let place = 0;
  for (const moment of moments) {
    for (const one of shown) {
      const { call, return: returned } = at(operations, one);
      if (returned !== moment) continue;
      place = Math.max(place, (places.get(call) ?? 0) + measure.label(labels.get(one) ?? ""));
    }
    places.set(moment, place);
    place += measure.gap;
  }
  const open = shown.filter((one) => at(operations, one).return === undefined);
  const width = Math.max(
    place,
    ...open.map((one) => (places.get(at(operations, one).call) ?? 0) + measure.label(labels.get(one) ?? "")),
  );
  const processes = [...new Set(shown.map((one) => at(operations, one).process))].toSorted((a, b) => a - b);
  const required = new Set(explanation.required);
  const bars = shown.map((operation): Bar => {
    const { process, call, return: returned } = at(operations, operation);
    return {
      operation,
      process,
      lane: processes.indexOf(process),
      label: labels.get(operation) ?? "",
      start: places.get(call) ?? 0,
      end: returned === undefined ? width : (places.get(returned) ?? width),
      role: operation === explanation.failedAt ? "failed" : required.has(operation) ? "required" : "optional",
      isOpen: returned === undefined,
    };
  });
  return { bars: bars.toSorted((a, b) => a.start - b.start), processes, width };
}

function momentsOf(operations: readonly Operation<unknown, unknown>[], shown: readonly number[]): number[] {
  const moments = new Set<number>();
  for (const one of shown) {
    const { call, return: returned } = at(operations, one);
    moments.add(call);
    if (returned !== undefined) moments.add(returned);
  }
  return [...moments].toSorted((a, b) => a - b);
}
