import type { Context2d } from "./dom.js";
import type { Box, Colors, Geometry } from "./geometry.js";

/** The operations. What a frame costs depends on its pixels, not on the history. Part of the page's script. */
export function createBars(
  ctx: Context2d,
  g: Geometry,
): {
  /** Returns how many bars it drew. */
  draw(colors: Colors): number;
} {
  const { partition, axis, marks } = g.scene;
  const { end } = axis;
  const SMALL = '11px system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
  const CHARACTER = 6.4;
  /** With more bars than this there is no room for notes beside them. */
  const MANY = 400;
  let colors: Colors;
  return {
    draw(palette) {
      colors = palette;
      const { first, last } = g.seenLanes();
      const seen: number[] = [];
      for (let lane = first; lane <= last; lane++) {
        for (const operation of g.seenOf(lane)) seen.push(operation);
      }
      drawBars(seen);
      return seen.length;
    },
  };

  /** By kind, so that a frame has few changes of colour. */
  function drawBars(seen: readonly number[]): void {
    const byKind = colors.kinds.map((): number[] => []);
    const dimmed: number[] = [];
    const failed: number[] = [];
    const open: number[] = [];
    for (const operation of seen) {
      if (marks.failed[operation] === 1) failed.push(operation);
      else if (end[operation] === Number.POSITIVE_INFINITY) open.push(operation);
      else if (g.isDimmed(operation)) dimmed.push(operation);
      else (byKind[partition.kind[operation] as number] as number[]).push(operation);
    }
    drawGroup(dimmed, colors.quiet, 0.08, 0.25);
    byKind.forEach((group, kind) => drawGroup(group, colors.kinds[kind] as string, 0.22, 1));
    for (const operation of open) drawOpen(operation, open.length < MANY);
    ctx.globalAlpha = 1;
    drawFailed(failed);
    drawLabels(seen);
  }

  function drawGroup(group: readonly number[], color: string, fill: number, stroke: number): void {
    if (group.length === 0) return;
    const narrow: Box[] = [];
    ctx.beginPath();
    for (const operation of group) {
      const bar = g.box(operation);
      if (bar.width < 5) narrow.push(bar);
      else ctx.rect(bar.x + 0.5, bar.y + 0.5, bar.width - 1, bar.height - 1);
    }
    ctx.fillStyle = color;
    ctx.strokeStyle = color;
    ctx.lineWidth = 1;
    ctx.globalAlpha = fill;
    ctx.fill();
    ctx.globalAlpha = stroke;
    ctx.stroke();
    ctx.globalAlpha = stroke * 0.6;
    for (const { x, y, width, height } of narrow) ctx.fillRect(x, y, width, height);
    ctx.globalAlpha = 1;
  }

  /** It never returned: full at its call, fading to the right, with no right edge. */
  function drawOpen(operation: number, faded: boolean): void {
    const { x, y, width, height } = g.box(operation);
    const dimmed = g.isDimmed(operation);
    const color = dimmed ? colors.quiet : (colors.kinds[partition.kind[operation] as number] as string);
    const strong = dimmed ? 0.3 : 1;
    ctx.fillStyle = color;
    ctx.globalAlpha = strong;
    ctx.fillRect(x, y, 2, height);
    if (!faded) return;
    const fading = ctx.createLinearGradient(x, 0, x + width, 0);
    fading.addColorStop(0, color);
    fading.addColorStop(1, "transparent");
    ctx.fillStyle = fading;
    ctx.globalAlpha = 0.3 * strong;
    ctx.fillRect(x, y, width, height);
    ctx.globalAlpha = strong;
    ctx.strokeStyle = fading;
    ctx.lineWidth = 1;
    ctx.setLineDash([4, 3]);
    ctx.beginPath();
    ctx.moveTo(x + width, y + 0.5);
    ctx.lineTo(x + 0.5, y + 0.5);
    ctx.moveTo(x + width, y + height - 0.5);
    ctx.lineTo(x + 0.5, y + height - 0.5);
    ctx.stroke();
    ctx.setLineDash([]);
  }

  /** Did not happen: an empty bar, struck through. */
  function drawFailed(group: readonly number[]): void {
    ctx.strokeStyle = colors.quiet;
    ctx.lineWidth = 1;
    for (const operation of group) {
      const { x, y, width, height } = g.box(operation);
      ctx.globalAlpha = g.isDimmed(operation) ? 0.3 : 0.8;
      ctx.fillStyle = colors.back;
      ctx.fillRect(x, y, width, height);
      ctx.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
      ctx.beginPath();
      ctx.moveTo(x, y + height);
      ctx.lineTo(x + width, y);
      ctx.stroke();
    }
    ctx.globalAlpha = 1;
  }

  function drawLabels(seen: readonly number[]): void {
    ctx.font = SMALL;
    for (const operation of seen) {
      if (g.isNewProcess(operation) && seen.length < MANY) drawNewProcess(operation);
      const { x, y, width, height } = g.box(operation);
      const left = Math.max(x, g.gutter);
      const room = Math.floor((x + width - left - 8) / CHARACTER);
      const text = g.texts[partition.label[operation] as number] as string;
      if (text.length > room && room < 4) continue;
      const quiet = g.isDimmed(operation) || marks.failed[operation] === 1;
      ctx.fillStyle = quiet ? colors.quiet : colors.text;
      ctx.globalAlpha = g.isDimmed(operation) ? 0.65 : 1;
      const shown = text.length > room ? `${text.slice(0, room - 1)}…` : text;
      ctx.fillText(shown, left + 4, y + height / 2 + 0.5);
    }
    ctx.globalAlpha = 1;
  }

  /** A client goes on under a new number after an operation that never returned. */
  function drawNewProcess(operation: number): void {
    const { x, y, height } = g.box(operation);
    ctx.fillStyle = colors.quiet;
    ctx.fillText(`▸${partition.process[operation]}`, x, y + height + 6);
  }
}
