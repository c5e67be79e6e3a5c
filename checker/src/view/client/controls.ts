import type { Dom, ElementLike, EventLike } from "./dom.js";

/** What people can do, by keyboard and by the buttons with the same `data-command`. */
export interface Command {
  readonly id: string;
  /** As KeyboardEvent.key says; the first ones are shown in the help. */
  readonly keys: readonly string[];
  readonly text: string;
  run(): void;
}

/** What the pointer does, in pixels of the canvas. */
export interface PointerTarget {
  drag(dx: number, dy: number): void;
  /** A factor under 1 shows less. */
  zoom(factor: number, x: number): void;
  scroll(dx: number): void;
  hover(x: number, y: number): void;
  leave(): void;
  click(x: number, y: number): void;
}

/** Part of the page's script. */
export function createControls(dom: Dom): {
  keyboard(commands: readonly Command[]): void;
  pointer(canvas: ElementLike, target: PointerTarget): void;
} {
  return { keyboard, pointer };

  function keyboard(commands: readonly Command[]): void {
    const byKey = new Map(commands.flatMap((command) => command.keys.map((key) => [key, command] as const)));
    dom.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const tag = event.target?.tagName ?? "";
      if (tag === "SELECT" || tag === "INPUT") return;
      const command = byKey.get(event.shiftKey && event.key.length > 1 ? `Shift+${event.key}` : event.key);
      if (command === undefined) return;
      event.preventDefault();
      command.run();
    });
    for (const command of commands) {
      const button = dom.document.getElementById(command.id);
      if (button === null) continue;
      button.title = `${command.text} (${command.keys[0] ?? ""})`;
      button.addEventListener("click", () => command.run());
    }
  }

  function pointer(canvas: ElementLike, target: PointerTarget): void {
    const down = new Map<number, { readonly x: number; readonly y: number }>();
    let moved = 0;
    const placeOf = (event: EventLike): { x: number; y: number } => {
      const { left, top } = canvas.getBoundingClientRect();
      return { x: event.clientX - left, y: event.clientY - top };
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      down.set(event.pointerId, placeOf(event));
      if (down.size === 1) moved = 0;
    });
    canvas.addEventListener("pointermove", (event) => {
      const place = placeOf(event);
      const before = down.get(event.pointerId);
      if (before === undefined) return target.hover(place.x, place.y);
      moved += Math.abs(place.x - before.x) + Math.abs(place.y - before.y);
      if (down.size === 2) pinch(event.pointerId, before, place);
      else if (moved > 3) target.drag(place.x - before.x, place.y - before.y);
      down.set(event.pointerId, place);
    });
    const up = (event: EventLike): void => {
      const place = down.get(event.pointerId);
      down.delete(event.pointerId);
      if (place !== undefined && moved <= 3 && down.size === 0) target.click(place.x, place.y);
    };
    canvas.addEventListener("pointerup", up);
    canvas.addEventListener("pointercancel", (event) => down.delete(event.pointerId));
    canvas.addEventListener("pointerleave", () => target.leave());
    canvas.addEventListener("wheel", (event) => wheel(event, placeOf(event).x), { passive: false });

    function pinch(id: number, before: { readonly x: number }, now: { readonly x: number }): void {
      const other = [...down].find(([key]) => key !== id)?.[1];
      if (other === undefined) return;
      const wide = (x: number): number => Math.max(Math.abs(x - other.x), 12);
      moved += 4;
      target.zoom(wide(before.x) / wide(now.x), (before.x + other.x) / 2);
    }

    function wheel(event: EventLike, x: number): void {
      event.preventDefault();
      const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1;
      const sideways = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX;
      if (Math.abs(sideways) > Math.abs(event.deltaY) || event.shiftKey)
        return target.scroll(sideways * unit);
      target.zoom(Math.exp(Math.min(Math.max(event.deltaY * unit, -240), 240) * 0.002), x);
    }
  }
}
