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
    tooltip.style["left"] = `${Math.max(left, 4)}px`;
    const below = bar.y + bar.height + 10;
    const above = bar.y - tooltip.offsetHeight - 16;
    const fits = [below, above].filter((top) => top > 2 && top + tooltip.offsetHeight < height);
    const top = fits.find((y) => !covers(geometry, Math.max(left, 4), y)) ?? fits[0] ?? 2;
    tooltip.style["top"] = `${top}px`;
  }

  /** Whether a tooltip there would hide where it broke. */
  function covers(geometry: Geometry, left: number, top: number): boolean {
    const { brokeAt } = geometry.scene.partition;
    if (brokeAt === -1) return false;
    const { x, y, width, height } = geometry.box(brokeAt);
    const beside = x > left + tooltip.offsetWidth || x + width < left;
    return !beside && y < top + tooltip.offsetHeight && y + height > top;
  }

  function row(text: string): ElementLike {
    const line = dom.document.createElement("div");
    line.textContent = text;
    return line;
  }
}
