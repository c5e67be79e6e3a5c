import type { Context2d } from "./dom.js";
import type { below } from "./scene.js";
import type { Frame } from "./scene.js";

export interface Messages {
  /** Draws the arrows where they are few enough; returns how many are in view. */
  draw(ctx: Context2d, frame: Frame): number;
  /** Whether they were few enough. */
  areDrawn(): boolean;
  /** The drawn arrow that is nearest to a pixel, or -1. */
  near(x: number, y: number): number;
}

/** Messages as arrows from lane to lane. Part of the page's script. */
export function createMessages(parts: { readonly below: typeof below }): Messages {
  const MAX_ARROWS = 700;
  const MAX_LABELS = 40;
  const NEAR = 5;
  const STUB = 14;
  const SMALL = '10.5px system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
  type Arrow = { index: number; x1: number; y1: number; x2: number; y2: number };
  let arrows: Arrow[] = [];
  /** Where labels stand already. */
  let labelled: { x: number; y: number; wide: number }[] = [];
  let longest = -1;
  let areFew = true;
  return { draw, near, areDrawn: () => areFew };

  function draw(ctx: Context2d, frame: Frame): number {
    const visible = inView(frame);
    areFew = visible.length <= MAX_ARROWS;
    arrows = !areFew ? [] : visible.map((index) => arrowOf(frame, index));
    for (const arrow of arrows) paint(ctx, frame, arrow, isHovered(frame, arrow));
    labelled = [];
    if (arrows.length <= MAX_LABELS) for (const arrow of arrows) label(ctx, frame, arrow);
    return visible.length;
  }

  function isHovered({ hovered }: Frame, { index }: Arrow): boolean {
    return hovered?.kind === "message" && hovered.index === index;
  }

  function inView({ data, view, shown }: Frame): number[] {
    const { sentAt, endAt, kind } = data.messages;
    if (longest < 0)
      longest = sentAt.reduce((most, sent, at) => Math.max(most, (endAt[at] as number) - sent), 0);
    const found: number[] = [];
    const end = parts.below(sentAt, view.to);
    for (let at = parts.below(sentAt, view.from - longest); at < end; at++) {
      if ((endAt[at] as number) >= view.from && shown[kind[at] as number] === true) found.push(at);
    }
    return found;
  }

  function arrowOf({ data, layout, scale }: Frame, index: number): Arrow {
    const { sentAt, endAt, from, to } = data.messages;
    const [source, target] = [from[index] as number, to[index] as number];
    const isDown = target > source;
    const edge = (node: number, isBottom: boolean): number =>
      layout.top(node) + layout.bandTop + (isBottom ? layout.bandHeight : 0);
    const [y1, y2] = [edge(source, isDown), edge(target, !isDown)];
    const [x1, x2] = [scale.x(sentAt[index] as number), scale.x(endAt[index] as number)];
    // What was lost where it stood never came far.
    if (sentAt[index] === endAt[index] && data.messages.lost[index] === 1)
      return { index, x1, y1, x2: x1 + STUB / 2, y2: y1 + (isDown ? STUB : -STUB) };
    return { index, x1, y1, x2, y2 };
  }

  function colorOf({ data, colors }: Frame, index: number): string {
    if (data.messages.lost[index] === 1) return colors.invalid;
    return [colors.append, colors.quiet, colors.order, colors.other][
      data.messages.kind[index] as number
    ] as string;
  }

  function paint(ctx: Context2d, frame: Frame, { index, x1, y1, x2, y2 }: Arrow, isChosen: boolean): void {
    const isLost = frame.data.messages.lost[index] === 1;
    const color = isChosen ? frame.colors.focus : colorOf(frame, index);
    ctx.strokeStyle = color;
    ctx.fillStyle = color;
    ctx.lineWidth = isChosen ? 2.5 : 1;
    // What is under way all the time that is seen (its receiver is paused) stays in the background.
    const isWaiting = x1 < frame.layout.gutter && x2 > frame.width;
    ctx.globalAlpha = isChosen ? 1 : isWaiting ? 0.2 : 0.8;
    if (isLost) ctx.setLineDash([4, 3]);
    ctx.beginPath();
    ctx.moveTo(x1, y1);
    ctx.lineTo(x2, y2);
    ctx.stroke();
    ctx.setLineDash([]);
    if (isLost) cross(ctx, x2, y2);
    else head(ctx, x1, y1, x2, y2);
    ctx.globalAlpha = 1;
    ctx.lineWidth = 1;
  }

  function cross(ctx: Context2d, x: number, y: number): void {
    ctx.beginPath();
    ctx.moveTo(x - 3.5, y - 3.5);
    ctx.lineTo(x + 3.5, y + 3.5);
    ctx.moveTo(x - 3.5, y + 3.5);
    ctx.lineTo(x + 3.5, y - 3.5);
    ctx.stroke();
  }

  function head(ctx: Context2d, x1: number, y1: number, x2: number, y2: number): void {
    const length = Math.hypot(x2 - x1, y2 - y1);
    if (length < 4) return;
    const [dx, dy] = [(x2 - x1) / length, (y2 - y1) / length];
    ctx.beginPath();
    ctx.moveTo(x2, y2);
    ctx.lineTo(x2 - 7 * dx + 3 * dy, y2 - 7 * dy - 3 * dx);
    ctx.lineTo(x2 - 7 * dx - 3 * dy, y2 - 7 * dy + 3 * dx);
    ctx.fill();
  }

  /** At a third of the way, on a ground of its own. */
  function label(ctx: Context2d, frame: Frame, { index, x1, y1, x2, y2 }: Arrow): void {
    const text = (frame.data.texts[frame.data.messages.text[index] as number] ?? "").replace(
      /^term \d+: |^\[term \d+\] /,
      "",
    );
    const short = text.length > 34 ? `${text.slice(0, 33)}…` : text;
    ctx.font = SMALL;
    const wide = ctx.measureText(short).width;
    const [x, y] = [x1 + (x2 - x1) * 0.3 + 4, y1 + (y2 - y1) * 0.3];
    const isTaken = labelled.some(
      (other) => Math.abs(other.y - y) < 12 && x < other.x + other.wide + 6 && other.x < x + wide + 6,
    );
    if (isTaken) return;
    labelled.push({ x, y, wide });
    ctx.globalAlpha = 0.8;
    ctx.fillStyle = frame.colors.back;
    ctx.fillRect(x - 2, y - 8, wide + 4, 12);
    ctx.globalAlpha = 1;
    ctx.fillStyle = colorOf(frame, index);
    ctx.fillText(short, x, y + 1);
  }

  function near(x: number, y: number): number {
    let [best, least] = [-1, NEAR * NEAR];
    for (const { index, x1, y1, x2, y2 } of arrows) {
      const [dx, dy] = [x2 - x1, y2 - y1];
      const share = Math.min(Math.max(((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy || 1), 0), 1);
      const distance = (x - x1 - share * dx) ** 2 + (y - y1 - share * dy) ** 2;
      if (distance >= least) continue;
      [best, least] = [index, distance];
    }
    return best;
  }
}
