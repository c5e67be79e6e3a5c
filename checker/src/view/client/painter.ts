import type { createBackdrop } from "./backdrop.js";
import type { createBars } from "./bars.js";
import type { Context2d } from "./dom.js";
import type { Colors, Geometry } from "./geometry.js";
import type { createOverlay, OverlayParts } from "./overlay.js";

export interface PainterParts extends OverlayParts {
  readonly createBackdrop: typeof createBackdrop;
  readonly createBars: typeof createBars;
  readonly createOverlay: typeof createOverlay;
}

/** Draws the frame that the geometry was given, and returns how many bars are in it. Part of the page's script. */
export function createPainter(
  parts: PainterParts,
  ctx: Context2d,
  g: Geometry,
): { draw(colors: Colors): number } {
  const backdrop = parts.createBackdrop(ctx, g);
  const bars = parts.createBars(ctx, g);
  const overlay = parts.createOverlay(parts, ctx, g);
  return {
    draw(colors) {
      ctx.textBaseline = "middle";
      ctx.textAlign = "left";
      backdrop.drawUnder(colors);
      ctx.save();
      ctx.beginPath();
      ctx.rect(g.gutter, g.top, g.frame.width - g.gutter, g.frame.height - g.top);
      ctx.clip();
      const drawn = bars.draw(colors);
      overlay.draw(colors);
      ctx.restore();
      backdrop.drawOver(colors);
      return drawn;
    },
  };
}
