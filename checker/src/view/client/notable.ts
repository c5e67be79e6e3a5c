import type { Context2d } from "./dom.js";
import type { Box, Colors, Geometry } from "./geometry.js";

/**
 * The operations that matter: where it broke, what could not come next, the minimal sub-history. Outlined, and named
 * beside their bars where the bars are too narrow. Part of the page's script.
 */
export function createNotable(
  ctx: Context2d,
  g: Geometry,
): { draw(colors: Colors): void; drawNames(colors: Colors): void } {
  const { scene } = g;
  const { partition, axis, marks } = scene;
  const { start } = axis;
  const BOLD = '600 11px system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
  const CHARACTER = 6.4;
  /** With more operations to point out than this, there is no room for their labels. */
  const MANY = 200;
  /** Characters of a label beside its bar, where it covers others. */
  const BESIDE = 30;
  /** A bar with room for so many has the beginning of its label inside. */
  const ENOUGH = 8;
  let colors: Colors;
  return { draw, drawNames };

  function draw(palette: Colors): void {
    colors = palette;
    for (const operation of scene.notable.filter(isSeen)) {
      if (marks.broke[operation] === 1) fill(operation);
      else outline(operation);
    }
  }

  function drawNames(palette: Colors): void {
    colors = palette;
    if (scene.notable.length > MANY) return;
    const seen = scene.notable.filter(isSeen);
    const taken = seen.map((operation) => g.box(operation));
    const broke = seen.filter((operation) => marks.broke[operation] === 1);
    const others = seen.filter((operation) => marks.broke[operation] === 0);
    for (const operation of [...broke, ...others]) name(operation, taken);
  }

  function isSeen(operation: number): boolean {
    if ((start[operation] as number) > g.frame.to || g.reach(operation) < g.frame.from) return false;
    const { y, height } = g.box(operation);
    return y + height >= g.top && y <= g.frame.height;
  }

  /** Where it broke: the only bar that is filled. */
  function fill(operation: number): void {
    const { x, y, width, height } = g.box(operation);
    ctx.fillStyle = colors.invalid;
    ctx.fillRect(x, y, Math.max(width, 4), height);
    if (text(operation).length > roomIn(operation)) return;
    ctx.font = BOLD;
    ctx.fillStyle = colors.back;
    ctx.fillText(text(operation), Math.max(x, g.gutter) + 4, y + height / 2 + 0.5);
  }

  function outline(operation: number): void {
    const { x, y, width, height } = g.box(operation);
    ctx.strokeStyle = colorOf(operation);
    ctx.lineWidth = 2.5;
    ctx.strokeRect(x, y, Math.max(width, 3), height);
  }

  function colorOf(operation: number): string {
    return marks.illegalNext[operation] === 1 || marks.broke[operation] === 1 ? colors.invalid : colors.text;
  }

  function text(operation: number): string {
    const label = g.texts[partition.label[operation] as number] as string;
    return colorOf(operation) === colors.invalid ? `✗ ${label}` : label;
  }

  /** Characters. */
  function roomIn(operation: number): number {
    const { x, width } = g.box(operation);
    return (x + width - Math.max(x, g.gutter) - 8) / CHARACTER;
  }

  /** Beside its bar, unless that covers one of `taken`; where it broke is named in any case. */
  function name(operation: number, taken: Box[]): void {
    const broke = marks.broke[operation] === 1;
    const room = roomIn(operation);
    if (text(operation).length <= room || (!broke && room >= ENOUGH)) return;
    ctx.font = BOLD;
    const whole = text(operation);
    const shown = whole.length > BESIDE ? `${whole.slice(0, BESIDE - 1)}…` : whole;
    const places = placesFor(operation, ctx.measureText(shown).width + 4);
    const place =
      places.find((box) => !taken.some((other) => meet(box, other))) ?? (broke ? places[0] : undefined);
    if (place === undefined) return;
    taken.push(place);
    ctx.globalAlpha = 0.85;
    ctx.fillStyle = colors.back;
    ctx.fillRect(place.x, place.y, place.width, place.height);
    ctx.globalAlpha = 1;
    ctx.fillStyle = colorOf(operation);
    ctx.fillText(shown, place.x + 2, place.y + place.height / 2);
  }

  /** Above, or below; only below where a step's number may be above. Within the view, if the bar is. */
  function placesFor(operation: number, width: number): Box[] {
    const bar = g.box(operation);
    const middle = bar.x + bar.width / 2;
    const right = Math.max(g.frame.width - width, g.gutter);
    const x = Math.min(Math.max(middle - width / 2, g.gutter), right);
    const below = { x, y: bar.y + bar.height + 3, width, height: 12 };
    return scene.stepOf[operation] === -1 ? [{ ...below, y: bar.y - 14 }, below] : [below];
  }

  function meet(one: Box, other: Box): boolean {
    const aside = one.x >= other.x + other.width || other.x >= one.x + one.width;
    return !aside && one.y < other.y + other.height && other.y < one.y + one.height;
  }
}
