import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import type { Axis } from "./axis.js";

export interface Line {
  readonly name: string;
  /** A custom property of the style sheet. */
  readonly hue: string;
  readonly values: readonly (number | null)[];
  readonly style: "area" | "solid" | "dashed" | "dotted" | "faint";
}

interface ChartProps {
  readonly axis: Axis;
  readonly height: number;
  /** Beginning of each step, milliseconds; a value holds until the next one. */
  readonly steps: readonly number[];
  readonly lines: readonly Line[];
  readonly scale: "linear" | "logarithmic";
  /** The scale reaches at least to here. */
  readonly atLeast: number;
  readonly text: (value: number) => string;
  readonly label: string;
}

const DASHES: Readonly<Record<Line["style"], number[]>> = {
  area: [],
  solid: [],
  faint: [],
  dashed: [6, 4],
  dotted: [2, 3],
};

/** A chart whose plot lies exactly between the gutter and the right edge of the axis. Made again for a new width or theme. */
export function Chart(props: ChartProps): JSX.Element {
  const { axis, height, steps, lines, label } = props;
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const theme = useTheme();
  const shape = lines.map(({ name }) => name).join();
  useEffect(() => {
    if (element.current === null || axis.width <= 0) return undefined;
    const made = new uPlot(optionsOf(latest), dataOf(latest.current), element.current);
    plot.current = made;
    return () => {
      made.destroy();
      plot.current = null;
    };
  }, [axis.width, axis.gutter, height, theme, shape]);
  useEffect(() => {
    plot.current?.setData(dataOf(latest.current));
  }, [steps, lines, axis.span.from, axis.span.to]);
  return (
    <div class="chart" ref={element} role="img" aria-label={label} style={{ left: `${-axis.gutter}px` }} />
  );
}

function dataOf({ steps, lines }: ChartProps): uPlot.AlignedData {
  return [[...steps], ...lines.map(({ values }) => steps.map((_, index) => values[index] ?? null))];
}

function optionsOf(latest: { readonly current: ChartProps }): uPlot.Options {
  const { axis, height, lines, scale, text } = latest.current;
  const color = (name: string): string =>
    getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const isLogarithmic = scale === "logarithmic";
  const grid = { stroke: color("line"), width: 1 };
  const decades = (_: uPlot, splits: number[]): (number | null)[] =>
    splits.map((split) => (Number.isInteger(Math.round(Math.log10(split) * 1e6) / 1e6) ? split : null));
  return {
    width: axis.gutter + axis.width,
    height,
    padding: [12, 0, 8, 0],
    cursor: { show: false },
    legend: { show: false },
    select: { show: false, left: 0, top: 0, width: 0, height: 0 },
    scales: {
      x: { time: false, range: () => [latest.current.axis.span.from, latest.current.axis.span.to] },
      y: {
        distr: isLogarithmic ? 3 : 1,
        range: (_, min, max) => rangeOf(isLogarithmic, latest.current.atLeast, min, max),
      },
    },
    axes: [
      { show: false },
      {
        size: axis.gutter,
        gap: 6,
        stroke: color("quiet"),
        font: "12px system-ui, sans-serif",
        grid: isLogarithmic ? { ...grid, filter: decades } : grid,
        ticks: { show: false },
        space: 28,
        ...(isLogarithmic ? { filter: decades } : {}),
        values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : text(tick))),
      },
    ],
    series: [
      {},
      ...lines.map(({ name, hue, style }): uPlot.Series => {
        const stroke = color(hue);
        return {
          label: name,
          stroke: style === "faint" ? `${stroke}66` : stroke,
          width: style === "solid" || style === "area" ? 1.75 : 1.25,
          dash: DASHES[style],
          points: { show: false },
          ...(style === "area" ? { fill: `${stroke}24` } : {}),
          ...stepped(),
        };
      }),
    ],
  };
}

function stepped(): Pick<uPlot.Series, "paths"> | undefined {
  const paths = uPlot.paths.stepped?.({ align: 1 });
  return paths === undefined ? undefined : { paths };
}

function rangeOf(
  isLogarithmic: boolean,
  atLeast: number,
  min: number | null,
  max: number | null,
): [number, number] {
  if (!isLogarithmic) return [0, Math.max(atLeast, (max ?? 0) * 1.1)];
  const low = Math.min(1, min ?? 1);
  const high = Math.max(atLeast, max ?? 0);
  return [10 ** Math.floor(Math.log10(low)), 10 ** Math.ceil(Math.log10(high * 1.01))];
}

/** Changes when the reader's theme does: what is drawn on a canvas does not follow by itself. */
export function useTheme(): boolean {
  const query = matchMedia("(prefers-color-scheme: dark)");
  const [isDark, setIsDark] = useState(query.matches);
  useEffect(() => {
    const onChange = (): void => setIsDark(query.matches);
    query.addEventListener("change", onChange);
    return () => query.removeEventListener("change", onChange);
  }, []);
  return isDark;
}
