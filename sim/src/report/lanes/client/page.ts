import type { LanesData } from "../data.js";
import type { createBackdrop } from "./backdrop.js";
import type { createControls } from "./controls.js";
import type { Context2d, Dom, ElementLike } from "./dom.js";
import type { createHover } from "./hover.js";
import type { createLayout } from "./layout.js";
import type { createMessages } from "./messages.js";
import type { createNodes } from "./nodes.js";
import type { createOperations } from "./operations.js";
import type { below, Colors, createScale, Frame, Hovered } from "./scene.js";
import type { createViewport } from "./viewport.js";

export interface PageParts {
  readonly below: typeof below;
  readonly createBackdrop: typeof createBackdrop;
  readonly createControls: typeof createControls;
  readonly createHover: typeof createHover;
  readonly createLayout: typeof createLayout;
  readonly createMessages: typeof createMessages;
  readonly createNodes: typeof createNodes;
  readonly createOperations: typeof createOperations;
  readonly createScale: typeof createScale;
  readonly createViewport: typeof createViewport;
}

/** The page's script: all of it is in this function and in the functions that it is given. */
export function startPage(dom: Dom, parts: PageParts): void {
  const FAILURE_SPAN_MS = 200;
  const COLORS = "back panel line text quiet valid invalid unknown order fault focus append other".split(" ");
  const data = JSON.parse(element("data").textContent ?? "") as LanesData;
  const root = dom.document.documentElement;
  const [canvas, stage, tooltip, note] = [
    element("canvas"),
    element("stage"),
    element("tooltip"),
    element("note"),
  ];
  const boxes = [0, 1, 2, 3].map((kind) => element(`kind-${kind}`));
  const ctx = context();
  const layout = parts.createLayout(data);
  const view = parts.createViewport(data.endMs);
  const backdrop = parts.createBackdrop();
  const nodes = parts.createNodes(parts);
  const messages = parts.createMessages(parts);
  const operations = parts.createOperations();
  const hoverAt = parts.createHover(parts);
  const controls = parts.createControls();
  let colors = readColors();
  let hovered: Hovered | null = null;
  let pointer: readonly [number, number] = [0, 0];
  let waiting = false;

  element("key-f").hidden = data.failure === null;
  canvas.style["height"] = `${layout.height}px`;
  controls.keys(dom, actions());
  controls.pointer(canvas, onCanvas());
  for (const box of boxes) box.addEventListener("change", redraw);
  dom.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolor);
  dom.addEventListener("hashchange", showLinked);
  new dom.ResizeObserver(draw).observe(stage);
  showLinked();

  function element(id: string): ElementLike {
    const found = dom.document.getElementById(id);
    if (found === null) throw new Error(`the page has no element ${id}`);
    return found;
  }

  function context(): Context2d {
    const found = canvas.getContext("2d");
    if (found === null) throw new Error("this browser has no canvas");
    return found;
  }

  function readColors(): Colors {
    const style = dom.getComputedStyle(root);
    const named = COLORS.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]);
    return Object.fromEntries(named) as Colors;
  }

  function recolor(): void {
    colors = readColors();
    redraw();
  }

  /** A link may say what is seen, in milliseconds: `#12000-12500`. */
  function showLinked(): void {
    const [, from, to] = /^#([\d.]+)-([\d.]+)$/.exec(dom.location.hash) ?? [];
    if (from !== undefined && to !== undefined) view.show(Number(from), Number(to));
    redraw();
  }

  function frame(): Frame {
    const width = stage.clientWidth;
    const shown = boxes.map(({ checked }) => checked);
    return {
      data,
      layout,
      view,
      width,
      colors,
      shown,
      hovered,
      scale: parts.createScale(view, layout, width),
    };
  }

  function redraw(): void {
    if (waiting) return;
    waiting = true;
    dom.requestAnimationFrame(() => {
      waiting = false;
      draw();
    });
  }

  function draw(): void {
    const now = frame();
    if (now.width < layout.gutter + 40) return;
    fit(now.width);
    backdrop.under(ctx, now);
    ctx.save();
    ctx.beginPath();
    ctx.rect(layout.gutter - 3, 0, now.width, layout.height);
    ctx.clip();
    nodes(ctx, now);
    const count = messages.draw(ctx, now);
    operations.draw(ctx, now);
    ctx.restore();
    backdrop.over(ctx, now);
    tell(count);
    placeTooltip();
  }

  function fit(width: number): void {
    const ratio = dom.devicePixelRatio;
    const [wide, tall] = [Math.round(width * ratio), Math.round(layout.height * ratio)];
    // To set a size, even the same, clears the canvas.
    if (canvas.width !== wide) canvas.width = wide;
    if (canvas.height !== tall) canvas.height = tall;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  function tell(count: number): void {
    const [from, to] = [Math.max(view.from, 0), Math.min(view.to, data.endMs)];
    const arrows = messages.areDrawn() ? "" : ": zoom in to see them";
    note.textContent = `${(from / 1_000).toFixed(3)} to ${(to / 1_000).toFixed(3)} s; ${count} messages${arrows}`;
    root.dataset["messages"] = String(count);
    const isWhole = from === 0 && to === data.endMs;
    dom.history.replaceState(null, "", isWhole ? "#" : `#${from.toFixed(3)}-${to.toFixed(3)}`);
  }

  function placeTooltip(): void {
    tooltip.hidden = hovered === null;
    if (hovered === null) return;
    tooltip.textContent = hovered.lines.join("\n");
    const [x, y] = pointer;
    const left = Math.min(x + 14, stage.clientWidth - tooltip.offsetWidth - 6);
    const above = y - tooltip.offsetHeight - 10;
    tooltip.style["left"] = `${Math.max(left, 4)}px`;
    tooltip.style["top"] = `${above > 0 ? above : y + 18}px`;
  }

  function actions(): Readonly<Record<string, () => void>> {
    const zoom = (factor: number) => () => change(() => view.zoom(factor, (view.from + view.to) / 2));
    const pan = (share: number) => () => change(() => view.pan(share));
    return {
      "+": zoom(0.5),
      "-": zoom(2),
      "0": () => change(() => view.show(0, 2 * data.endMs)),
      f: () => change(showFailure),
      t: toggleTheme,
      ArrowLeft: pan(-0.2),
      ArrowRight: pan(0.2),
      Home: () => change(() => view.show(0, view.to - view.from)),
      End: () => change(() => view.show(data.endMs - (view.to - view.from), data.endMs)),
    };
  }

  function change(what: () => void): void {
    what();
    hovered = null;
    redraw();
  }

  function showFailure(): void {
    const { failure } = data;
    if (failure === null) return;
    view.show(failure.atMs - FAILURE_SPAN_MS * 0.8, failure.atMs + FAILURE_SPAN_MS * 0.2);
  }

  function toggleTheme(): void {
    const system = dom.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    root.dataset["theme"] = (root.dataset["theme"] ?? system) === "dark" ? "light" : "dark";
    recolor();
  }

  function onCanvas(): Parameters<typeof controls.pointer>[1] {
    const wide = (): number => stage.clientWidth - layout.gutter;
    return {
      drag: (dx) => change(() => view.pan(-dx / wide())),
      zoom: (factor, x) => change(() => view.zoom(factor, frame().scale.time(x))),
      scroll: (dx) => change(() => view.pan(dx / wide())),
      hover(x, y) {
        pointer = [x, y];
        hovered = hoverAt(frame(), messages, operations, x, y);
        redraw();
      },
      leave() {
        hovered = null;
        redraw();
      },
    };
  }
}
