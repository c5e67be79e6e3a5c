import type { Context2d, Dom, ElementLike } from "./dom.js";

/** A canvas to draw on in pixels of the page, sharp on any screen. Part of the page's script. */
export interface Surface {
  readonly context: Context2d;
  /** Of this many pixels of the page. */
  fit(width: number, height: number): void;
}

export function createSurface(dom: Dom, canvas: ElementLike): Surface {
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("this browser has no canvas");
  return {
    context,
    fit(width, height) {
      const ratio = dom.devicePixelRatio;
      const [wide, tall] = [Math.round(width * ratio), Math.round(height * ratio)];
      // To set a size, even the same, clears the canvas.
      if (canvas.width !== wide) canvas.width = wide;
      if (canvas.height !== tall) canvas.height = tall;
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
    },
  };
}
