import { APPEND, type ListAppendHistory, type Scalar } from "./list-append-history.js";
import { readElement, readLength } from "./version-orders.js";

const SHOWN_OF_LIST = 8;

/** The transaction's name in all that people read: its event's index. */
export function transactionName(history: ListAppendHistory, transaction: number): string {
  return `T${history.log.eventIndex[transaction]}`;
}

export function scalarText(value: Scalar | undefined): string {
  return typeof value === "string" ? value : String(value);
}

export function keyText(history: ListAppendHistory, key: number): string {
  return scalarText(history.keys[key]);
}

export function elementText(history: ListAppendHistory, element: number): string {
  return scalarText(history.elements[element]);
}

/** `[1 2 3]`; of long lists the beginning and the end. */
export function readText(history: ListAppendHistory, i: number): string {
  const length = readLength(history, i);
  const words: string[] = [];
  for (let offset = 0; offset < length; offset++) {
    if (length > SHOWN_OF_LIST && offset === SHOWN_OF_LIST / 2) {
      words.push("…");
      offset = length - SHOWN_OF_LIST / 2;
    }
    words.push(elementText(history, readElement(history, i, offset)));
  }
  return `[${words.join(" ")}]`;
}

/** A micro-operation: `append x 3`, `r x [1 2]`. */
export function operationText(history: ListAppendHistory, i: number): string {
  const key = keyText(history, history.key[i] as number);
  if (history.kind[i] === APPEND)
    return `append ${key} ${elementText(history, history.argument[i] as number)}`;
  return `r ${key} ${readText(history, i)}`;
}

/** All micro-operations; of a transaction that did not commit, only its appends. */
export function transactionOperations(history: ListAppendHistory, transaction: number): string[] {
  const words: string[] = [];
  const end = history.operations[transaction + 1] as number;
  for (let i = history.operations[transaction] as number; i < end; i++) words.push(operationText(history, i));
  return words;
}
