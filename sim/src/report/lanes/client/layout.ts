import type { LanesData } from "../data.js";

/** Where things lie from top to bottom, in pixels; from left to right once the frame is known. */
export interface Layout {
  readonly gutter: number;
  readonly axisHeight: number;
  readonly faultTop: number;
  readonly faultRow: number;
  /** By fault: its row. */
  readonly faultRows: readonly number[];
  readonly laneTop: number;
  readonly laneHeight: number;
  readonly bandTop: number;
  readonly bandHeight: number;
  readonly commitTop: number;
  readonly commitHeight: number;
  readonly clientTop: number;
  readonly clientRow: number;
  readonly height: number;
  /** Of a node's lane. */
  top(node: number): number;
}

/** Part of the page's script. */
export function createLayout({ nodes, faults, operations }: LanesData): Layout {
  const [axisHeight, faultRow, laneHeight, clientRow] = [24, 17, 82, 8];
  const rows = faultRowsOf();
  const faultTop = axisHeight + 4;
  const laneTop = faultTop + Math.max(...rows, -1) * faultRow + faultRow + 14;
  const clientTop = laneTop + nodes.length * laneHeight + 24;
  return {
    gutter: 56,
    axisHeight,
    faultTop,
    faultRow,
    faultRows: rows,
    laneTop,
    laneHeight,
    bandTop: 13,
    bandHeight: 18,
    commitTop: 38,
    commitHeight: 25,
    clientTop,
    clientRow,
    height: clientTop + operations.rows * clientRow + 14,
    top: (node) => laneTop + node * laneHeight,
  };

  /** Faults that overlap lie below one another. */
  function faultRowsOf(): number[] {
    const freeFrom: number[] = [];
    return faults.map(({ fromMs, toMs }) => {
      const free = freeFrom.findIndex((time) => time <= fromMs);
      const row = free === -1 ? freeFrom.length : free;
      freeFrom[row] = toMs;
      return row;
    });
  }
}
