import type { Context2d } from "./dom.js";
import type { Frame } from "./scene.js";

export interface Operations {
  draw(ctx: Context2d, frame: Frame): void;
  /** The operation under a pixel, or -1. */
  at(frame: Frame, x: number, y: number): number;
}

/** The clients' operations, by outcome. Part of the page's script. */
export function createOperations(): Operations {
  const OK = 0;
  const FAIL = 1;
  return { draw, at };

  function draw(ctx: Context2d, frame: Frame): void {
    const { data, layout, view, colors, scale, hovered } = frame;
    const { from, to, row, outcome } = data.operations;
    // By row: what begins on the pixel of the one before it adds nothing, unless its outcome does.
    const last = new Map<number, number>();
    for (let index = 0; index < from.length && (from[index] as number) <= view.to; index++) {
      if ((to[index] as number) < view.from) continue;
      const left = Math.max(scale.x(from[index] as number), layout.gutter);
      const right = Math.min(scale.x(to[index] as number), frame.width);
      const key = (row[index] as number) * 3 + (outcome[index] as number);
      if (right - left < 1 && (last.get(key) ?? -1) >= left) continue;
      last.set(key, Math.floor(left) + 1);
      const top = layout.clientTop + (row[index] as number) * layout.clientRow;
      paint(ctx, frame, outcome[index] as number, left, Math.max(right - left, 1), top);
      if (hovered?.kind !== "operation" || hovered.index !== index) continue;
      ctx.strokeStyle = colors.focus;
      ctx.lineWidth = 2;
      ctx.strokeRect(left - 1, top, Math.max(right - left, 1) + 2, layout.clientRow - 1);
      ctx.lineWidth = 1;
    }
  }

  /** ok is full, fail is a line below, info is a frame: told by more than hue. */
  function paint(
    ctx: Context2d,
    { colors, layout }: Frame,
    outcome: number,
    left: number,
    wide: number,
    top: number,
  ): void {
    const tall = layout.clientRow - 2;
    ctx.fillStyle = outcome === OK ? colors.valid : outcome === FAIL ? colors.invalid : colors.unknown;
    if (outcome === OK) {
      ctx.globalAlpha = 0.75;
      ctx.fillRect(left, top + 1, wide, tall);
    } else if (outcome === FAIL) ctx.fillRect(left, top + tall - 2, wide, 3);
    else {
      ctx.globalAlpha = 0.3;
      ctx.fillRect(left, top + 1, wide, tall);
      ctx.globalAlpha = 1;
      ctx.strokeStyle = colors.unknown;
      if (wide > 3) ctx.strokeRect(left + 0.5, top + 1.5, wide - 1, tall - 1);
    }
    ctx.globalAlpha = 1;
  }

  function at({ data, layout, scale }: Frame, x: number, y: number): number {
    const wanted = Math.floor((y - layout.clientTop) / layout.clientRow);
    const { from, to, row } = data.operations;
    const [least, most] = [scale.time(x - 2), scale.time(x + 2)];
    return from.findLastIndex(
      (begin, index) => row[index] === wanted && begin <= most && (to[index] as number) >= least,
    );
  }
}
