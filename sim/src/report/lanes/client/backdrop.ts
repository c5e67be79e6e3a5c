import type { Context2d } from "./dom.js";
import type { Frame, Painter } from "./scene.js";

/** Under the lanes: the axis, phases, faults. Over them: the failure, and what each lane is. Part of the page's script. */
export function createBackdrop(): { readonly under: Painter; readonly over: Painter } {
  const SMALL = '11px system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
  return {
    under(ctx, frame) {
      ctx.fillStyle = frame.colors.back;
      ctx.fillRect(0, 0, frame.width, frame.layout.height);
      ctx.font = SMALL;
      ctx.textBaseline = "alphabetic";
      ctx.textAlign = "left";
      faults(ctx, frame);
      ticks(ctx, frame);
      phases(ctx, frame);
      laneLines(ctx, frame);
    },
    over(ctx, frame) {
      ctx.font = SMALL;
      faultNames(ctx, frame);
      moments(ctx, frame);
      failure(ctx, frame);
      gutter(ctx, frame);
    },
  };

  function ticks(ctx: Context2d, { view, layout, width, colors, scale }: Frame): void {
    const rough = (view.to - view.from) / Math.max((width - layout.gutter) / 110, 1);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
    const digits = Math.max(0, -Math.floor(Math.log10(step / 1_000)));
    ctx.strokeStyle = colors.line;
    ctx.fillStyle = colors.quiet;
    ctx.lineWidth = 1;
    ctx.setLineDash([2, 3]);
    ctx.beginPath();
    for (let at = Math.max(0, Math.ceil(view.from / step)); at * step <= view.to; at++) {
      const x = Math.round(scale.x(at * step)) + 0.5;
      ctx.moveTo(x, 18);
      ctx.lineTo(x, layout.height);
      ctx.fillText(`${((at * step) / 1_000).toFixed(digits)} s`, x + 3, 12);
    }
    ctx.stroke();
    ctx.setLineDash([]);
  }

  function phases(ctx: Context2d, { data, layout, view, colors, scale }: Frame): void {
    let taken = Number.NEGATIVE_INFINITY;
    for (const { atMs, name } of data.phases) {
      if (atMs < view.from || atMs > view.to) continue;
      const x = Math.round(scale.x(atMs)) + 0.5;
      ctx.strokeStyle = colors.quiet;
      ctx.beginPath();
      ctx.moveTo(x, 16);
      ctx.lineTo(x, layout.height);
      ctx.stroke();
      if (x < taken) continue;
      taken = x + 6 + ctx.measureText(name).width;
      ctx.fillStyle = colors.quiet;
      ctx.fillText(name, x + 3, layout.laneTop - 3);
    }
  }

  function faults(ctx: Context2d, frame: Frame): void {
    const { data, layout, view, colors, scale } = frame;
    data.faults.forEach(({ fromMs, toMs, nodes }, index) => {
      if (toMs < view.from || fromMs > view.to) return;
      const left = Math.max(scale.x(fromMs), layout.gutter - 2);
      const wide = Math.max(Math.min(scale.x(toMs), frame.width + 2) - left, 1.5);
      const top = layout.faultTop + (layout.faultRows[index] as number) * layout.faultRow;
      ctx.fillStyle = colors.fault;
      ctx.globalAlpha = 0.1;
      // Over the lanes of the nodes that it names, or over all.
      if (nodes.length === 0)
        ctx.fillRect(left, layout.laneTop, wide, layout.clientTop - 24 - layout.laneTop);
      for (const node of nodes) ctx.fillRect(left, layout.top(node), wide, layout.laneHeight);
      ctx.globalAlpha = 0.3;
      ctx.fillRect(left, top, wide, layout.faultRow - 2);
      ctx.globalAlpha = 1;
    });
  }

  /** In its band, as far as it has room, beginning where it comes into view. */
  function faultNames(ctx: Context2d, frame: Frame): void {
    const { data, layout, view, colors, scale } = frame;
    ctx.fillStyle = colors.text;
    data.faults.forEach(({ fromMs, toMs, text }, index) => {
      if (toMs < view.from || fromMs > view.to) return;
      const left = Math.max(scale.x(fromMs), layout.gutter) + 4;
      const room = Math.min(scale.x(toMs), frame.width) - left;
      if (room < 20) return;
      const top = layout.faultTop + (layout.faultRows[index] as number) * layout.faultRow;
      ctx.save();
      ctx.beginPath();
      ctx.rect(left, top, room, layout.faultRow);
      ctx.clip();
      ctx.fillText(text, left, top + 11.5);
      ctx.restore();
    });
  }

  /** A notch for each moment at which a fault struck or was mended. */
  function moments(ctx: Context2d, { data, layout, view, colors, scale }: Frame): void {
    ctx.fillStyle = colors.fault;
    for (const { atMs } of data.moments) {
      if (atMs < view.from || atMs > view.to) continue;
      const x = scale.x(atMs);
      ctx.beginPath();
      ctx.moveTo(x - 4, layout.axisHeight - 4);
      ctx.lineTo(x + 4, layout.axisHeight - 4);
      ctx.lineTo(x, layout.axisHeight + 3);
      ctx.fill();
    }
  }

  function laneLines(ctx: Context2d, { data, layout, width, colors }: Frame): void {
    ctx.strokeStyle = colors.line;
    ctx.beginPath();
    for (let node = 0; node <= data.nodes.length; node++) {
      ctx.moveTo(0, layout.top(node) + 0.5);
      ctx.lineTo(width, layout.top(node) + 0.5);
    }
    ctx.stroke();
  }

  function failure(ctx: Context2d, frame: Frame): void {
    const { data, layout, view, colors, scale } = frame;
    if (data.failure === null) return;
    const { atMs, text } = data.failure;
    if (atMs < view.from || atMs > view.to) return;
    const x = scale.x(atMs);
    ctx.fillStyle = colors.invalid;
    ctx.fillRect(x - 1, 0, 2, layout.height);
    const label = `✗ ${text.length > 90 ? `${text.slice(0, 90)}…` : text}`;
    ctx.font = `600 ${SMALL}`;
    const wide = ctx.measureText(label).width + 10;
    const left = x + wide > frame.width ? Math.max(x - wide, layout.gutter) : x;
    const top = layout.clientTop - 20;
    ctx.fillRect(left, top, wide, 16);
    ctx.fillStyle = colors.back;
    ctx.fillText(label, left + 5, top + 12);
  }

  function gutter(ctx: Context2d, { data, layout, colors }: Frame): void {
    ctx.fillStyle = colors.back;
    ctx.fillRect(0, 0, layout.gutter - 4, layout.height);
    ctx.strokeStyle = colors.line;
    ctx.strokeRect(layout.gutter - 3.5, -1, 0, layout.height + 2);
    ctx.font = `600 13px ${SMALL.slice(5)}`;
    ctx.fillStyle = colors.text;
    data.nodes.forEach(({ name }, node) => ctx.fillText(name, 8, layout.top(node) + 27));
    ctx.font = SMALL;
    ctx.fillStyle = colors.quiet;
    data.nodes.forEach((_, node) =>
      ctx.fillText("commit", 8, layout.top(node) + layout.commitTop + layout.commitHeight / 2 + 4),
    );
    if (data.faults.length > 0) ctx.fillText("faults", 8, layout.faultTop + 11.5);
    ctx.fillText("clients", 8, layout.clientTop + 10);
  }
}
