import type { PointerTarget } from "./controls.js";
import type { ElementLike } from "./dom.js";
import type { Overview } from "./overview.js";
import type { Scene } from "./scene.js";
import type { Viewport } from "./viewport.js";

/** What the pointer does on the overview: it moves and zooms the view. Part of the page's script. */
export function createStripPointer(
  strip: ElementLike,
  shown: () => { readonly scene: Scene; readonly view: Viewport; readonly overview: Overview },
  redraw: () => void,
): PointerTarget {
  return {
    drag(dx) {
      const { scene, view } = shown();
      const whole = scene.axis.max - scene.axis.min;
      view.pan(((dx / strip.clientWidth) * whole) / (view.to - view.from));
      redraw();
    },
    zoom(factor) {
      const { view } = shown();
      view.zoom(factor, (view.from + view.to) / 2);
      redraw();
    },
    scroll(dx) {
      shown().view.pan(dx / strip.clientWidth);
      redraw();
    },
    hover() {},
    leave() {},
    click(x) {
      const { view, overview } = shown();
      const middle = overview.placeAt(x, strip.clientWidth);
      const half = (view.to - view.from) / 2;
      view.show(middle - half, middle + half);
      redraw();
    },
  };
}
