import type { Dom, ElementLike } from "./dom.js";
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
  choose: (step: number, operation: number) => void,
): Steps {
  const ROW = 42;
  const { partition } = scene;
  const next = [...partition.illegalNext, ...partition.possibleNext];
  const rows = partition.order.length + next.length;
  inner.style["height"] = `${rows * ROW}px`;
  // What matters in a partial order is how it ends.
  box.scrollTop = partition.verdict === "illegal" ? rows * ROW : 0;
  return { render };

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
    if (i < partition.order.length) {
      const state = words.state(i);
      return {
        text: words.step(i),
        detail: state === undefined ? "" : `→ ${state}`,
        style: "step",
        step: i,
        operation: partition.order[i] as number,
      };
    }
    const operation = next[i - partition.order.length] as number;
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
    line.className = current ? `${style} current` : style;
    line.style["top"] = `${i * ROW}px`;
    line.setAttribute("role", "option");
    line.setAttribute("aria-selected", String(current));
    line.setAttribute("aria-setsize", String(rows));
    line.setAttribute("aria-posinset", String(i + 1));
    line.title = detail === "" ? text : `${text} ${detail}`;
    line.append(text);
    const after = dom.document.createElement("span");
    after.textContent = detail;
    line.append(after);
    line.addEventListener("click", () => choose(step, operation));
    return line;
  }
}
