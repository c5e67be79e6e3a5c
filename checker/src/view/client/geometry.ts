import type { TimeFormat } from "./format.js";
import type { Scene } from "./scene.js";
import type { firstIndex } from "./search.js";

/** What is seen, in CSS pixels. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly scrollTop: number;
  readonly from: number;
  readonly to: number;
  /** Operation; -1: none. */
  readonly selected: number;
  readonly hovered: number;
  /** Step of the order that the reader has come to; -1: none. */
  readonly step: number;
  readonly dim: boolean;
  readonly showOrder: boolean;
}

export interface Colors {
  readonly back: string;
  readonly panel: string;
  readonly line: string;
  readonly text: string;
  readonly quiet: string;
  readonly invalid: string;
  readonly unknown: string;
  readonly order: string;
  readonly fault: string;
  readonly focus: string;
  readonly kinds: readonly string[];
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Where things of a scene lie on the canvas, for the frame that `use` was last given. */
export interface Geometry {
  readonly scene: Scene;
  readonly texts: readonly string[];
  readonly format: TimeFormat;
  readonly frame: Frame;
  /** Left of it: the names of the lanes. */
  readonly gutter: number;
  /** Above it: the axis, and the names of faults on rows. */
  readonly top: number;
  readonly faultTop: number;
  readonly faultRows: number;
  readonly laneHeight: number;
  /** Of all lanes, at their lowest. */
  readonly height: number;
  readonly barHeight: number;
  use(frame: Frame): void;
  pixel(x: number): number;
  middleOf(lane: number): number;
  /** How far an operation's bar reaches on the axis. */
  reach(operation: number): number;
  box(operation: number): Box;
  seenLanes(): { readonly first: number; readonly last: number };
  /** The operations of a lane that are seen, but only one of those that fall on the same pixels. */
  seenOf(lane: number): readonly number[];
  /** The process of a lane's first operation that is seen, or of its last. */
  processAt(lane: number): number;
  /** Whether the operation before it in its lane was another process's. */
  isNewProcess(operation: number): boolean;
  isDimmed(operation: number): boolean;
  /** The operation at a place of the canvas; -1: none. */
  hit(x: number, y: number): number;
}

/** Part of the page's script. */
export function createGeometry(
  parts: { readonly firstIndex: typeof firstIndex },
  scene: Scene,
  texts: readonly string[],
  format: TimeFormat,
): Geometry {
  const { lanes, marks, partition } = scene;
  const { start, end } = scene.axis;
  /** How far the bar of an operation that never returned reaches, if nothing comes after it in its lane. */
  const FADE = 64;
  /** Operations closer than this are drawn as one. */
  const PIXELS = 2.5;
  const LANE = { least: 22, most: 52 };
  /** Room for the numbers of steps above the first lane, and below the last. */
  const PAD = 10;
  const faultTop = 26;
  const faultRows = Math.min(scene.faults.length, 2);
  const gutter = 58;
  const top = faultTop + faultRows * 15;
  let laneHeight = LANE.least;
  let barHeight = 14;
  const { nextStart, newProcess } = neighbours();
  let frame: Frame;
  let scale = 1;
  return {
    scene,
    texts,
    format,
    get frame() {
      return frame;
    },
    gutter,
    top,
    faultTop,
    faultRows,
    get laneHeight() {
      return laneHeight;
    },
    get barHeight() {
      return barHeight;
    },
    height: top + 2 * PAD + lanes.operations.length * LANE.least,
    use(next) {
      frame = next;
      scale = (frame.width - gutter) / (frame.to - frame.from);
      const room = (frame.height - top - 2 * PAD) / lanes.operations.length;
      laneHeight = Math.min(Math.max(Math.floor(room), LANE.least), LANE.most);
      barHeight = Math.min(Math.round(laneHeight * 0.62), 24);
    },
    pixel,
    middleOf,
    reach,
    box,
    seenLanes,
    seenOf,
    processAt(lane) {
      const list = lanes.operations[lane] as Int32Array;
      return partition.process[list[Math.min(firstSeen(list), list.length - 1)] as number] as number;
    },
    isNewProcess: (operation) => newProcess[operation] === 1,
    isDimmed: (operation) => frame.dim && marks.minimal[operation] === 0 && marks.broke[operation] === 0,
    hit,
  };

  /** By operation: when the next one of its lane begins, and whether the one before was another process's. */
  function neighbours(): { nextStart: Float64Array; newProcess: Uint8Array } {
    const nextStart = new Float64Array(start.length).fill(Number.POSITIVE_INFINITY);
    const newProcess = new Uint8Array(start.length);
    for (const list of lanes.operations) {
      for (let i = 1; i < list.length; i++) {
        const [before, operation] = [list[i - 1] as number, list[i] as number];
        nextStart[before] = start[operation] as number;
        if (partition.process[before] !== partition.process[operation]) newProcess[operation] = 1;
      }
    }
    return { nextStart, newProcess };
  }

  function pixel(x: number): number {
    return gutter + (x - frame.from) * scale;
  }

  function middleOf(lane: number): number {
    return top + PAD + (lane + 0.5) * laneHeight - frame.scrollTop;
  }

  function seenLanes(): { first: number; last: number } {
    const rows = frame.height - top;
    return {
      first: Math.max(Math.floor((frame.scrollTop - PAD) / laneHeight), 0),
      last: Math.min(Math.ceil((frame.scrollTop + rows) / laneHeight), lanes.operations.length) - 1,
    };
  }

  /** Rises from operation to operation of a lane, so that it can be searched. */
  function reach(operation: number): number {
    const to = end[operation] as number;
    if (to !== Number.POSITIVE_INFINITY) return to;
    return Math.min((start[operation] as number) + FADE / scale, nextStart[operation] as number);
  }

  function box(operation: number): Box {
    const x = pixel(start[operation] as number);
    const least = end[operation] === Number.POSITIVE_INFINITY ? 12 : 3;
    return {
      x,
      y: middleOf(lanes.lane[operation] as number) - barHeight / 2,
      width: Math.max(pixel(reach(operation)) - x, least),
      height: barHeight,
    };
  }

  function firstSeen(list: Int32Array): number {
    return parts.firstIndex(0, list.length, (k) => reach(list[k] as number) >= frame.from);
  }

  function seenOf(lane: number): readonly number[] {
    const list = lanes.operations[lane] as Int32Array;
    const seen: number[] = [];
    for (let i = firstSeen(list); i < list.length; ) {
      const operation = list[i] as number;
      const begins = start[operation] as number;
      if (begins > frame.to) break;
      seen.push(operation);
      const beyond = Math.max(begins, frame.from) + PIXELS / scale;
      i++;
      if (i === list.length || reach(list[i] as number) > beyond) continue;
      i = parts.firstIndex(i, list.length, (k) => reach(list[k] as number) > beyond);
    }
    return seen;
  }

  function hit(x: number, y: number): number {
    if (x < gutter || y < top) return -1;
    const lane = Math.floor((y - top - PAD + frame.scrollTop) / laneHeight);
    const list = lanes.operations[lane];
    if (list === undefined) return -1;
    const place = frame.from + (x - gutter) / scale;
    const near = 4 / scale;
    const next = parts.firstIndex(0, list.length, (k) => (start[list[k] as number] as number) > place);
    for (const i of [next - 1, next]) {
      const operation = list[i];
      if (operation === undefined) continue;
      if ((start[operation] as number) - near <= place && reach(operation) + near >= place) return operation;
    }
    return -1;
  }
}
