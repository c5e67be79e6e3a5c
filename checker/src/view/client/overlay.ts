import type { Context2d } from "./dom.js";
import type { Box, Colors, Geometry } from "./geometry.js";
import type { middleOut } from "./middle-out.js";
import type { firstIndex } from "./search.js";

/** Over the operations: what is notable, the order, what people point at. Part of the page's script. */
export function createOverlay(
  parts: { readonly firstIndex: typeof firstIndex; readonly middleOut: typeof middleOut },
  ctx: Context2d,
  g: Geometry,
): { draw(colors: Colors): void } {
  const { scene } = g;
  const { partition, order, axis, lanes, marks } = scene;
  const { start, end } = axis;
  const BOLD = '600 11px system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
  const CHARACTER = 6.4;
  /** With more operations to point out than this, their labels would cover one another. */
  const MANY = 200;
  /** Characters of a label that stands beside its bar, where it covers others. */
  const BESIDE = 30;
  let colors: Colors;
  return {
    draw(palette) {
      colors = palette;
      drawLegalUntil();
      drawNotable();
      if (g.frame.showOrder) drawOrder();
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

  function drawNotable(): void {
    if (partition.brokeAt !== -1) {
      const x = g.pixel(end[partition.brokeAt] as number);
      if (x >= g.gutter && x <= g.frame.width) verticalLine(Math.round(x) + 0.5, colors.invalid);
    }
    for (const operation of scene.notable) {
      if ((start[operation] as number) > g.frame.to || g.reach(operation) < g.frame.from) continue;
      const bar = g.box(operation);
      if (bar.y + bar.height < g.top || bar.y > g.frame.height) continue;
      if (marks.broke[operation] === 1) drawBroke(operation, bar);
      else if (marks.illegalNext[operation] === 1) drawOutline(operation, bar, colors.invalid, "✗ ");
      else drawOutline(operation, bar, colors.text, "");
    }
  }

  /** Where it broke: the only bar that is filled. */
  function drawBroke(operation: number, { x, y, width, height }: Box): void {
    const wide = Math.max(width, 4);
    ctx.fillStyle = colors.invalid;
    ctx.fillRect(x, y, wide, height);
    const left = Math.max(x, g.gutter);
    const text = `✗ ${labelOf(operation)}`;
    if (text.length * CHARACTER > x + wide - left - 8) return drawBeside(operation, text, colors.invalid);
    ctx.font = BOLD;
    ctx.fillStyle = colors.back;
    ctx.fillText(text, left + 4, y + height / 2 + 0.5);
  }

  function drawOutline(operation: number, { x, y, width, height }: Box, color: string, sign: string): void {
    ctx.strokeStyle = color;
    ctx.lineWidth = 2.5;
    ctx.strokeRect(x, y, Math.max(width, 3), height);
    const text = `${sign}${labelOf(operation)}`;
    if (text.length * CHARACTER > width - 8) drawBeside(operation, text, color);
  }

  function labelOf(operation: number): string {
    return g.texts[partition.label[operation] as number] as string;
  }

  /** A label that its bar has no room for: above it, or below it where a step's number may be above. */
  function drawBeside(operation: number, text: string, color: string): void {
    if (scene.notable.length > MANY) return;
    const { x, y, width, height } = g.box(operation);
    const middle = scene.stepOf[operation] === -1 ? y - 8 : y + height + 9;
    ctx.font = BOLD;
    ctx.textAlign = "center";
    const shown = parts.middleOut(text, BESIDE);
    const wide = ctx.measureText(shown).width + 4;
    const beyond = x + width < g.gutter || x > g.frame.width;
    const least = g.gutter + wide / 2;
    const centre = beyond
      ? x + width / 2
      : Math.min(Math.max(x + width / 2, least), g.frame.width - wide / 2);
    ctx.globalAlpha = 0.85;
    ctx.fillStyle = colors.back;
    ctx.fillRect(centre - wide / 2, middle - 6, wide, 12);
    ctx.globalAlpha = 1;
    ctx.fillStyle = color;
    ctx.fillText(shown, centre, middle);
    ctx.textAlign = "left";
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
    ctx.globalAlpha = g.frame.dim ? 0.3 : 0.5;
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
    ctx.globalAlpha = g.isDimmed(operation) ? 0.4 : 1;
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
