import type { NodeLane, Stretch } from "../data.js";
import type { Context2d } from "./dom.js";
import type { below } from "./scene.js";
import type { Frame, Painter } from "./scene.js";

/** The lanes of the nodes: role and term, pauses, the commit index, syncs, starts and ends. Part of the page's script. */
export function createNodes(parts: { readonly below: typeof below }): Painter {
  const SMALL = '11px system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
  const MAX_SYNCS = 600;
  /** A role is told by the height of its band, too. */
  const HEIGHT = { down: 0.12, follower: 0.45, "pre-candidate": 0.7, candidate: 0.85, leader: 1 };
  return (ctx, frame) => {
    ctx.font = SMALL;
    const [least, most] = commitRange(frame);
    frame.data.nodes.forEach((lane, node) => {
      const top = frame.layout.top(node);
      stretches(ctx, frame, lane, top + frame.layout.bandTop);
      pauses(ctx, frame, lane, top + frame.layout.bandTop);
      commits(ctx, frame, lane, top + frame.layout.commitTop, least, most);
      syncs(ctx, frame, lane, top + frame.layout.laneHeight - 9);
      marks(ctx, frame, lane, top + frame.layout.bandTop);
    });
  };

  function stretches(ctx: Context2d, frame: Frame, lane: NodeLane, top: number): void {
    const { view, layout, colors, scale } = frame;
    const fill = {
      down: colors.quiet,
      follower: colors.append,
      "pre-candidate": colors.unknown,
      candidate: colors.unknown,
      leader: colors.valid,
    };
    let labelledTo = layout.gutter;
    let term = -1;
    for (const stretch of lane.stretches) {
      const isNew = stretch.term !== term && stretch.state !== "down";
      if (isNew) ({ term } = stretch);
      if (stretch.toMs < view.from || stretch.fromMs > view.to) continue;
      const left = Math.max(scale.x(stretch.fromMs), layout.gutter - 2);
      const wide = Math.max(Math.min(scale.x(stretch.toMs), frame.width + 2) - left, 1);
      const tall = layout.bandHeight * HEIGHT[stretch.state];
      ctx.globalAlpha = stretch.state === "follower" ? 0.45 : 1;
      ctx.fillStyle = fill[stretch.state];
      ctx.fillRect(left, top + layout.bandHeight - tall, wide, tall);
      ctx.globalAlpha = 1;
      labelledTo = label(ctx, frame, stretch, left, wide, top, labelledTo, isNew);
    }
  }

  /** The role where it has room; the term where it is new. Returns how far the labels go. */
  function label(
    ctx: Context2d,
    { colors, layout }: Frame,
    { state, term }: Stretch,
    left: number,
    wide: number,
    top: number,
    taken: number,
    isNew: boolean,
  ): number {
    const words = state === "down" ? "down" : `${state} ${term}`;
    const room = ctx.measureText(words).width;
    const x = Math.max(left, layout.gutter) + 4;
    const isInside = state === "leader" || state.endsWith("candidate");
    if (wide - (x - left) > room + 4 && (isInside || x >= taken)) {
      ctx.fillStyle = isInside ? colors.back : colors.text;
      ctx.fillText(words, x, isInside ? top + (state === "leader" ? 13 : 15.5) : top + 7);
      return isInside ? taken : x + room;
    }
    const short = `t${term}`;
    if (left < taken || !isNew || term === 0) return taken;
    ctx.fillStyle = colors.quiet;
    ctx.fillText(short, left + 1, top - 1);
    return left + ctx.measureText(short).width + 4;
  }

  function pauses(
    ctx: Context2d,
    { view, layout, colors, scale, width }: Frame,
    lane: NodeLane,
    top: number,
  ): void {
    for (const { fromMs, toMs } of lane.pauses) {
      if (toMs < view.from || fromMs > view.to) continue;
      const left = Math.max(scale.x(fromMs), layout.gutter - 2);
      const right = Math.min(scale.x(toMs), width + 2);
      ctx.save();
      ctx.beginPath();
      ctx.rect(left, top, Math.max(right - left, 1.5), layout.bandHeight);
      ctx.clip();
      ctx.globalAlpha = 0.75;
      ctx.fillStyle = colors.back;
      ctx.fillRect(left, top, right - left, layout.bandHeight);
      ctx.globalAlpha = 1;
      ctx.strokeStyle = colors.text;
      ctx.lineWidth = 1.5;
      ctx.beginPath();
      for (let x = left - 20 - (left % 7); x < right; x += 7) {
        ctx.moveTo(x, top + layout.bandHeight);
        ctx.lineTo(x + layout.bandHeight, top);
      }
      ctx.stroke();
      ctx.lineWidth = 1;
      ctx.restore();
      if (right - left > 60) {
        ctx.fillStyle = colors.back;
        ctx.fillRect(left + 6, top + 3, 46, 13);
        ctx.fillStyle = colors.text;
        ctx.fillText("paused", left + 10, top + 13);
      }
    }
  }

  /** Of all nodes in view, so that their lines can be compared. */
  function commitRange({ data, view }: Frame): readonly [number, number] {
    let [least, most] = [Number.POSITIVE_INFINITY, 0];
    for (const { commitAt, commit } of data.nodes) {
      const first = Math.max(parts.below(commitAt, view.from) - 1, 0);
      const end = parts.below(commitAt, view.to);
      for (let at = first; at < end; at++) {
        const index = commit[at] as number;
        // After a restart a node knows nothing to be committed: that would flatten all the rest.
        if (index > 0) least = Math.min(least, index);
        most = Math.max(most, index);
      }
    }
    return [Math.min(least, most), Math.max(most, 1)];
  }

  function commits(
    ctx: Context2d,
    { view, layout, colors, scale, width }: Frame,
    { commitAt, commit }: NodeLane,
    top: number,
    least: number,
    most: number,
  ): void {
    const y = (index: number): number =>
      top + layout.commitHeight * (1 - Math.max(index - least, 0) / Math.max(most - least, 1));
    const end = parts.below(commitAt, view.to);
    let at = Math.max(parts.below(commitAt, view.from) - 1, 0);
    if (at >= end) return;
    ctx.strokeStyle = colors.order;
    ctx.lineWidth = 1.3;
    ctx.beginPath();
    ctx.moveTo(Math.max(scale.x(commitAt[at] as number), layout.gutter), y(commit[at] as number));
    let last = commit[at] as number;
    // One step a pixel: more cannot be seen.
    for (at += 1; at < end; ) {
      const x = scale.x(commitAt[at] as number);
      ctx.lineTo(x, y(last));
      at = Math.min(Math.max(at + 1, parts.below(commitAt, scale.time(x + 1))), end);
      last = commit[at - 1] as number;
      ctx.lineTo(x, y(last));
    }
    ctx.lineTo(Math.min(scale.x(view.to), width), y(last));
    ctx.stroke();
    ctx.lineWidth = 1;
    ctx.fillStyle = colors.order;
    ctx.textAlign = "right";
    // Below the line where above is no room.
    ctx.fillText(String(last), width - 4, y(last) < top + 12 ? y(last) + 11 : y(last) - 3);
    ctx.textAlign = "left";
  }

  /** A dash as long as the disk took. */
  function syncs(
    ctx: Context2d,
    { view, colors, scale }: Frame,
    { syncAt, syncMs }: NodeLane,
    y: number,
  ): void {
    const [first, end] = [parts.below(syncAt, view.from), parts.below(syncAt, view.to)];
    if (end - first > MAX_SYNCS) return;
    ctx.fillStyle = colors.quiet;
    for (let at = first; at < end; at++) {
      const [done, took] = [syncAt[at] as number, syncMs[at] as number];
      ctx.fillRect(scale.x(done - took), y, Math.max(scale.x(done) - scale.x(done - took), 1), 2);
      ctx.fillRect(scale.x(done) - 1, y - 2, 1.5, 6);
    }
  }

  function marks(ctx: Context2d, { view, layout, colors, scale }: Frame, lane: NodeLane, top: number): void {
    let taken = Number.NEGATIVE_INFINITY;
    for (const { atMs, kind } of lane.marks) {
      if (atMs < view.from || atMs > view.to) continue;
      const x = scale.x(atMs);
      if (x < taken) continue;
      taken = x + 3;
      const y = top + layout.bandHeight;
      ctx.fillStyle =
        kind === "started" ? colors.valid : kind === "stopped" ? colors.invalid : colors.unknown;
      if (kind === "stopped") ctx.fillRect(x - 1, top - 3, 2, layout.bandHeight + 6);
      ctx.beginPath();
      ctx.moveTo(x - 5, y + 8);
      if (kind !== "stopped") ctx.lineTo(x, y + 1);
      ctx.lineTo(x + 5, y + 8);
      if (kind !== "started") ctx.lineTo(x, y + 15);
      ctx.fill();
    }
  }
}
