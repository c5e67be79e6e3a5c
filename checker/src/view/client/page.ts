import type { PageData, PagePartition } from "../data.js";
import type { createCommands } from "./commands.js";
import type { createControls } from "./controls.js";
import type { Dom, ElementLike } from "./dom.js";
import type { firstView } from "./first-view.js";
import type { createTimeFormat } from "./format.js";
import type { Colors, createGeometry, Frame, Geometry } from "./geometry.js";
import type { middleOut } from "./middle-out.js";
import type { createOrderChooser } from "./order-chooser.js";
import type { createOverview, Overview } from "./overview.js";
import type { createPainter, PainterParts } from "./painter.js";
import type { createPanel } from "./panel.js";
import type { createScene, Scene, SceneParts } from "./scene.js";
import type { createSteps, Steps } from "./steps.js";
import type { createStripPointer } from "./strip-pointer.js";
import type { createSurface } from "./surface.js";
import type { createTooltip } from "./tooltip.js";
import type { createViewport, Viewport } from "./viewport.js";
import type { createWords, Words } from "./words.js";

export interface PageParts extends PainterParts, SceneParts {
  readonly createCommands: typeof createCommands;
  readonly createControls: typeof createControls;
  readonly createGeometry: typeof createGeometry;
  readonly createOrderChooser: typeof createOrderChooser;
  readonly createOverview: typeof createOverview;
  readonly createPanel: typeof createPanel;
  readonly createPainter: typeof createPainter;
  readonly createScene: typeof createScene;
  readonly createSteps: typeof createSteps;
  readonly createStripPointer: typeof createStripPointer;
  readonly createSurface: typeof createSurface;
  readonly createTimeFormat: typeof createTimeFormat;
  readonly createTooltip: typeof createTooltip;
  readonly createViewport: typeof createViewport;
  readonly createWords: typeof createWords;
  readonly firstView: typeof firstView;
  readonly middleOut: typeof middleOut;
}

/** The partition on the screen. */
interface Shown {
  readonly scene: Scene;
  readonly view: Viewport;
  readonly geometry: Geometry;
  readonly painter: ReturnType<typeof createPainter>;
  readonly overview: Overview;
  readonly words: Words;
  readonly steps: Steps;
}

/** The page's script: all of it is in this function and in the functions that it is given. */
export function startPage(dom: Dom, parts: PageParts): void {
  const data = JSON.parse(element("data").textContent ?? "") as PageData;
  const root = dom.document.documentElement;
  const [canvas, strip] = [element("canvas"), element("strip")];
  const surface = parts.createSurface(dom, canvas);
  const stripSurface = parts.createSurface(dom, strip);
  const [scroller, spacer] = [element("scroller"), element("spacer")];
  const tooltip = parts.createTooltip(dom, element("tooltip"));
  const [chooser, orders, status] = [element("chooser"), element("orders"), element("status")];
  const panel = parts.createPanel(element, data.partitions.length);
  const orderChooser = parts.createOrderChooser(parts, dom, orders, data.texts);
  const format = parts.createTimeFormat(
    data.timeUnit,
    data.timeOrigin ??
      data.partitions.reduce(
        (first, { call, clock }) => Math.min(first, (clock ?? call)[0] ?? first),
        Number.POSITIVE_INFINITY,
      ),
  );
  let colors = readColors();
  let compressed = true;
  let showOrder = true;
  let dim = false;
  let [index, choice] = [0, 0];
  let [selected, hovered, step] = [-1, -1, -1];
  let waiting = false;
  let shown: Shown;

  const controls = parts.createControls(dom);
  controls.keyboard(parts.createCommands(dom, element("help"), element("keys"), actions()));
  controls.pointer(canvas, onCanvas());
  controls.pointer(
    strip,
    parts.createStripPointer(strip, () => shown, redraw),
  );
  chooser.addEventListener("change", () => openPartition(Number(chooser.value)));
  orders.addEventListener("change", () => openOrder(Number(orders.value)));
  scroller.addEventListener("scroll", redraw);
  element("steps").addEventListener("scroll", () => shown.steps.render(step, false));
  dom.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolor);
  // At once: in the next frame it would be a frame late.
  new dom.ResizeObserver(draw).observe(scroller);
  openPartition(0);

  function element(id: string): ElementLike {
    const found = dom.document.getElementById(id);
    if (found === null) throw new Error(`the page has no element ${id}`);
    return found;
  }

  function readColors(): Colors {
    const style = dom.getComputedStyle(root);
    const color = (name: string): string => style.getPropertyValue(`--${name}`).trim();
    const names = ["back", "panel", "line", "text", "quiet", "invalid", "unknown", "order", "fault", "focus"];
    const kinds = data.kinds.map((_, kind) => color(`kind-${kind}`));
    return { ...Object.fromEntries(names.map((name) => [name, color(name)])), kinds } as unknown as Colors;
  }

  function recolor(): void {
    colors = readColors();
    redraw();
  }

  function openPartition(next: number): void {
    [index, choice] = [next, 0];
    chooser.value = String(index);
    const partition = data.partitions[index] as PagePartition;
    [selected, hovered, step] = [-1, -1, -1];
    dim = partition.minimal.length > 0;
    panel.showVerdict(partition);
    scroller.scrollTop = 0;
    build(partition);
    focusOnFailure();
    showPanel();
    redraw();
  }

  /** The view and what is selected stay: what changes is how it is explained. */
  function openOrder(next: number): void {
    const { view, scene } = shown;
    [choice, step] = [next, -1];
    build(scene.partition);
    shown.view.show(view.from, view.to);
    status.textContent = orderChooser.text(scene.partition, choice);
    showPanel();
    redraw();
  }

  function build(partition: PagePartition): void {
    const scene = parts.createScene(parts, data, partition, compressed, choice);
    const { min, max } = scene.axis;
    const narrowest = compressed ? Math.min(4, max - min) : (max - min) * 1e-7;
    const geometry = parts.createGeometry(parts, scene, data.texts, format);
    const words = parts.createWords(scene, data.texts, format);
    shown = {
      scene,
      geometry,
      words,
      view: parts.createViewport(min, max, narrowest),
      painter: parts.createPainter(parts, surface.context, geometry),
      overview: parts.createOverview(stripSurface.context, scene),
      steps: parts.createSteps(
        dom,
        element("steps"),
        element("steps-inner"),
        scene,
        words,
        parts,
        chooseStep,
      ),
    };
    spacer.style["height"] = `${geometry.height}px`;
    geometry.use(frame());
  }

  function focusOnFailure(): void {
    const { from, to } = parts.firstView(shown.scene);
    shown.view.show(from, to);
    const { brokeAt } = shown.scene.partition;
    if (brokeAt !== -1) bringLaneIntoView(brokeAt);
  }

  function frame(): Frame {
    const { from, to } = shown.view;
    const [width, height] = [scroller.clientWidth, scroller.clientHeight];
    const { scrollTop } = scroller;
    return { width, height, scrollTop, from, to, selected, hovered, step, dim, showOrder };
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
    const seen = frame();
    if (seen.width < 80 || seen.height < 40) return;
    surface.fit(seen.width, seen.height);
    canvas.style["width"] = `${seen.width}px`;
    canvas.style["height"] = `${seen.height}px`;
    shown.geometry.use(seen);
    root.dataset["bars"] = String(shown.painter.draw(colors));
    stripSurface.fit(strip.clientWidth, strip.clientHeight);
    shown.overview.draw(strip.clientWidth, strip.clientHeight, seen.from, seen.to, colors);
    shown.steps.render(step, false);
    tooltip.place(shown.geometry, shown.words, hovered === -1 ? selected : hovered);
  }

  function select(operation: number, announce: boolean): void {
    selected = operation;
    hovered = -1;
    if (operation === -1) return;
    const { axis } = shown.scene;
    const from = axis.start[operation] as number;
    const to = axis.end[operation] as number;
    shown.view.reveal(from, to === Number.POSITIVE_INFINITY ? from : to);
    bringLaneIntoView(operation);
    if (announce) status.textContent = shown.words.operation(operation).join(". ");
    redraw();
  }

  function bringLaneIntoView(operation: number): void {
    const { geometry, scene } = shown;
    const y = (scene.lanes.lane[operation] as number) * geometry.laneHeight;
    const rows = scroller.clientHeight - geometry.top - 12;
    if (y < scroller.scrollTop) scroller.scrollTop = y;
    if (y + geometry.laneHeight > scroller.scrollTop + rows)
      scroller.scrollTop = y + geometry.laneHeight - rows;
  }

  function chooseStep(next: number, operation: number): void {
    if (next !== -1) step = next;
    select(operation, true);
    shown.steps.render(step, false);
  }

  function goToStep(next: number): void {
    const { operations } = shown.scene.order;
    if (operations.length === 0) return;
    step = Math.min(Math.max(next, 0), operations.length - 1);
    select(operations[step] as number, false);
    const place = shown.scene.points[step] as number;
    if (place < shown.view.from || place > shown.view.to) shown.view.reveal(place, place);
    const state = shown.words.state(step);
    status.textContent = `${shown.words.step(step)}${state === undefined ? "" : `; state after it: ${state}`}`;
    shown.steps.render(step, true);
    redraw();
  }

  function goTo(operations: readonly number[], by: number): void {
    if (operations.length === 0) return;
    const after = operations.findIndex((operation) => operation >= selected + (by > 0 ? 1 : 0));
    const place = (after === -1 ? operations.length : after) - (by > 0 ? 0 : 1);
    const wrapped = (place + operations.length) % operations.length;
    select(operations[wrapped] as number, true);
  }

  function toggleTime(): void {
    const { view, scene } = shown;
    const [from, to] = [scene.axis.rank(view.from), scene.axis.rank(view.to)];
    compressed = !compressed;
    build(scene.partition);
    const { axis } = shown.scene;
    shown.view.show(axis.atRank(from), axis.atRank(to));
  }

  function toggle(what: "time" | "dim" | "order" | "theme"): void {
    if (what === "time") toggleTime();
    if (what === "dim") dim = !dim;
    if (what === "order") showOrder = !showOrder;
    if (what === "theme") {
      const system = dom.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
      root.dataset["theme"] = (root.dataset["theme"] ?? system) === "dark" ? "light" : "dark";
      recolor();
    }
    showPanel();
    redraw();
  }

  function showPanel(): void {
    orderChooser.show(shown.scene.partition, choice);
    panel.show(shown.scene, { time: !compressed, order: showOrder, dim });
  }

  function actions(): Parameters<typeof createCommands>[3] {
    return {
      pan(share) {
        shown.view.pan(share);
        redraw();
      },
      scrollLanes(rows) {
        // In the list of steps, the arrows go through the list.
        if (dom.document.activeElement?.id === "steps") return goToStep(step + rows);
        scroller.scrollTop += rows * shown.geometry.laneHeight;
      },
      zoom(factor) {
        shown.view.zoom(factor, (shown.view.from + shown.view.to) / 2);
        redraw();
      },
      fit() {
        shown.view.show(shown.scene.axis.min, shown.scene.axis.max);
        redraw();
      },
      jump() {
        if (shown.scene.partition.brokeAt === -1) return;
        focusOnFailure();
        select(shown.scene.partition.brokeAt, true);
      },
      nextOperation(by) {
        const last = shown.scene.partition.call.length - 1;
        select(Math.min(Math.max(selected + by, 0), last), true);
      },
      nextIllegal: (by) => goTo(illegal(), by),
      step: (by) => goToStep(step === -1 ? (by > 0 ? 0 : Number.MAX_SAFE_INTEGER) : step + by),
      stepTo: (end) => goToStep(end === "first" ? 0 : Number.MAX_SAFE_INTEGER),
      nextOrder(by) {
        const { length } = shown.scene.partition.orders;
        if (length > 1) openOrder((choice + by + length) % length);
      },
      nextPartition(by) {
        const next = index + by;
        if (data.partitions[next] !== undefined) openPartition(next);
      },
      toggle,
      escape() {
        [selected, hovered, step] = [-1, -1, -1];
        redraw();
      },
    };
  }

  function illegal(): number[] {
    const { illegalNext } = shown.scene.order;
    const { brokeAt } = shown.scene.partition;
    const all = new Set(brokeAt === -1 ? illegalNext : [...illegalNext, brokeAt]);
    return [...all].toSorted((a, b) => a - b);
  }

  function onCanvas(): Parameters<typeof controls.pointer>[1] {
    const placeAt = (x: number): number => {
      const { from, to } = shown.view;
      const { gutter } = shown.geometry;
      return from + ((x - gutter) / (scroller.clientWidth - gutter)) * (to - from);
    };
    return {
      drag(dx, dy) {
        shown.view.pan(-dx / (scroller.clientWidth - shown.geometry.gutter));
        scroller.scrollTop -= dy;
        redraw();
      },
      zoom(factor, x) {
        shown.view.zoom(factor, placeAt(x));
        redraw();
      },
      scroll(dx) {
        shown.view.pan(dx / scroller.clientWidth);
        redraw();
      },
      hover(x, y) {
        const operation = shown.geometry.hit(x, y);
        if (operation === hovered) return;
        hovered = operation;
        redraw();
      },
      leave() {
        hovered = -1;
        redraw();
      },
      click(x, y) {
        const operation = shown.geometry.hit(x, y);
        const place = operation === -1 ? -1 : (shown.scene.stepOf[operation] as number);
        if (place !== -1) step = place;
        select(operation, true);
        shown.steps.render(step, true);
        canvas.focus({ preventScroll: true });
        redraw();
      },
    };
  }
}
