import type { Context2d } from "./dom.js";
import type { Colors, Geometry } from "./geometry.js";
import type { createNotable } from "./notable.js";
import type { firstIndex } from "./search.js";

export interface OverlayParts {
  readonly createNotable: typeof createNotable;
  readonly firstIndex: typeof firstIndex;
}

/** Over the operations: what is notable, the order, what people point at. Part of the page's script. */
export function createOverlay(
  parts: OverlayParts,
  ctx: Context2d,
  g: Geometry,
): { draw(colors: Colors): void } {
  const { scene } = g;
  const { partition, order, axis, lanes } = scene;
  const { end } = axis;
  const BOLD = '600 11px system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
  const notable = parts.createNotable(ctx, g);
  let colors: Colors;
  return {
    draw(palette) {
      colors = palette;
      drawLegalUntil();
      drawBrokeLine();
      notable.draw(colors);
      if (g.frame.showOrder) drawOrder();
      notable.drawNames(colors);
      drawSelection();
    },
  };

  function drawLegalUntil(): void {
    if (partition.legalUntil === null) return;
    const x = Math.round(g.pixel(axis.fromTime(partition.legalUntil))) + 0.5;
    verticalLine(x, colors.unknown);
    ctx.font = BOLD;
    ctx.fillStyle = colors.unknown;
    ctx.textAlign = "right";
    ctx.fillText("legal up to here", x - 5, g.frame.height - 10);
    ctx.textAlign = "left";
  }

  function verticalLine(x: number, color: string): void {
    ctx.strokeStyle = color;
    ctx.lineWidth = 1.5;
    ctx.setLineDash([5, 4]);
    ctx.beginPath();
    ctx.moveTo(x, g.top);
    ctx.lineTo(x, g.frame.height);
    ctx.stroke();
    ctx.setLineDash([]);
  }

  function drawBrokeLine(): void {
    if (partition.brokeAt === -1) return;
    const x = g.pixel(end[partition.brokeAt] as number);
    if (x >= g.gutter && x <= g.frame.width) verticalLine(Math.round(x) + 0.5, colors.invalid);
  }

  /** Linearization points: numbered, joined by a line; only points when they are too close for a line. */
  function drawOrder(): void {
    const { points } = scene;
    const from = parts.firstIndex(0, points.length, (i) => (points[i] as number) >= g.frame.from);
    const to = parts.firstIndex(from, points.length, (i) => (points[i] as number) > g.frame.to);
    const room = (g.frame.width - g.gutter) / Math.max(to - from, 1);
    if (room < 1) return tooClose();
    if (room >= 3) drawJoin(Math.max(from - 1, 0), Math.min(to + 1, points.length));
    for (let step = from; step < to; step++) drawPoint(step, room);
    if (g.frame.step >= from && g.frame.step < to) drawCursor(g.frame.step);
  }

  function tooClose(): void {
    ctx.font = BOLD;
    ctx.fillStyle = colors.order;
    ctx.textAlign = "right";
    ctx.fillText("zoom in to see the order", g.frame.width - 10, g.frame.height - 12);
    ctx.textAlign = "left";
  }

  function drawJoin(from: number, to: number): void {
    ctx.strokeStyle = colors.order;
    ctx.globalAlpha = g.frame.dim ? 0.35 : 0.5;
    ctx.lineWidth = 1.25;
    ctx.lineJoin = "round";
    ctx.beginPath();
    for (let step = from; step < to; step++) {
      const [x, y] = pointAt(step);
      if (step === from) ctx.moveTo(x, y);
      else ctx.lineTo(x, y);
    }
    ctx.stroke();
    ctx.globalAlpha = 1;
  }

  function pointAt(step: number): readonly [number, number] {
    const operation = order.operations[step] as number;
    return [g.pixel(scene.points[step] as number), g.middleOf(lanes.lane[operation] as number)];
  }

  function drawPoint(step: number, room: number): void {
    const [x, y] = pointAt(step);
    if (y < g.top - 20 || y > g.frame.height + 20) return;
    const half = g.barHeight / 2 + 2;
    const operation = order.operations[step] as number;
    if (end[operation] === Number.POSITIVE_INFINITY) drawTail(operation, x, y + half - 4);
    ctx.fillStyle = colors.order;
    ctx.globalAlpha = g.isDimmed(operation) ? 0.55 : 1;
    const wide = room >= 6 ? 2 : 1;
    ctx.fillRect(x - wide / 2, y - half, wide, 2 * half);
    if (room >= 17) {
      const text = String(order.from + step + 1);
      ctx.font = BOLD;
      ctx.textAlign = "center";
      ctx.fillText(text, x, y - half - 4);
      ctx.textAlign = "left";
    }
    ctx.globalAlpha = 1;
  }

  /** From the faded end of a bar to the point where the operation took effect. */
  function drawTail(operation: number, x: number, y: number): void {
    const from = g.pixel(g.reach(operation)) - 20;
    if (x <= from) return;
    ctx.strokeStyle = colors.kinds[partition.kind[operation] as number] as string;
    ctx.lineWidth = 1;
    ctx.setLineDash([2, 3]);
    ctx.beginPath();
    ctx.moveTo(from, y);
    ctx.lineTo(x, y);
    ctx.stroke();
    ctx.setLineDash([]);
  }

  function drawCursor(step: number): void {
    const [x, y] = pointAt(step);
    ctx.fillStyle = colors.order;
    ctx.strokeStyle = colors.back;
    ctx.lineWidth = 2;
    ctx.beginPath();
    ctx.arc(x, y, 7, 0, 2 * Math.PI);
    ctx.fill();
    ctx.stroke();
  }

  function drawSelection(): void {
    for (const [operation, width] of [
      [g.frame.hovered, 1],
      [g.frame.selected, 2],
    ] as const) {
      if (operation === -1) continue;
      const bar = g.box(operation);
      ctx.strokeStyle = colors.focus;
      ctx.lineWidth = width;
      ctx.strokeRect(bar.x - 2.5, bar.y - 2.5, bar.width + 5, bar.height + 5);
    }
  }
}
