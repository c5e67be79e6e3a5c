/** The stretch of time that is seen. It stays within the trace and a margin. */
export interface Viewport {
  readonly from: number;
  readonly to: number;
  show(from: number, to: number): void;
  /** Moves by a share of what is seen. */
  pan(share: number): void;
  /** A factor under 1 shows less; the time `at` stays where it is. */
  zoom(factor: number, at: number): void;
}

/** Part of the page's script. */
export function createViewport(endMs: number): Viewport {
  const NARROWEST_MS = 0.05;
  const margin = endMs * 0.01;
  const [first, last] = [-margin, endMs + margin];
  let [from, to] = [first, last];
  return {
    get from() {
      return from;
    },
    get to() {
      return to;
    },
    show,
    pan(share) {
      const by = (to - from) * share;
      show(from + by, to + by);
    },
    zoom(factor, at) {
      const span = Math.min(Math.max((to - from) * factor, NARROWEST_MS), last - first);
      const share = (at - from) / (to - from);
      show(at - span * share, at + span * (1 - share));
    },
  };

  function show(a: number, b: number): void {
    const span = Math.min(Math.max(b - a, NARROWEST_MS), last - first);
    from = Math.min(Math.max((a + b) / 2 - span / 2, first), last - span);
    to = from + span;
  }
}
