import type { ComponentChildren, JSX } from "preact";
import { useContext, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Axis, clampSpan, msAt, type Span, ticksOf, xOf, zoomSpan } from "./axis.js";
import { CursorContext } from "./cursor.js";
import { time } from "./format.js";

/** How much room there is for plots: measured, since every row must begin and end at the same pixel. */
export function useAxis(whole: Span, span: Span | null): [(element: HTMLElement | null) => void, Axis] {
  const [element, setElement] = useState<HTMLElement | null>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    if (element === null) return undefined;
    const measure = (): void => setWidth(element.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  const isNarrow = width < 720;
  const [gutter, readout] = isNarrow ? [48, 0] : [104, 148];
  return [
    setElement,
    {
      span: span === null ? whole : clampSpan(span, whole),
      whole,
      gutter,
      readout,
      width: Math.max(0, width - gutter - readout),
    },
  ];
}

interface StackProps {
  readonly axis: Axis;
  readonly measure: (element: HTMLElement | null) => void;
  /** Null: the whole. */
  readonly onSpan: (span: Span | null) => void;
  readonly label: string;
  /** What is shown unless a part was chosen. */
  readonly wholeName: string;
  /** What is true at a moment, in a sentence: for those who do not see the picture. */
  readonly tell: (ms: number) => string;
  readonly children: ComponentChildren;
}

/** Rows over one axis of time: a line at the cursor through all of them, and zooming that holds for all of them. */
export function Stack({ axis, measure, onSpan, label, wholeName, tell, children }: StackProps): JSX.Element {
  const cursor = useContext(CursorContext);
  const line = useRef<HTMLDivElement>(null);
  const [drag, setDrag] = useState<Span | null>(null);
  const [told, setTold] = useState("");
  const { span, whole } = axis;
  useEffect(
    () =>
      cursor.watch((ms) => {
        const style = line.current?.style;
        if (style === undefined) return;
        const isShown = ms !== null && ms >= axis.span.from && ms <= axis.span.to;
        style.opacity = isShown ? "1" : "0";
        if (isShown) style.transform = `translateX(${xOf(axis, ms).toFixed(1)}px)`;
      }),
    [cursor, axis],
  );
  const msOf = (event: PointerEvent): number => {
    const { left } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return msAt(axis, event.clientX - left - axis.gutter);
  };
  const onPointerDown = (event: PointerEvent): void => {
    const isPlain = event.button === 0 && event.pointerType === "mouse";
    if (!isPlain || (event.target as Element).closest("button, a, select") !== null) return;
    const at = msOf(event);
    setDrag({ from: at, to: at });
  };
  const onPointerMove = (event: PointerEvent): void => {
    const at = msOf(event);
    cursor.set(at);
    if (drag === null) return;
    // Not before it has moved: what is captured is no click on what lies below.
    const stack = event.currentTarget as HTMLElement;
    if (Math.abs(xOf(axis, at) - xOf(axis, drag.from)) > 4 && !stack.hasPointerCapture(event.pointerId))
      stack.setPointerCapture(event.pointerId);
    setDrag({ from: drag.from, to: at });
  };
  const onPointerUp = (): void => {
    if (drag === null) return;
    setDrag(null);
    const chosen = { from: Math.min(drag.from, drag.to), to: Math.max(drag.from, drag.to) };
    if (xOf(axis, chosen.to) - xOf(axis, chosen.from) > 6) onSpan(clampSpan(chosen, whole));
  };
  const middle = (span.from + span.to) / 2;
  const length = span.to - span.from;
  const zoom = (factor: number): void => {
    const wider = zoomSpan(span, whole, factor, cursor.ms ?? middle);
    onSpan(wider.to - wider.from >= whole.to - whole.from ? null : wider);
  };
  const pan = (share: number): void => {
    if (length < whole.to - whole.from)
      onSpan(clampSpan({ from: span.from + share * length, to: span.to + share * length }, whole));
  };
  const move = (share: number): void => {
    const at = Math.min(Math.max((cursor.ms ?? span.from) + share * length, span.from), span.to);
    cursor.set(at);
    setTold(tell(at));
  };
  const keys: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => move(-0.01),
    ArrowRight: () => move(0.01),
    PageUp: () => pan(-0.5),
    PageDown: () => pan(0.5),
    "+": () => zoom(0.5),
    "=": () => zoom(0.5),
    "-": () => zoom(2),
    "0": () => onSpan(null),
    Escape: () => onSpan(null),
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const act = event.target === event.currentTarget ? keys[event.key] : undefined;
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  };
  const isWhole = span.from <= whole.from && span.to >= whole.to;
  return (
    <div class="stack-frame">
      <div class="stack-tools">
        <span class="quiet">
          {isWhole ? wholeName : `${time(span.from, 2)} to ${time(span.to, 2)}`}
          <span class="wide-only">{isWhole ? "; drag over it to look closer" : ""}</span>
        </span>
        <span class="buttons">
          <button type="button" onClick={() => zoom(0.5)} aria-label="Look closer">
            +
          </button>
          <button
            type="button"
            onClick={() => zoom(2)}
            disabled={isWhole}
            aria-label="Look from further away"
          >
            −
          </button>
          <button type="button" onClick={() => pan(-0.5)} disabled={isWhole} aria-label="Earlier">
            ←
          </button>
          <button type="button" onClick={() => pan(0.5)} disabled={isWhole} aria-label="Later">
            →
          </button>
          <button type="button" onClick={() => onSpan(null)} disabled={isWhole} aria-label={wholeName}>
            all
          </button>
        </span>
      </div>
      <div
        class="stack"
        ref={measure}
        tabIndex={0}
        role="group"
        aria-label={`${label}. Arrow keys move the cursor, plus and minus zoom, page up and down move, 0 shows the whole run.`}
        onKeyDown={onKeyDown}
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerUp}
        onPointerCancel={() => setDrag(null)}
        onPointerLeave={() => cursor.set(null)}
        onDblClick={() => onSpan(null)}
      >
        {axis.width > 0 && children}
        <div
          class="overlay"
          style={{ left: `${axis.gutter}px`, width: `${axis.width}px` }}
          aria-hidden="true"
        >
          <div class="cursor-line" ref={line} />
          {drag !== null && (
            <div
              class="selection"
              style={{
                left: `${Math.max(0, Math.min(xOf(axis, drag.from), xOf(axis, drag.to)))}px`,
                width: `${Math.abs(xOf(axis, drag.to) - xOf(axis, drag.from))}px`,
              }}
            />
          )}
        </div>
        <p class="hidden-text" role="status">
          {told}
        </p>
      </div>
    </div>
  );
}

interface RowProps {
  readonly axis: Axis;
  readonly name: ComponentChildren;
  readonly readout?: ComponentChildren;
  readonly class?: string;
  /** Of the plot. */
  readonly height: number;
  readonly children: ComponentChildren;
}

/** One row: name, plot, figures. On a narrow page name and figures stand above the plot. */
export function Row({ axis, name, readout, class: kind = "", height, children }: RowProps): JSX.Element {
  const isNarrow = axis.readout === 0;
  const plot = (
    <div
      class="row-plot"
      style={{ left: `${axis.gutter}px`, width: `${axis.width}px`, height: `${height}px` }}
    >
      {children}
    </div>
  );
  if (isNarrow)
    return (
      <div class={`row narrow ${kind}`}>
        <div class="row-head">
          <div class="row-name">{name}</div>
          <div class="row-readout">{readout}</div>
        </div>
        <div class="row-body" style={{ height: `${height}px` }}>
          {plot}
        </div>
      </div>
    );
  return (
    <div class={`row ${kind}`} style={{ height: `${height}px` }}>
      <div class="row-name" style={{ width: `${axis.gutter - 10}px` }}>
        {name}
      </div>
      {plot}
      <div class="row-readout" style={{ width: `${axis.readout - 12}px` }}>
        {readout}
      </div>
    </div>
  );
}

/** Moments along the axis. */
export function TimeRow({ axis }: { readonly axis: Axis }): JSX.Element {
  const isNarrow = axis.readout === 0;
  // Right of the plot there is room for a text only where figures stand.
  const ticks = ticksOf(axis, isNarrow ? 64 : 90).filter(
    ({ ms }) => !isNarrow || xOf(axis, ms) < axis.width - 36,
  );
  return (
    <div class="time-row" aria-hidden="true">
      {ticks.map(({ ms, text }) => (
        <span key={ms} style={{ left: `${(axis.gutter + xOf(axis, ms)).toFixed(1)}px` }}>
          {text}
        </span>
      ))}
    </div>
  );
}
