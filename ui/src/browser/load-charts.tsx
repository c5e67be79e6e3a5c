import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Load } from "../model.js";
import type { Axis } from "./axis.js";
import { Chart, type Line } from "./chart.js";
import { useCursor } from "./cursor.js";
import { count, latency } from "./format.js";
import { Row } from "./stack.js";

const HEIGHT = 124;

interface Props {
  readonly axis: Axis;
  readonly load: Load;
  /** Steps that have not ended by then are not drawn: they would look like a drop. */
  readonly endMs: number;
  readonly isRunning: boolean;
  readonly ratePerSecond: number | null;
}

/** Throughput and latency, over the same axis. */
export function LoadCharts({ axis, load, endMs, isRunning, ratePerSecond }: Props): JSX.Element {
  const { stepMs } = load;
  const last = isRunning ? Math.floor(endMs / stepMs) : Math.max(load.ok.length, Math.ceil(endMs / stepMs));
  const length = Math.max(0, Math.min(last, isRunning ? last : load.ok.length));
  const steps = useMemo(
    () => Array.from({ length: length + 1 }, (_, step) => step * stepMs),
    [length, stepMs],
  );
  const rates = useMemo(() => rateLines(load, length, endMs), [load, length]);
  const latencies = useMemo(() => latencyLines(load, length), [load, length]);
  const most = Math.max(ratePerSecond ?? 1, 1) * 1.1;
  const over = { axis, steps, stepMs };
  return (
    <>
      <LoadChart
        {...over}
        title="rate"
        unit="ops/s"
        lines={rates}
        scale="linear"
        atLeast={most}
        figure={count}
        mark={count}
        label="Operations a second"
      />
      <LoadChart
        {...over}
        title="latency"
        unit="of ok"
        lines={latencies}
        scale="logarithmic"
        atLeast={10}
        figure={latency}
        mark={(ms) => (ms >= 1_000 ? `${ms / 1_000} s` : `${ms} ms`)}
        label="Latency of ok operations"
      />
    </>
  );
}

interface ChartProps {
  readonly axis: Axis;
  readonly steps: readonly number[];
  readonly stepMs: number;
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly Line[];
  readonly scale: "linear" | "logarithmic";
  readonly atLeast: number;
  /** A value in words, and at the marks of the scale. */
  readonly figure: (value: number) => string;
  readonly mark: (value: number) => string;
  readonly label: string;
}

function LoadChart({
  axis,
  steps,
  stepMs,
  title,
  unit,
  lines,
  figure,
  mark,
  label,
  ...chart
}: ChartProps): JSX.Element {
  return (
    <Row
      axis={axis}
      name={<ChartName title={title} unit={unit} />}
      readout={<Legend lines={lines} stepMs={stepMs} text={figure} />}
      height={HEIGHT}
    >
      <Chart
        {...chart}
        axis={axis}
        height={HEIGHT}
        steps={steps}
        lines={lines}
        text={mark}
        label={describe(label, lines, figure)}
      />
    </Row>
  );
}

function ChartName({ title, unit }: { readonly title: string; readonly unit: string }): JSX.Element {
  return (
    <span class="chart-name">
      {title} <span class="quiet">{unit}</span>
    </span>
  );
}

/** The line is drawn to the end of the last step: its value stands there once more. */
function rateLines({ ok, fail, info, stepMs }: Load, length: number, endMs: number): readonly Line[] {
  const rates = (counts: readonly number[]): (number | null)[] => {
    const values = Array.from({ length }, (_, step) => {
      // The last step of a run may be cut short by its end.
      const lengthMs = Math.min(stepMs, Math.max(endMs - step * stepMs, 1));
      const isTooShort = lengthMs < stepMs / 4 && step > 0;
      return isTooShort ? null : ((counts[step] ?? 0) * 1_000) / lengthMs;
    });
    return [...values, values.at(-1) ?? null];
  };
  return [
    { name: "ok", hue: "ok", values: rates(ok), style: "area" },
    { name: "fail", hue: "fail", values: rates(fail), style: "solid" },
    { name: "info", hue: "info", values: rates(info), style: "dashed" },
  ];
}

function latencyLines({ p50, p95, p99, max }: Load, length: number): readonly Line[] {
  const values = (column: readonly (number | null)[]): (number | null)[] => {
    const shown = Array.from({ length }, (_, step) => column[step] ?? null);
    return [...shown, shown.at(-1) ?? null];
  };
  return [
    { name: "max", hue: "latency", values: values(max), style: "dotted" },
    { name: "p99", hue: "latency", values: values(p99), style: "solid" },
    { name: "p95", hue: "latency", values: values(p95), style: "faint" },
    { name: "p50", hue: "median", values: values(p50), style: "solid" },
  ];
}

interface LegendProps {
  readonly lines: readonly Line[];
  readonly stepMs: number;
  readonly text: (value: number) => string;
}

/** Names, and the figures at the cursor; without one, the latest. */
function Legend({ lines, stepMs, text }: LegendProps): JSX.Element {
  const ms = useCursor();
  return (
    <dl class="legend">
      {lines.map(({ name, hue, style, values }) => {
        const step = ms === null ? values.length - 2 : Math.floor(ms / stepMs);
        const value = values[Math.max(0, Math.min(step, values.length - 1))] ?? null;
        return (
          <div key={name}>
            <dt>
              <i class={`key ${style}`} style={{ "--hue": `var(--${hue})` }} />
              {name}
            </dt>
            <dd>{value === null ? "–" : text(value)}</dd>
          </div>
        );
      })}
    </dl>
  );
}

function describe(title: string, lines: readonly Line[], text: (value: number) => string): string {
  const parts = lines.map(({ name, values }) => {
    const known = values.filter((value) => value !== null);
    if (known.length === 0) return `${name} none`;
    const most = known.reduce((a, b) => Math.max(a, b));
    return `${name} at most ${text(most)}, at last ${text(known.at(-1) ?? 0)}`;
  });
  return `${title}: ${parts.join("; ")}`;
}
