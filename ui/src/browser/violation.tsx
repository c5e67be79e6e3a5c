import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { NodeLane, RunView, ShownOperation, Violation } from "../model.js";
import { type Axis, clampSpan, type Span, xOf } from "./axis.js";
import { Backdrop, type Band, FaultRow } from "./faults.js";
import { time } from "./format.js";
import { NodeLanes } from "./lanes.js";
import { Row, Stack, TimeRow, useAxis } from "./stack.js";
import { Heads } from "./table.js";

interface Props {
  readonly view: RunView;
  readonly bands: readonly Band[];
  /** Shows a part of the run in the charts below. */
  readonly onShow: (span: Span) => void;
}

/** Each thing that went wrong: the few operations that show it, beside the faults and the nodes at that time. */
export function Violations({ view, bands, onShow }: Props): JSX.Element | null {
  const { violations } = view;
  const [chosen, setChosen] = useState(0);
  const violation = violations[chosen] ?? violations[0];
  if (violation === undefined) return null;
  const failedKeys = view.files.some(({ path }) => path === "linearizability.html");
  return (
    <section aria-labelledby="broke">
      <h2 id="broke">Where it broke</h2>
      {violations.length > 1 && (
        <p class="choices" role="group" aria-label="Violations">
          {violations.map(({ check, name }, index) => (
            <button
              key={index}
              type="button"
              aria-pressed={index === chosen}
              onClick={() => setChosen(index)}
            >
              {name === "" ? check : name}
            </button>
          ))}
        </p>
      )}
      <OneViolation key={chosen} violation={violation} view={view} bands={bands} onShow={onShow} />
      {failedKeys && (
        <p>
          <a href={fileAddress("linearizability.html")}>The whole histories of the keys that failed</a>
          <span class="quiet">: every operation, the orders that were possible, the faults.</span>
        </p>
      )}
    </section>
  );
}

/** In a report that lies in the run's folder the files are beside it. */
export function fileAddress(file: string): string {
  const isServed = document.documentElement.dataset["served"] !== undefined;
  const encoded = file.split("/").map(encodeURIComponent).join("/");
  return isServed ? `files/${encoded}` : encoded;
}

function OneViolation(props: Props & { readonly violation: Violation }): JSX.Element {
  const { violation, view, bands, onShow } = props;
  const { operations, reason, facts, check, picture } = violation;
  const whole = spanOf(operations, view.endMs);
  return (
    <>
      <div class="violation">
        <p>
          <b>{check}</b> {reason}
        </p>
        {facts.map((fact) => (
          <p key={fact} class="quiet">
            {fact}
          </p>
        ))}
      </div>
      {operations.length > 0 && (
        <>
          <Scene
            operations={operations}
            nodes={view.nodes}
            stepMs={view.load.stepMs}
            bands={bands}
            whole={whole}
          />
          <p class="actions">
            <button type="button" onClick={() => onShow(wider(whole, view.endMs))}>
              show this moment in the whole run
            </button>
          </p>
          <details>
            <summary>
              In words: {operations.length === 1 ? "the operation" : `these ${operations.length} operations`}
            </summary>
            <OperationTable operations={operations} />
          </details>
        </>
      )}
      {picture !== null && (
        <details>
          <summary>In the order of events</summary>
          <div class="scroll">
            <img
              class="picture"
              src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(picture)}`}
              alt={reason}
            />
          </div>
        </details>
      )}
    </>
  );
}

/** From the first call to the last answer, with some room for names. */
function spanOf(operations: readonly ShownOperation[], endMs: number): Span {
  const from = Math.min(...operations.map(({ startMs }) => startMs));
  const heard = operations.flatMap(({ startMs, endMs }) => [startMs, endMs ?? startMs]);
  const to = Math.max(...heard);
  const margin = Math.max(1, (to - from) * 0.08);
  return { from: Math.max(0, from - margin), to: Math.min(Math.max(endMs, to), to + margin) };
}

function wider({ from, to }: Span, endMs: number): Span {
  const margin = Math.max(2_000, (to - from) / 2);
  return clampSpan({ from: from - margin, to: to + margin }, { from: 0, to: Math.max(endMs, to) });
}

interface SceneProps {
  readonly operations: readonly ShownOperation[];
  readonly nodes: readonly NodeLane[];
  readonly stepMs: number;
  readonly bands: readonly Band[];
  readonly whole: Span;
}

function Scene({ operations, nodes, stepMs, bands, whole }: SceneProps): JSX.Element {
  const [span, setSpan] = useState<Span | null>(null);
  const [measure, axis] = useAxis(whole, span);
  const inside = bands.filter((band) => band.span.to >= whole.from && band.span.from <= whole.to);
  const tell = (ms: number): string => {
    const open = operations.filter(({ startMs, endMs }) => startMs <= ms && (endMs === null || endMs >= ms));
    return `${time(ms, 3)}: ${open.map(({ text, node }) => `${text} on ${node ?? "a node"}`).join("; ") || "no operation open"}`;
  };
  return (
    <Stack
      axis={axis}
      measure={measure}
      onSpan={setSpan}
      label="The operations that contradict one another"
      wholeName="All of it"
      tell={tell}
    >
      <Backdrop axis={axis} bands={inside} />
      <TimeRow axis={axis} />
      <FaultRow axis={axis} bands={inside} rows={1} none="none at that time" onSpan={setSpan} />
      <NodeLanes axis={axis} nodes={nodes} stepMs={stepMs} kind="roles" />
      <div class="operations">
        {operations.map((operation) => (
          <OperationRow key={operation.id} axis={axis} operation={operation} />
        ))}
      </div>
    </Stack>
  );
}

const BAR = { top: 5, height: 16 };
const ROW = 26;
const CHARACTER = 7.3;

/** A row of its own for each operation: its words fit beside it even where it took no time to speak of. */
function OperationRow({
  axis,
  operation,
}: {
  readonly axis: Axis;
  readonly operation: ShownOperation;
}): JSX.Element {
  const { node, process, text, startMs, endMs, outcome, part, key } = operation;
  const x = Math.min(Math.max(0, xOf(axis, startMs)), axis.width);
  const isOpen = outcome === "info";
  const heard = endMs === null ? axis.width : Math.min(axis.width, xOf(axis, endMs));
  const width = Math.max(3, heard - x);
  const mark = part === "culprit" ? "✗ " : "";
  const words = `${mark}${key === null ? "" : `${key}: `}${text}`;
  const length = words.length * CHARACTER + 10;
  const place =
    length <= width ? "inside" : x + width + length <= axis.width ? "right" : x >= length ? "left" : "over";
  const at = { inside: x + 6, right: x + width + 6, left: x - 6, over: 6 }[place];
  return (
    <Row
      axis={axis}
      class={`operation ${part} ${outcome}`}
      name={
        <span class="who">
          <b>{node ?? "–"}</b> <span class="quiet">p{process}</span>
        </span>
      }
      readout={<span class="quiet">{partText(operation)}</span>}
      height={ROW}
    >
      <svg
        width={axis.width}
        height={ROW}
        role="img"
        aria-label={`${text} on ${node ?? "a node"}, process ${process}, ${partText(operation)}`}
      >
        {isOpen && (
          <line
            class="open-end"
            x1={x + width}
            x2={axis.width}
            y1={BAR.top + BAR.height / 2}
            y2={BAR.top + BAR.height / 2}
          />
        )}
        <rect class="bar" x={x} y={BAR.top} width={width} height={BAR.height} rx="2" />
        <text
          class={`words ${place}`}
          x={at}
          y={BAR.top + 12}
          text-anchor={place === "left" ? "end" : "start"}
        >
          {words}
        </text>
      </svg>
    </Row>
  );
}

function partText({ part, outcome }: ShownOperation): string {
  if (part === "culprit") return "no order explains it";
  if (outcome === "info") return "outcome unknown";
  return part === "required" ? "contradicts it" : "beside it";
}

function OperationTable({ operations }: { readonly operations: readonly ShownOperation[] }): JSX.Element {
  return (
    <div class="scroll">
      <table>
        <Heads
          heads={["Event", "Operation", "Key", "Node", "Process", "Called", "Answered", "Outcome", "Part"]}
        />
        <tbody>
          {operations.map((operation) => {
            const { id, text, key, node, process, startMs, endMs, outcome, error } = operation;
            return (
              <tr key={id}>
                <td>{id}</td>
                <td class="mono">{text}</td>
                <td>{key ?? "–"}</td>
                <td>{node ?? "–"}</td>
                <td>{process}</td>
                <td class="nowrap">{time(startMs, 6)}</td>
                <td class="nowrap">{endMs === null ? "never" : time(endMs, 6)}</td>
                <td>{error === null ? outcome : `${outcome} (${error})`}</td>
                <td>{partText(operation)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
