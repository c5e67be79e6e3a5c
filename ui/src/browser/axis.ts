/** A part of a run, milliseconds since time 0. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The one axis of time that all rows of a page share: where they begin, how wide they are, what they show. */
export interface Axis {
  readonly span: Span;
  /** The whole run. */
  readonly whole: Span;
  /** Left of the plots: names, and the scales of charts. */
  readonly gutter: number;
  readonly width: number;
  /** Right of the plots: figures at the cursor; 0 where there is no room, then they stand above. */
  readonly readout: number;
}

export function xOf({ span, width }: Pick<Axis, "span" | "width">, ms: number): number {
  return ((ms - span.from) / Math.max(1e-6, span.to - span.from)) * width;
}

export function msAt({ span, width }: Axis, x: number): number {
  return span.from + (Math.min(Math.max(x, 0), width) / Math.max(1, width)) * (span.to - span.from);
}

const STEPS_MS = [
  0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 10e3, 15e3, 30e3, 60e3,
  120e3, 300e3, 600e3, 1_800e3, 3_600e3, 7_200e3, 14_400e3, 43_200e3, 86_400e3,
];

/** Round moments, far enough from one another for their texts. */
export function ticksOf(
  { span, width }: Axis,
  gap = 90,
): readonly { readonly ms: number; readonly text: string }[] {
  const length = Math.max(1e-3, span.to - span.from);
  const step = STEPS_MS.find((ms) => (ms / length) * width >= gap) ?? length;
  const ticks: { ms: number; text: string }[] = [];
  for (let n = Math.ceil(span.from / step - 1e-9); n * step <= span.to + 1e-9; n++)
    ticks.push({ ms: n * step, text: tickText(n * step, step) });
  return ticks;
}

function tickText(ms: number, step: number): string {
  if (step < 1_000) {
    const digits = step >= 100 ? 1 : step >= 10 ? 2 : step >= 1 ? 3 : 5;
    return `${(ms / 1_000).toFixed(digits)} s`;
  }
  if (step < 60_000 && ms < 600_000) return `${Math.round(ms / 1_000)} s`;
  const seconds = Math.round(ms / 1_000);
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (part: number): string => String(part).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** Within the whole, not narrower than a hundredth of a millisecond. */
export function clampSpan(span: Span, whole: Span): Span {
  const length = Math.min(Math.max(span.to - span.from, 0.01), whole.to - whole.from);
  const from = Math.min(Math.max(span.from, whole.from), whole.to - length);
  return { from, to: from + length };
}

/** Narrower (factor below 1) or wider, around one moment that stays where it is. */
export function zoomSpan(span: Span, whole: Span, factor: number, at: number): Span {
  return clampSpan({ from: at - (at - span.from) * factor, to: at + (span.to - at) * factor }, whole);
}
