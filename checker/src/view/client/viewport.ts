export interface Viewport {
  readonly from: number;
  readonly to: number;
  /** Shows a stretch, as far as the limits allow. */
  show(from: number, to: number): void;
  /** Moves by a share of what is seen. */
  pan(share: number): void;
  /** A factor under 1 shows less; the place `at` stays where it is. */
  zoom(factor: number, at: number): void;
  /** Moves as little as needed to see a stretch, or its beginning. */
  reveal(from: number, to: number): void;
}

/** The stretch of an axis that is seen. It stays within the axis and a margin. Part of the page's script. */
export function createViewport(min: number, max: number, narrowest: number): Viewport {
  const margin = (max - min) * 0.02;
  const [first, last] = [min - margin, max + margin];
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
      const span = Math.min(Math.max((to - from) * factor, narrowest), last - first);
      const share = (at - from) / (to - from);
      show(at - span * share, at + span * (1 - share));
    },
    reveal(a, b) {
      const gap = (to - from) * 0.08;
      if (a >= from + gap && b <= to - gap) return;
      const span = to - from;
      const wide = b - a > span - 2 * gap;
      const middle = wide ? a + span / 2 - gap : (a + b) / 2;
      show(middle - span / 2, middle + span / 2);
    },
  };

  function show(a: number, b: number): void {
    const span = Math.min(Math.max(b - a, narrowest), last - first);
    const middle = (a + b) / 2;
    from = Math.min(Math.max(middle - span / 2, first), last - span);
    to = from + span;
  }
}
