import type { LanesData } from "../data.js";
import type { Context2d } from "./dom.js";
import type { Layout } from "./layout.js";
import type { Viewport } from "./viewport.js";

export type Colors = Readonly<
  Record<
    | "back"
    | "panel"
    | "line"
    | "text"
    | "quiet"
    | "valid"
    | "invalid"
    | "unknown"
    | "order"
    | "fault"
    | "focus"
    | "append"
    | "other",
    string
  >
>;

/** What is hovered: a message or an operation by its number. */
export interface Hovered {
  readonly kind: "message" | "operation" | "other";
  readonly index: number;
  readonly lines: readonly string[];
}

/** All that a painter needs of one frame. */
export interface Frame {
  readonly data: LanesData;
  readonly layout: Layout;
  readonly view: Viewport;
  readonly width: number;
  readonly colors: Colors;
  /** By number in MESSAGE_KINDS. */
  readonly shown: readonly boolean[];
  readonly hovered: Hovered | null;
  readonly scale: Scale;
}

export interface Scale {
  /** Of a time. */
  x(ms: number): number;
  /** Of a pixel. */
  time(x: number): number;
}

export type Painter = (ctx: Context2d, frame: Frame) => void;

/** Part of the page's script. */
export function createScale(view: Viewport, layout: Layout, width: number): Scale {
  const { from, to } = view;
  const { gutter } = layout;
  const perMs = (width - gutter) / (to - from);
  return { x: (ms) => gutter + (ms - from) * perMs, time: (x) => from + (x - gutter) / perMs };
}

/** The number of values, in ascending order, that are less. Part of the page's script. */
export function below(values: readonly number[], value: number): number {
  let [from, to] = [0, values.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((values[middle] as number) < value) from = middle + 1;
    else to = middle;
  }
  return from;
}
