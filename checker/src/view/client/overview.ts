import type { Context2d } from "./dom.js";
import type { Colors } from "./geometry.js";
import type { Scene } from "./scene.js";

export interface Overview {
  draw(width: number, height: number, from: number, to: number, colors: Colors): void;
  /** The place on the axis that lies at a pixel. */
  placeAt(x: number, width: number): number;
}

/** The whole history on a strip: how many calls a pixel has, faults, and where it broke. Part of the page's script. */
export function createOverview(ctx: Context2d, scene: Scene): Overview {
  const { axis, partition, marks } = scene;
  const span = axis.max - axis.min;
  let counted = new Float64Array(0);
  return { draw, placeAt: (x, width) => axis.min + (x / width) * span };

  function draw(width: number, height: number, from: number, to: number, colors: Colors): void {
    const at = (x: number): number => ((x - axis.min) / span) * width;
    if (counted.length !== Math.ceil(width)) counted = count(Math.ceil(width));
    ctx.fillStyle = colors.panel;
    ctx.fillRect(0, 0, width, height);
    drawFaults(width, height, at, colors);
    ctx.fillStyle = colors.quiet;
    ctx.globalAlpha = 0.55;
    for (let x = 0; x < counted.length; x++) {
      const tall = (counted[x] as number) * (height - 8);
      if (tall > 0) ctx.fillRect(x, height - tall, 1, tall);
    }
    ctx.globalAlpha = 1;
    ctx.fillStyle = colors.text;
    for (const operation of partition.minimal)
      ctx.fillRect(at(axis.start[operation] as number) - 1, height - 5, 2, 5);
    ctx.fillStyle = colors.invalid;
    for (const operation of scene.notable) {
      if (marks.broke[operation] === 0) continue;
      const x = Math.min(at(axis.end[operation] as number), width - 2);
      ctx.fillRect(x - 1.5, 0, 3, height);
    }
    const left = Math.max(at(from), 0);
    const right = Math.min(at(to), width);
    ctx.globalAlpha = 0.14;
    ctx.fillStyle = colors.focus;
    ctx.fillRect(left, 0, right - left, height);
    ctx.globalAlpha = 1;
    ctx.strokeStyle = colors.focus;
    ctx.lineWidth = 1.5;
    ctx.strokeRect(left + 1, 1, Math.max(right - left - 2, 2), height - 2);
  }

  function drawFaults(width: number, height: number, at: (x: number) => number, colors: Colors): void {
    ctx.globalAlpha = 0.25;
    ctx.fillStyle = colors.fault;
    for (const { from, to } of scene.faults) {
      const left = Math.max(at(from), 0);
      ctx.fillRect(left, 0, Math.max(Math.min(at(to), width) - left, 1), height);
    }
    ctx.globalAlpha = 1;
  }

  /** Calls by pixel, as shares of the largest number. */
  function count(pixels: number): Float64Array<ArrayBuffer> {
    const counts = new Float64Array(pixels);
    for (const start of axis.start) {
      const x = Math.min(Math.floor(((start - axis.min) / span) * pixels), pixels - 1);
      counts[x] = (counts[x] as number) + 1;
    }
    const most = Math.max(
      1,
      counts.reduce((a, b) => Math.max(a, b), 0),
    );
    return counts.map((calls) => calls / most);
  }
}
