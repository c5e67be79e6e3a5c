import type { PageData, PageOrder, PagePartition } from "../data.js";
import type { Axis, createAxis } from "./axis.js";
import type { createLanes, Lanes } from "./lanes.js";
import type { createPoints } from "./points.js";

/** One partition, ready to be drawn. */
export interface Scene {
  readonly partition: PagePartition;
  /** The one that is shown of the partition's; empty if it has none. */
  readonly order: PageOrder;
  readonly compressed: boolean;
  readonly axis: Axis;
  readonly lanes: Lanes;
  /** By step of the order. */
  readonly points: Float64Array;
  /** By operation: its step in the order; -1: it is not in it. */
  readonly stepOf: Int32Array;
  readonly marks: Marks;
  /** Operations that are always drawn, however far out the view is. */
  readonly notable: readonly number[];
  /** Where each fault begins and ends on the axis. */
  readonly faults: readonly { readonly label: string; readonly from: number; readonly to: number }[];
}

/** By operation: 1 if so. */
export interface Marks {
  readonly failed: Uint8Array;
  readonly broke: Uint8Array;
  readonly illegalNext: Uint8Array;
  readonly possibleNext: Uint8Array;
  readonly minimal: Uint8Array;
}

export interface SceneParts {
  readonly createAxis: typeof createAxis;
  readonly createLanes: typeof createLanes;
  readonly createPoints: typeof createPoints;
}

/** Part of the page's script. */
export function createScene(
  parts: SceneParts,
  data: PageData,
  partition: PagePartition,
  compressed: boolean,
  choice: number,
): Scene {
  const { call, end, process } = partition;
  const order = partition.orders[choice] ?? NO_ORDER();
  const axis = parts.createAxis(call, end, partition.clock, compressed);
  const stepOf = new Int32Array(call.length).fill(-1);
  order.operations.forEach((operation, step) => {
    stepOf[operation] = step;
  });
  // What follows the return where it broke has no say: the points of a partial order come before it.
  const limit = partition.brokeAt === -1 ? axis.max : (axis.end[partition.brokeAt] as number);
  const broke = partition.brokeAt === -1 ? [] : [partition.brokeAt];
  return {
    partition,
    order,
    compressed,
    axis,
    lanes: parts.createLanes(process, call, end, data.clients),
    points: parts.createPoints(order.operations, axis.start, axis.end, limit),
    stepOf,
    marks: {
      failed: marked(partition.failed),
      broke: marked(broke),
      illegalNext: marked(order.illegalNext),
      possibleNext: marked(order.possibleNext),
      minimal: marked(partition.minimal),
    },
    notable: [...new Set([...partition.minimal, ...order.illegalNext, ...broke])].toSorted((a, b) => a - b),
    faults: data.faults.map(({ name, target, from, to }) => ({
      label: target === "" ? name : `${name}: ${target}`,
      from: axis.fromTime(from),
      to: to === null ? Number.POSITIVE_INFINITY : axis.fromTime(to),
    })),
  };

  function NO_ORDER(): PageOrder {
    return { operations: [], from: 0, states: [], illegalNext: [], possibleNext: [], notes: [] };
  }

  function marked(operations: readonly number[]): Uint8Array {
    const result = new Uint8Array(call.length);
    for (const operation of operations) result[operation] = 1;
    return result;
  }
}
