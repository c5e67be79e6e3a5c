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
  /** Of a state, so that the list is not wider than its column. */
  const LENGTH = 18;
  let listed: PagePartition | undefined;
  return { show, text };

  function show(partition: PagePartition, choice: number): void {
    box.hidden = partition.orders.length < 2;
    // A list that is being used stays as it is.
    if (partition !== listed) box.replaceChildren(...partition.orders.map((_, i) => option(partition, i)));
    listed = partition;
    box.value = String(choice);
    box.title = text(partition, choice);
  }

  function option(partition: PagePartition, i: number): ElementLike {
    const element = dom.document.createElement("option");
    element.value = String(i);
    element.textContent = words(partition, i, LENGTH);
    return element;
  }

  function text(partition: PagePartition, i: number): string {
    return partition.orders.length < 2 ? "" : words(partition, i, Number.POSITIVE_INFINITY);
  }

  function words({ orders }: PagePartition, i: number, length: number): string {
    const state = texts[orders[i]?.states.at(-1) ?? -1];
    const end = state === undefined ? "" : `, ends in state ${parts.middleOut(state, length)}`;
    return `order ${i + 1} of ${orders.length}${end}`;
  }
}
