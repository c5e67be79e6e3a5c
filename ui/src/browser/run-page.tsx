import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { MAX_OPERATIONS, type Operations, type RunView } from "../model.js";
import type { Axis, Span } from "./axis.js";
import { Cursor, CursorContext } from "./cursor.js";
import { Backdrop, type Band, bandsAt, bandsOf, FaultRow } from "./faults.js";
import { count, latency, MARKS, time } from "./format.js";
import { NodeLanes } from "./lanes.js";
import { LoadCharts } from "./load-charts.js";
import { Commands, Configuration, Faults, Figures, Files, Functions, Log, Windows } from "./sections.js";
import { Stack, TimeRow, useAxis } from "./stack.js";
import { Timeline } from "./timeline.js";
import { useOperations } from "./use-operations.js";
import { useRun } from "./use-run.js";
import { Checks, Heading } from "./verdict.js";
import { Violations } from "./violation.js";

/** A run that is shown by a server: live, or recorded. */
export function RunPage(): JSX.Element {
  const { view, line } = useRun("events");
  if (view === null)
    return (
      <main>
        <p class="waiting" role="status">
          {line === "lost" ? "The server does not answer; trying again." : "Reading the run …"}
        </p>
      </main>
    );
  return (
    <>
      <p class={`line ${line}`} role="status">
        {line === "lost"
          ? "The line to the server is lost; what is shown is the last that it told. Trying again."
          : ""}
      </p>
      <Run view={view} operations={null} />
    </>
  );
}

/** The same in a file: nothing can be asked for. */
export function ReportPage({
  view,
  operations,
}: {
  readonly view: RunView;
  readonly operations: Operations;
}): JSX.Element {
  return <Run view={view} operations={operations} />;
}

/** Rows for faults are kept free while a run goes on. */
const FAULT_ROWS = 3;

function Run({
  view,
  operations,
}: {
  readonly view: RunView;
  readonly operations: Operations | null;
}): JSX.Element {
  const cursor = useMemo(() => new Cursor(), []);
  const [span, setSpan] = useState<Span | null>(null);
  const { results, state, faults, endMs } = view;
  const isRunning = state === "running";
  const bands = useMemo(() => bandsOf(faults, endMs), [faults, isRunning ? endMs : 0, endMs]);
  const charts = useRef<HTMLElement>(null);
  const onShow = (part: Span): void => {
    setSpan(part);
    charts.current?.scrollIntoView({ block: "start" });
  };
  useTitle(view);
  return (
    <CursorContext.Provider value={cursor}>
      <main>
        <Heading view={view} isReport={operations !== null} />
        <Figures view={view} />
        <Violations view={view} bands={bands} onShow={onShow} />
        <section aria-labelledby="run" ref={charts}>
          <h2 id="run">{isRunning ? "Now" : "The run"}</h2>
          <WholeRun view={view} bands={bands} span={span} onSpan={setSpan} operations={operations} />
        </section>
        {isRunning && <Log lines={view.log} isRunning />}
        {results !== null && <Checks checks={results.checks} />}
        {results?.windows !== undefined && results.windows.length > 0 && (
          <Windows windows={results.windows} />
        )}
        <Faults faults={faults} />
        {results !== null && <Functions stats={results.stats} />}
        {!isRunning && <Commands view={view} />}
        <Files view={view} />
        {!isRunning && view.log.length > 0 && <Log lines={view.log} isRunning={false} />}
        <Configuration configuration={view.configuration} />
      </main>
    </CursorContext.Provider>
  );
}

interface WholeRunProps {
  readonly view: RunView;
  readonly bands: readonly Band[];
  readonly span: Span | null;
  readonly onSpan: (span: Span | null) => void;
  readonly operations: Operations | null;
}

/** Everything that has a time, over one axis. */
function WholeRun({ view, bands, span, onSpan, operations }: WholeRunProps): JSX.Element {
  const { load, nodes, state, endMs, description } = view;
  const isRunning = state === "running";
  const whole = useMemo(() => wholeOf(view), [isRunning, description.timeLimitMs, wholeOf(view).to]);
  const [measure, axis] = useAxis(whole, span);
  const lanes = nodes.length > 0 ? nodes : isRunning ? awaited(description.nodes ?? 0) : [];
  const marked = useMemo(
    () => new Set(view.violations.flatMap(({ operations }) => operations.map(({ id }) => id))),
    [view.violations],
  );
  return (
    <Stack
      axis={axis}
      measure={measure}
      onSpan={onSpan}
      label="The run over time"
      wholeName="The whole run"
      tell={(ms) => tell(view, bands, ms)}
    >
      <Backdrop axis={axis} bands={bands} />
      <TimeRow axis={axis} />
      <FaultRow
        axis={axis}
        bands={bands}
        rows={isRunning ? FAULT_ROWS : 1}
        none={isRunning ? "none so far" : "none"}
        onSpan={onSpan}
      />
      <LoadCharts
        axis={axis}
        load={load}
        endMs={endMs}
        isRunning={isRunning}
        ratePerSecond={description.ratePerSecond}
      />
      <NodeLanes axis={axis} nodes={lanes} stepMs={load.stepMs} kind="whole" />
      {lanes.length === 0 && <p class="quiet no-lanes">No samples of the nodes were recorded.</p>}
      {operations === null && !isRunning && view.readShare === 1 && (
        <AskedTimeline {...{ axis, view, marked }} />
      )}
      {operations !== null && operations.id.length > 0 && (
        <>
          <Timeline axis={axis} operations={operations} marked={marked} />
          <CutNote operations={operations} path={view.path} />
        </>
      )}
    </Stack>
  );
}

function AskedTimeline(props: {
  readonly axis: Axis;
  readonly view: RunView;
  readonly marked: ReadonlySet<number>;
}): JSX.Element | null {
  const { axis, view, marked } = props;
  const state = useOperations(view, axis.span, axis.whole);
  if (state.type === "here")
    return state.operations.id.length === 0 ? null : (
      <Timeline axis={axis} operations={state.operations} marked={marked} />
    );
  const words =
    state.type === "loading"
      ? "Reading the operations …"
      : state.type === "failed"
        ? `The operations could not be read: ${state.reason}`
        : `${count(state.count)} operations: look closer, and each is drawn where there are at most ${count(MAX_OPERATIONS)}.`;
  return (
    <p class="quiet timeline-note" style={{ marginLeft: `${axis.gutter}px` }}>
      {words}
    </p>
  );
}

function CutNote({
  operations,
  path,
}: {
  readonly operations: Operations;
  readonly path: string;
}): JSX.Element | null {
  if (operations.cutAtMs === null) return null;
  return (
    <p class="quiet">
      This file holds the first {count(operations.id.length)} operations, up to {time(operations.cutAtMs)};
      npx gauntlet ui shows all of {path}.
    </p>
  );
}

/** While a run goes on, all that was planned has its place from the start, so that nothing moves. */
function wholeOf({ state, endMs, description }: RunView): Span {
  const limit = description.timeLimitMs ?? 0;
  if (state !== "running") return { from: 0, to: Math.max(1_000, endMs) };
  if (endMs <= limit) return { from: 0, to: Math.max(1_000, limit) };
  const step = Math.max(5_000, limit / 10);
  return { from: 0, to: Math.ceil(endMs / step) * step };
}

function awaited(nodes: number): RunView["nodes"] {
  const none = { role: [], term: [], commitIndex: [], skewMs: [], timerRate: [], rssBytes: [] };
  return Array.from({ length: nodes }, (_, index) => ({ node: `n${index + 1}`, ...none }));
}

function tell({ load, nodes }: RunView, bands: readonly Band[], ms: number): string {
  const step = Math.floor(ms / load.stepMs);
  const rate = ((load.ok[step] ?? 0) * 1_000) / load.stepMs;
  const leaders = nodes.filter(({ role }) => role[step] === "leader").map(({ node }) => node);
  const faults = bandsAt(bands, ms).map(({ fault, nodes }) => `${fault} on ${nodes.join(", ")}`);
  return [
    `${time(ms)}: ${count(rate)} ok a second`,
    `p99 ${latency(load.p99[step])}`,
    leaders.length === 0 ? "no leader" : `leader ${leaders.join(" and ")}`,
    faults.length === 0 ? "no fault" : faults.join("; "),
  ].join(", ");
}

function useTitle({ results, state, description, endMs }: RunView): void {
  const verdict = results?.verdict;
  const told =
    verdict === undefined
      ? state === "running"
        ? `▶ ${time(endMs, 0)}`
        : state
      : `${MARKS[verdict]} ${verdict}`;
  useEffect(() => {
    document.title = `${told}: ${description.test}`;
  }, [told, description.test]);
}
