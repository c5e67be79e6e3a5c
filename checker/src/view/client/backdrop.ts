import type { Context2d } from "./dom.js";
import type { Colors, Geometry } from "./geometry.js";

/** Under and around the operations: faults, the axis, the lanes and their names. Part of the page's script. */
export function createBackdrop(
  ctx: Context2d,
  g: Geometry,
): { drawUnder(colors: Colors): void; drawOver(colors: Colors): void } {
  const { scene } = g;
  const { axis } = scene;
  const SMALL = '11px system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
  const FONT = SMALL.replace("11px", "12px");
  let colors: Colors;
  return {
    drawUnder(palette) {
      colors = palette;
      ctx.fillStyle = colors.back;
      ctx.fillRect(0, 0, g.frame.width, g.frame.height);
      within(0, () => {
        drawFaults();
        drawTicks();
      });
      within(g.top, drawLaneLines);
    },
    drawOver(palette) {
      colors = palette;
      within(g.faultTop, drawFaultNames);
      drawGutter();
    },
  };

  function within(top: number, paint: () => void): void {
    ctx.save();
    ctx.beginPath();
    ctx.rect(g.gutter, top, g.frame.width - g.gutter, g.frame.height - top);
    ctx.clip();
    paint();
    ctx.restore();
  }

  function drawFaults(): void {
    for (const { from, to } of scene.faults) {
      if (to < g.frame.from || from > g.frame.to) continue;
      const left = Math.max(g.pixel(from), g.gutter - 2);
      const right = Math.min(g.pixel(to), g.frame.width + 2);
      ctx.globalAlpha = 0.13;
      ctx.fillStyle = colors.fault;
      ctx.fillRect(left, g.faultTop, Math.max(right - left, 1.5), g.frame.height);
      ctx.globalAlpha = 0.7;
      ctx.fillRect(left, g.faultTop, 1, g.frame.height);
      if (to !== Number.POSITIVE_INFINITY) ctx.fillRect(right - 1, g.faultTop, 1, g.frame.height);
      ctx.globalAlpha = 1;
    }
  }

  /** Names take turns on the rows; one that would run into the name before it in its row is left out. */
  function drawFaultNames(): void {
    const free = Array.from({ length: g.faultRows }, () => Number.NEGATIVE_INFINITY);
    ctx.font = `600 ${SMALL}`;
    for (const { label, from, to } of scene.faults) {
      if (to < g.frame.from || from > g.frame.to) continue;
      const left = Math.max(g.pixel(from), g.gutter) + 4;
      const row = free.findIndex((x) => x < left);
      if (row === -1) continue;
      const width = ctx.measureText(label).width;
      free[row] = left + width + 8;
      ctx.fillStyle = colors.back;
      ctx.globalAlpha = 0.75;
      ctx.fillRect(left - 2, g.faultTop + 1 + row * 15, width + 4, 14);
      ctx.globalAlpha = 1;
      ctx.fillStyle = colors.fault;
      ctx.fillText(label, left, g.faultTop + 8 + row * 15);
    }
  }

  function drawTicks(): void {
    const rough = (g.frame.to - g.frame.from) / Math.max((g.frame.width - g.gutter) / 110, 1);
    const power = 10 ** Math.floor(Math.log10(rough));
    const fit = [1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10;
    const step = scene.compressed ? Math.max(fit * power, 1) : fit * power;
    const base = scene.compressed ? 0 : axis.min;
    ctx.font = SMALL;
    ctx.strokeStyle = colors.line;
    ctx.lineWidth = 1;
    ctx.beginPath();
    const first = Math.ceil((Math.max(g.frame.from, axis.min) - base) / step);
    const last = Math.floor((Math.min(g.frame.to, axis.max) - base) / step);
    ctx.fillStyle = colors.quiet;
    for (let i = first; i <= last; i++) {
      const x = Math.round(g.pixel(base + i * step)) + 0.5;
      ctx.moveTo(x, 20);
      ctx.lineTo(x, g.frame.height);
      const time = axis.clockAt(base + i * step);
      const precision = scene.compressed ? timeStep(base + i * step, step) / 10 : step;
      ctx.fillText(g.format.moment(time, precision), x + 3, 12);
    }
    ctx.setLineDash([2, 3]);
    ctx.stroke();
    ctx.setLineDash([]);
  }

  /** How far apart in time two neighbouring ticks of the compressed axis are. */
  function timeStep(x: number, step: number): number {
    const [before, after] = [
      axis.clockAt(x) - axis.clockAt(x - step),
      axis.clockAt(x + step) - axis.clockAt(x),
    ];
    return Math.max(before, after, 1e-9);
  }

  function drawLaneLines(): void {
    const { first, last } = g.seenLanes();
    ctx.beginPath();
    for (let lane = first; lane <= last; lane++) {
      const y = Math.round(g.middleOf(lane)) + 0.5;
      ctx.moveTo(g.gutter, y);
      ctx.lineTo(g.frame.width, y);
    }
    ctx.strokeStyle = colors.line;
    ctx.lineWidth = 1;
    ctx.stroke();
  }

  function drawGutter(): void {
    ctx.fillStyle = colors.back;
    ctx.fillRect(0, g.top, g.gutter, g.frame.height - g.top);
    ctx.fillStyle = colors.line;
    ctx.fillRect(g.gutter - 1, 0, 1, g.frame.height);
    ctx.fillRect(0, g.top - 1, g.frame.width, 1);
    ctx.font = FONT;
    ctx.save();
    ctx.beginPath();
    ctx.rect(0, g.top, g.gutter, g.frame.height - g.top);
    ctx.clip();
    ctx.fillStyle = colors.quiet;
    ctx.textAlign = "right";
    const { first, last } = g.seenLanes();
    for (let lane = first; lane <= last; lane++)
      ctx.fillText(String(g.processAt(lane)), g.gutter - 8, g.middleOf(lane) + 0.5);
    ctx.restore();
    ctx.textAlign = "left";
    ctx.fillStyle = colors.quiet;
    ctx.font = SMALL;
    ctx.fillText("process", 6, 12);
  }
}
