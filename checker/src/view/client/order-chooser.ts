import type { PagePartition } from "../data.js";
import type { Dom, ElementLike } from "./dom.js";
import type { middleOut } from "./middle-out.js";

export interface OrderChooser {
  /** Hidden where there is nothing to choose. */
  show(partition: PagePartition, choice: number): void;
  /** "order 2 of 3, ends in state 7"; "" where there is one order only. */
  text(partition: PagePartition, choice: number): string;
}

/** A partition's longest partial orders, by the states in which they end. Part of the page's script. */
export function createOrderChooser(
  parts: { readonly middleOut: typeof middleOut },
  dom: Dom,
  box: ElementLike,
  texts: readonly string[],
): OrderChooser {
  const LENGTH = 60;
  return { show, text };

  function show(partition: PagePartition, choice: number): void {
    box.hidden = partition.orders.length < 2;
    box.replaceChildren(...partition.orders.map((_, i) => option(partition, i)));
    box.value = String(choice);
    box.title = text(partition, choice);
  }

  function option(partition: PagePartition, i: number): ElementLike {
    const element = dom.document.createElement("option");
    element.value = String(i);
    element.textContent = parts.middleOut(text(partition, i), LENGTH);
    return element;
  }

  function text({ orders }: PagePartition, i: number): string {
    const state = texts[orders[i]?.states.at(-1) ?? -1];
    if (orders.length < 2) return "";
    return `order ${i + 1} of ${orders.length}${state === undefined ? "" : `, ends in state ${state}`}`;
  }
}
