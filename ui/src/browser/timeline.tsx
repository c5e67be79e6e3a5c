import type { JSX } from "preact";
import { useContext, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Operations, OUTCOMES } from "../model.js";
import { type Axis, xOf } from "./axis.js";
import { useTheme } from "./chart.js";
import { CursorContext } from "./cursor.js";
import { latency, time } from "./format.js";
import { Row } from "./stack.js";
import { endOf, firstAfter, lanesOf, type TimelineLanes } from "./timeline-lanes.js";

const MOST_HEIGHT = 420;
const LANE = { least: 2, most: 14 } as const;

interface Props {
  readonly axis: Axis;
  readonly operations: Operations;
  /** Indexes of invocations that stand out. */
  readonly marked: ReadonlySet<number>;
}

/** Every operation as a bar from its call to its answer. What is drawn is what the pixels can show, however many there are. */
export function Timeline({ axis, operations, marked }: Props): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const cursor = useContext(CursorContext);
  const theme = useTheme();
  const lanes = useMemo(() => lanesOf(operations), [operations]);
  const [chosen, setChosen] = useState<number | null>(null);
  const laneHeight = Math.max(
    LANE.least,
    Math.min(LANE.most, Math.floor(MOST_HEIGHT / Math.max(1, lanes.length))),
  );
  const height = Math.max(laneHeight * lanes.length, 40);
  useEffect(() => setChosen(null), [operations]);
  useEffect(() => {
    const frame = requestAnimationFrame(() => {
      if (canvas.current !== null)
        draw(canvas.current, { axis, operations, lanes, laneHeight, height, marked, chosen });
    });
    return () => cancelAnimationFrame(frame);
  }, [
    axis.width,
    axis.span.from,
    axis.span.to,
    operations,
    lanes,
    laneHeight,
    height,
    marked,
    chosen,
    theme,
  ]);

  const rowAt = (event: PointerEvent | MouseEvent): number | null => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const lane = lanes[Math.floor((event.clientY - box.top) / laneHeight)];
    if (lane === undefined) return null;
    const perPixel = (axis.span.to - axis.span.from) / axis.width;
    const ms = axis.span.from + (event.clientX - box.left) * perPixel;
    const near = lane.rows[firstAfter(operations, lane.rows, ms - 3 * perPixel)];
    return near !== undefined && (operations.startMs[near] ?? 0) <= ms + 3 * perPixel ? near : null;
  };
  const step = (by: number): void => {
    const { startMs } = operations;
    const first = startMs.findIndex((ms) => ms >= axis.span.from);
    const row = chosen === null ? first : chosen + by;
    if (row < 0 || row >= startMs.length) return;
    setChosen(row);
    cursor.set(startMs[row] ?? null);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "n" && event.key !== "p") return;
    event.preventDefault();
    step(event.key === "n" ? 1 : -1);
  };
  return (
    <>
      <Row
        axis={axis}
        class="timeline"
        name="each operation"
        readout={<NodeNames lanes={lanes} laneHeight={laneHeight} />}
        height={height}
      >
        <canvas
          ref={canvas}
          class="timeline-canvas"
          style={{ width: `${axis.width}px`, height: `${height}px` }}
          tabIndex={0}
          role="img"
          aria-label={`${operations.id.length} operations as bars, by node. n and p go to the next one and the one before.`}
          onClick={(event) => setChosen(rowAt(event))}
          onKeyDown={onKeyDown}
        />
      </Row>
      <p class="operation-line" role="status" style={{ marginLeft: `${axis.gutter}px` }}>
        {chosen === null ? (
          <span class="quiet">Choose a bar for all that is known of it.</span>
        ) : (
          <OperationText operations={operations} row={chosen} />
        )}
      </p>
    </>
  );
}

function NodeNames({
  lanes,
  laneHeight,
}: {
  readonly lanes: readonly TimelineLanes[];
  readonly laneHeight: number;
}): JSX.Element {
  const tops = new Map<string, number>();
  for (const [index, { node }] of lanes.entries()) if (!tops.has(node)) tops.set(node, index * laneHeight);
  return (
    <div class="node-names">
      {[...tops].map(([node, top]) => (
        <span key={node} class="quiet" style={{ top: `${top}px` }}>
          {node === "" ? "no node" : node}
        </span>
      ))}
    </div>
  );
}

function OperationText({
  operations,
  row,
}: {
  readonly operations: Operations;
  readonly row: number;
}): JSX.Element {
  const { id, names, text, key, node, process, startMs, lengthMs, outcome, error } = operations;
  const name = (column: readonly number[]): string => names[column[row] ?? -1] ?? "";
  const length = lengthMs[row] ?? -1;
  const parts = [
    `${OUTCOMES[outcome[row] ?? 2]}`,
    name(key) === "" ? "" : `key ${name(key)}`,
    name(node) === "" ? "" : `on ${name(node)}`,
    `process ${process[row]}`,
    `event ${id[row]}`,
    `at ${time(startMs[row] ?? 0, 3)}`,
    length < 0 ? "nothing was ever heard" : `took ${latency(length)}`,
    name(error),
  ];
  return (
    <>
      <b class="mono">{name(text)}</b>{" "}
      <span class="quiet">{parts.filter((part) => part !== "").join(" · ")}</span>
    </>
  );
}

interface Picture extends Props {
  readonly lanes: readonly TimelineLanes[];
  readonly laneHeight: number;
  readonly height: number;
  readonly chosen: number | null;
}

/** Draws at once; the number of bars that it drew stands at the canvas. */
export function draw(canvas: HTMLCanvasElement, picture: Picture): void {
  const { axis, operations, lanes, laneHeight, height, marked, chosen } = picture;
  const began = performance.now();
  const context = canvas.getContext("2d");
  if (context === null) return;
  const scale = devicePixelRatio;
  const [width, tall] = [Math.round(axis.width * scale), Math.round(height * scale)];
  if (canvas.width !== width || canvas.height !== tall) [canvas.width, canvas.height] = [width, tall];
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, axis.width, height);
  const style = getComputedStyle(canvas);
  const color = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const hues = OUTCOMES.map((outcome) => color(outcome));
  const bar = laneHeight > 5 ? laneHeight - 2 : laneHeight - 0.5;
  let bars = 0;
  const late: (() => void)[] = [];
  context.fillStyle = color("line");
  for (const [index, { node }] of lanes.entries())
    if (index > 0 && lanes[index - 1]?.node !== node)
      context.fillRect(0, index * laneHeight - 0.5, axis.width, 0.5);
  for (const [index, { rows }] of lanes.entries()) {
    const y = index * laneHeight + (laneHeight - bar) / 2;
    // The right edge of what was drawn so far, for each outcome: what is hidden behind it is left out.
    const edges = [-1, -1, -1];
    for (let place = firstAfter(operations, rows, axis.span.from); place < rows.length; place++) {
      const row = rows[place] ?? 0;
      const start = operations.startMs[row] ?? 0;
      if (start > axis.span.to) break;
      const outcome = operations.outcome[row] ?? 2;
      const x = Math.max(-2, xOf(axis, start));
      const end = Math.max(x + 1, Math.min(axis.width + 2, xOf(axis, endOf(operations, row))));
      const isMarked = marked.has(operations.id[row] ?? -1);
      if (isMarked || row === chosen)
        late.push(() => outline(context, x, y, end - x, bar, isMarked ? color("invalid") : color("text")));
      if (end - 0.5 < (edges[outcome] ?? -1)) continue;
      edges[outcome] = Math.max(end, x + 1);
      context.fillStyle = hues[outcome] ?? "";
      context.globalAlpha = outcome === 0 ? 0.75 : 1;
      context.fillRect(x, y, Math.max(0.75, end - x - (end - x > 3 ? 0.75 : 0)), bar);
      bars++;
    }
  }
  context.globalAlpha = 1;
  for (const each of late) each();
  canvas.dataset["bars"] = String(bars);
  canvas.dataset["drawMs"] = (performance.now() - began).toFixed(2);
}

function outline(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  width: number,
  height: number,
  hue: string,
): void {
  context.strokeStyle = hue;
  context.lineWidth = 2;
  context.strokeRect(x - 1, y - 1, Math.max(4, width + 2), height + 2);
}
