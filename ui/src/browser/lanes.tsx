import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { NodeLane } from "../model.js";
import { type Axis, xOf } from "./axis.js";
import { useCursor } from "./cursor.js";
import { count, skew } from "./format.js";
import { Row } from "./stack.js";

const ROLE = { top: 4, height: 15 };
const COMMIT = { top: 24, height: 15 };
const SKEW = { top: 43, height: 13 };
const HEIGHT = 62;
/** With roles and terms alone. */
const SMALL = 26;

interface Props {
  readonly axis: Axis;
  readonly nodes: readonly NodeLane[];
  readonly stepMs: number;
  readonly kind: "whole" | "roles";
}

/** A lane for each node: what it says that it is, its term, how far it has committed, how far its clock is off. */
export function NodeLanes({ axis, nodes, stepMs, kind }: Props): JSX.Element {
  const commits = useMemo(() => extent(nodes.flatMap(({ commitIndex }) => [...commitIndex])), [nodes]);
  const skews = useMemo(() => {
    const all = extent(nodes.flatMap(({ skewMs }) => [...skewMs]));
    return Math.max(50, Math.abs(all.low), Math.abs(all.high));
  }, [nodes]);
  return (
    <>
      {nodes.map((lane) => (
        <Lane key={lane.node} {...{ axis, lane, stepMs, kind, commits, skews }} />
      ))}
    </>
  );
}

interface LaneProps {
  readonly axis: Axis;
  readonly lane: NodeLane;
  readonly stepMs: number;
  readonly kind: Props["kind"];
  readonly commits: Extent;
  /** The farthest that any clock is off: one scale for all lanes. */
  readonly skews: number;
}

function Lane({ axis, lane, stepMs, kind, commits, skews }: LaneProps): JSX.Element {
  const { node, role, term, commitIndex, skewMs } = lane;
  const runs = useMemo(() => runsOf(role, term), [role, term]);
  const height = kind === "whole" ? HEIGHT : SMALL;
  const name = (
    <>
      <b>{node}</b>
      {kind === "whole" && axis.readout > 0 && (
        <>
          <span class="track-name" style={{ top: `${COMMIT.top - 1}px` }}>
            commit
          </span>
          <span class="track-name" style={{ top: `${SKEW.top - 2}px` }}>
            clock
          </span>
        </>
      )}
    </>
  );
  return (
    <Row
      axis={axis}
      class="lane"
      name={name}
      readout={<Now lane={lane} stepMs={stepMs} kind={kind} />}
      height={height}
    >
      <svg width={axis.width} height={height} role="img" aria-label={describe(lane, runs)}>
        {runs.map((run) => (
          <RoleBar key={run.from} axis={axis} run={run} stepMs={stepMs} />
        ))}
        {kind === "whole" && (
          <>
            <path
              class="commit"
              d={pathOf(commitIndex, axis, stepMs, (value) => ratio(value, commits), COMMIT)}
            />
            <line
              class="zero"
              x1="0"
              x2={axis.width}
              y1={SKEW.top + SKEW.height / 2}
              y2={SKEW.top + SKEW.height / 2}
            />
            <path class="skew" d={pathOf(skewMs, axis, stepMs, (value) => 0.5 + value / skews / 2, SKEW)} />
          </>
        )}
      </svg>
    </Row>
  );
}

/** Told at the cursor; without one, the latest. */
function Now({ lane, stepMs, kind }: Pick<LaneProps, "lane" | "stepMs" | "kind">): JSX.Element {
  const ms = useCursor();
  const step = ms === null ? lane.role.length - 1 : Math.floor(ms / stepMs);
  const [role, term] = [lane.role[step] ?? null, lane.term[step] ?? null];
  const isKnown = step >= 0 && step < lane.role.length;
  return (
    <div class="now">
      <span class={`role-text ${roleClass(role)}`}>
        {role ?? (isKnown ? "no answer" : "–")}
        {term === null ? "" : <span class="quiet"> term {term}</span>}
      </span>
      {kind === "whole" && (
        <span>
          {lane.commitIndex[step] === null || lane.commitIndex[step] === undefined
            ? "–"
            : count(lane.commitIndex[step])}
        </span>
      )}
      {kind === "whole" && <span>{skew(lane.skewMs[step])}</span>}
    </div>
  );
}

interface RoleRun {
  readonly role: string | null;
  readonly term: number | null;
  /** Steps, from the first to before the last. */
  readonly from: number;
  readonly to: number;
}

function RoleBar({
  axis,
  run,
  stepMs,
}: {
  readonly axis: Axis;
  readonly run: RoleRun;
  readonly stepMs: number;
}): JSX.Element | null {
  const x = Math.max(-2, xOf(axis, run.from * stepMs));
  const end = Math.min(axis.width + 2, xOf(axis, run.to * stepMs));
  if (end < 0 || x > axis.width || end <= x) return null;
  const width = Math.max(1, end - x);
  const kind = roleClass(run.role);
  const text = run.role === "leader" ? `leader ${run.term ?? ""}` : run.term === null ? "" : String(run.term);
  const fits = text.length * 6.6 + 8 <= width;
  const isThin = kind === "follower" || kind === "learner";
  return (
    <g class={`role ${kind}`}>
      <rect
        x={x}
        width={width}
        y={isThin ? ROLE.top + ROLE.height - 3 : ROLE.top}
        height={isThin ? 3 : ROLE.height}
        rx={isThin ? 0 : 2}
      />
      {fits && kind !== "silent" && (
        <text x={Math.max(0, x) + 4} y={ROLE.top + (isThin ? 9 : 11.5)}>
          {text}
        </text>
      )}
    </g>
  );
}

/** Classes of ours: a role is what a node says. */
function roleClass(role: string | null): string {
  if (role === null) return "silent";
  return ["leader", "follower", "candidate", "learner"].find((known) => known === role) ?? "candidate";
}

/** Neighbours with one role and one term are one bar. */
function runsOf(roles: NodeLane["role"], terms: NodeLane["term"]): readonly RoleRun[] {
  const runs: { role: string | null; term: number | null; from: number; to: number }[] = [];
  for (const [step, role] of roles.entries()) {
    const term = terms[step] ?? null;
    const last = runs.at(-1);
    if (last !== undefined && last.role === role && last.term === term) last.to = step + 1;
    else runs.push({ role, term, from: step, to: step + 1 });
  }
  return runs;
}

interface Extent {
  readonly low: number;
  readonly high: number;
}

function extent(values: readonly (number | null)[]): Extent {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value === null) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low > high ? { low: 0, high: 0 } : { low, high };
}

function ratio(value: number, { low, high }: Extent): number {
  return high === low ? 0.5 : (value - low) / (high - low);
}

/** A line through what is known; a gap where nothing is. */
function pathOf(
  values: readonly (number | null)[],
  axis: Axis,
  stepMs: number,
  share: (value: number) => number,
  { top, height }: { readonly top: number; readonly height: number },
): string {
  const first = Math.max(0, Math.floor(axis.span.from / stepMs) - 1);
  const last = Math.min(values.length, Math.ceil(axis.span.to / stepMs) + 2);
  let path = "";
  let isDown = false;
  for (let step = first; step < last; step++) {
    const value = values[step] ?? null;
    if (value === null) {
      isDown = false;
      continue;
    }
    const y = (top + height * (1 - share(value))).toFixed(1);
    path += `${isDown ? "L" : "M"}${xOf(axis, step * stepMs).toFixed(1)} ${y}`;
    path += `H${xOf(axis, (step + 1) * stepMs).toFixed(1)}`;
    isDown = true;
  }
  return path;
}

function describe({ node, term, commitIndex, skewMs }: NodeLane, runs: readonly RoleRun[]): string {
  const changes = runs.length - 1;
  const led = runs.filter(({ role }) => role === "leader").length;
  const farthest = extent(skewMs);
  return `${node}: ${runs.at(-1)?.role ?? "no answer"} at last, term ${term.findLast((each) => each !== null) ?? "not known"}, commit index ${
    commitIndex.findLast((each) => each !== null) ?? "not known"
  }; ${changes} changes of role or term, leader ${led} times; its clock was off by ${skew(farthest.low)} to ${skew(farthest.high)}`;
}
