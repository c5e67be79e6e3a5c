import type { Dom, ElementLike } from "./dom.js";
import type { middleOut } from "./middle-out.js";
import type { Scene } from "./scene.js";
import type { Words } from "./words.js";

export interface Steps {
  /** Draws the rows that are seen; brings the row of `step` into view if asked. */
  render(step: number, reveal: boolean): void;
}

interface Row {
  readonly text: string;
  readonly detail: string;
  readonly style: string;
  /** Step of the order; -1: an operation that could come next. */
  readonly step: number;
  readonly operation: number;
}

/**
 * The order as a list, a state after each step, and after the last one what could come next. Only rows that are seen
 * are elements. Part of the page's script.
 */
export function createSteps(
  dom: Dom,
  box: ElementLike,
  inner: ElementLike,
  scene: Scene,
  words: Words,
  parts: { readonly middleOut: typeof middleOut },
  choose: (step: number, operation: number) => void,
): Steps {
  const { partition, order } = scene;
  /** Characters that a state has room for. */
  const ONE_LINE = 46;
  const TWO_LINES = 88;
  const LOOKED_AT = 1000;
  const next = [...order.illegalNext, ...order.possibleNext];
  const rows = order.operations.length + next.length;
  const tall = hasLongStates();
  const ROW = tall ? 60 : 42;
  inner.style["height"] = `${rows * ROW}px`;
  // What matters in a partial order is how it ends.
  box.scrollTop = partition.verdict === "illegal" ? rows * ROW : 0;
  return { render };

  /** Long states get a second line: what differs between them is often their ends. */
  function hasLongStates(): boolean {
    const { length } = order.operations;
    for (let i = Math.max(length - LOOKED_AT, 0); i < length; i++)
      if ((words.state(i)?.length ?? 0) > ONE_LINE) return true;
    return false;
  }

  function render(step: number, reveal: boolean): void {
    if (reveal && step !== -1) {
      const [top, seen] = [step * ROW, box.clientHeight];
      if (top < box.scrollTop || top + ROW > box.scrollTop + seen)
        box.scrollTop = Math.max(top - seen / 2, 0);
    }
    const first = Math.max(Math.floor(box.scrollTop / ROW) - 2, 0);
    const last = Math.min(Math.ceil((box.scrollTop + box.clientHeight) / ROW) + 2, rows);
    const elements: ElementLike[] = [];
    for (let i = first; i < last; i++) elements.push(element(i, row(i), i === step));
    inner.replaceChildren(...elements);
    if (step === -1) box.removeAttribute("aria-activedescendant");
    else box.setAttribute("aria-activedescendant", `step-${step}`);
  }

  function row(i: number): Row {
    if (i < order.operations.length) {
      const state = words.state(i);
      return {
        text: words.step(i),
        detail: state === undefined ? "" : `→ ${state}`,
        style: "step",
        step: i,
        operation: order.operations[i] as number,
      };
    }
    const operation = next[i - order.operations.length] as number;
    const illegal = scene.marks.illegalNext[operation] === 1;
    return {
      text: `${illegal ? "✗" : "?"} ${words.operation(operation)[0]} (process ${partition.process[operation]})`,
      detail: illegal ? "could come next; its answer is impossible" : "could come next; does not help",
      style: illegal ? "step bad" : "step",
      step: -1,
      operation,
    };
  }

  function element(i: number, { text, detail, style, step, operation }: Row, current: boolean): ElementLike {
    const line = dom.document.createElement("div");
    line.id = `step-${i}`;
    line.className = `${style}${current ? " current" : ""}${tall ? " tall" : ""}`;
    line.style["top"] = `${i * ROW}px`;
    line.setAttribute("role", "option");
    line.setAttribute("aria-selected", String(current));
    line.setAttribute("aria-setsize", String(rows));
    line.setAttribute("aria-posinset", String(i + 1));
    line.title = detail === "" ? text : `${text} ${detail}`;
    line.append(text);
    const after = dom.document.createElement("span");
    after.textContent = parts.middleOut(detail, tall ? TWO_LINES : ONE_LINE);
    line.append(after);
    line.addEventListener("click", () => choose(step, operation));
    return line;
  }
}
