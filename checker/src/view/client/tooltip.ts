import type { Dom, ElementLike } from "./dom.js";
import type { Geometry } from "./geometry.js";
import type { Words } from "./words.js";

export interface Tooltip {
  /** Beside the bar of an operation; -1, or a bar that is not seen: no tooltip. */
  place(geometry: Geometry, words: Words, operation: number): void;
}

/** Part of the page's script. */
export function createTooltip(dom: Dom, tooltip: ElementLike): Tooltip {
  return { place };

  function place(geometry: Geometry, words: Words, operation: number): void {
    const { width, height } = geometry.frame;
    const bar = operation === -1 ? undefined : geometry.box(operation);
    const isSeen =
      bar !== undefined &&
      bar.x <= width &&
      bar.x + bar.width >= geometry.gutter &&
      bar.y + bar.height >= geometry.top &&
      bar.y <= height;
    tooltip.hidden = !isSeen;
    if (!isSeen) return;
    tooltip.replaceChildren(...words.operation(operation).map(row));
    const left = Math.min(Math.max(bar.x, geometry.gutter), width - tooltip.offsetWidth - 8);
    const below = bar.y + bar.height + 10;
    const fits = below + tooltip.offsetHeight < height;
    tooltip.style["left"] = `${Math.max(left, 4)}px`;
    tooltip.style["top"] = `${fits ? below : Math.max(bar.y - tooltip.offsetHeight - 16, 2)}px`;
  }

  function row(text: string): ElementLike {
    const line = dom.document.createElement("div");
    line.textContent = text;
    return line;
  }
}
