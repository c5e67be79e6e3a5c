import type { FaultRecord } from "@gauntlet/histories";
import type { JSX } from "preact";
import { type Axis, clampSpan, type Span, xOf } from "./axis.js";
import { familyOf } from "./families.js";
import { time } from "./format.js";
import { Row } from "./stack.js";

export interface Band {
  readonly fault: string;
  readonly nodes: readonly string[];
  readonly span: Span;
  readonly isOpen: boolean;
  readonly outcome: FaultRecord["outcome"]["type"];
}

/** The windows of the faults that acted. One without an end goes on to `endMs`. */
export function bandsOf(faults: readonly FaultRecord[], endMs: number): readonly Band[] {
  return faults.flatMap(({ fault, nodes, startedAtMs, endedAtMs, outcome }) =>
    startedAtMs === null || outcome.type === "skipped"
      ? []
      : [
          {
            fault,
            nodes,
            span: { from: startedAtMs, to: Math.max(startedAtMs, endedAtMs ?? endMs) },
            isOpen: endedAtMs === null,
            outcome: outcome.type,
          },
        ],
  );
}

export function bandsAt(bands: readonly Band[], ms: number): readonly Band[] {
  return bands.filter(({ span }) => span.from <= ms && ms <= span.to);
}

/** Shades the windows through every row below. */
export function Backdrop({
  axis,
  bands,
}: {
  readonly axis: Axis;
  readonly bands: readonly Band[];
}): JSX.Element {
  return (
    <div class="backdrop" style={{ left: `${axis.gutter}px`, width: `${axis.width}px` }} aria-hidden="true">
      {visible(bands, axis).map(({ band, x, width }, index) => (
        <i key={index} class={familyOf(band.fault)} style={{ left: `${x}px`, width: `${width}px` }} />
      ))}
    </div>
  );
}

const BAR = 20;
const MOST_ROWS = 8;

/** A bar for each fault, with its name; a click looks closer. `rows`: kept free from the start, so that nothing moves. */
export function FaultRow(props: {
  readonly axis: Axis;
  readonly bands: readonly Band[];
  readonly rows: number;
  /** What stands there where there is none. */
  readonly none: string;
  readonly onSpan: (span: Span) => void;
}): JSX.Element {
  const { axis, bands, onSpan } = props;
  const packed = pack(bands);
  const needed = Math.max(props.rows, 1, ...packed.map((row) => row + 1));
  const rows = Math.min(needed, MOST_ROWS);
  const step = (BAR * rows) / needed;
  const shown = visible(bands, axis);
  return (
    <Row
      axis={axis}
      class="faults"
      name="faults"
      readout={<FaultReadout bands={bands} />}
      height={BAR * rows + 4}
    >
      {bands.length === 0 && <span class="quiet empty-row">{props.none}</span>}
      {shown.map(({ band, x, width, index }) => {
        const words = `${band.fault} on ${band.nodes.join(", ")}`;
        return (
          <button
            key={index}
            type="button"
            class={`fault ${familyOf(band.fault)} ${band.isOpen ? "is-open" : band.outcome}`}
            style={{
              left: `${x}px`,
              width: `${Math.max(3, width)}px`,
              top: `${(packed[index] ?? 0) * step}px`,
              height: `${Math.max(3, step - 2)}px`,
            }}
            title={`${words}\n${time(band.span.from, 2)} to ${band.isOpen ? "now" : time(band.span.to, 2)}`}
            aria-label={`${words}, ${time(band.span.from)} to ${time(band.span.to)}: look closer`}
            onClick={() => onSpan(around(band.span, axis.whole))}
          >
            {step >= 16 && width > 24 ? `${band.fault} ${band.nodes.join(" ")}` : ""}
          </button>
        );
      })}
    </Row>
  );
}

function FaultReadout({ bands }: { readonly bands: readonly Band[] }): JSX.Element {
  return <span class="quiet">{bands.length === 1 ? "1 fault" : `${bands.length} faults`}</span>;
}

function around({ from, to }: Span, whole: Span): Span {
  const margin = Math.max(500, (to - from) * 0.25);
  return clampSpan({ from: Math.max(whole.from, from - margin), to: Math.min(whole.to, to + margin) }, whole);
}

interface VisibleBand {
  readonly band: Band;
  readonly index: number;
  readonly x: number;
  readonly width: number;
}

function visible(bands: readonly Band[], axis: Axis): readonly VisibleBand[] {
  const { from, to } = axis.span;
  return bands.flatMap((band, index) => {
    if (band.span.to < from || band.span.from > to) return [];
    const x = Math.max(0, xOf(axis, band.span.from));
    return [{ band, index, x, width: Math.max(1, Math.min(axis.width, xOf(axis, band.span.to)) - x) }];
  });
}

/** The first row that is free, for each. */
function pack(bands: readonly Band[]): readonly number[] {
  const ends: number[] = [];
  return bands.map(({ span }) => {
    const row = ends.findIndex((end) => end <= span.from);
    const place = row === -1 ? ends.length : row;
    ends[place] = span.to;
    return place;
  });
}
