import type { Dom, ElementLike, EventLike } from "./dom.js";

/** What the pointer does, in pixels of the canvas. */
export interface PointerTarget {
  drag(dx: number): void;
  /** A factor under 1 shows less. */
  zoom(factor: number, x: number): void;
  /** Sideways. */
  scroll(dx: number): void;
  hover(x: number, y: number): void;
  leave(): void;
}

export interface Controls {
  /** By key, and by the button with the same name in `data-key`. */
  keys(dom: Dom, actions: Readonly<Record<string, () => void>>): void;
  pointer(canvas: ElementLike, target: PointerTarget): void;
}

/** Part of the page's script. */
export function createControls(): Controls {
  return { keys, pointer };

  function keys(dom: Dom, actions: Readonly<Record<string, () => void>>): void {
    dom.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target?.tagName === "INPUT") return;
      const action = actions[event.key];
      if (action === undefined) return;
      event.preventDefault();
      action();
    });
    for (const [key, action] of Object.entries(actions))
      dom.document.getElementById(`key-${key}`)?.addEventListener("click", action);
  }

  function pointer(canvas: ElementLike, target: PointerTarget): void {
    const down = new Map<number, number>();
    const place = ({ clientX, clientY }: EventLike): readonly [number, number] => {
      const { left, top } = canvas.getBoundingClientRect();
      return [clientX - left, clientY - top];
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      down.set(event.pointerId, place(event)[0]);
    });
    canvas.addEventListener("pointermove", (event) => {
      const [x, y] = place(event);
      const before = down.get(event.pointerId);
      if (before === undefined) return target.hover(x, y);
      const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
      const apart = (at: number): number => Math.max(Math.abs(at - (other ?? at)), 12);
      if (other === undefined) target.drag(x - before);
      else target.zoom(apart(before) / apart(x), (before + other) / 2);
      down.set(event.pointerId, x);
    });
    const up = (event: EventLike): void => void down.delete(event.pointerId);
    canvas.addEventListener("pointerup", up);
    canvas.addEventListener("pointercancel", up);
    canvas.addEventListener("pointerleave", () => target.leave());
    canvas.addEventListener("wheel", (event) => wheel(event, place(event)[0], target), { passive: false });
  }

  /** With Ctrl or a pinch it zooms, sideways or with Shift it moves; alone it zooms too, for there is no further page. */
  function wheel(event: EventLike, x: number, target: PointerTarget): void {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1;
    const sideways = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX;
    if (event.shiftKey || Math.abs(sideways) > Math.abs(event.deltaY)) return target.scroll(sideways * unit);
    target.zoom(Math.exp(Math.min(Math.max(event.deltaY * unit, -240), 240) * 0.002), x);
  }
}
