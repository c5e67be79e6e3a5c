/**
 * What the nodes of the frontier's paths hold: an operation times four, plus how it got there. An order is read
 * off from its end, where it is known which writes were hidden.
 */
export const PLAIN = 0;
/** Linearized here, and a write: what is hidden may come just before it. */
export const WRITE = 1;
/** Returned, and took effect unseen: before the last write before this node, or where a node before it says MAYBE. */
export const HIDDEN = 2;
/** A write of the value that was there anyway: may have taken effect here. */
export const MAYBE = 3;

/** The operations in the order of a path; `isCut`: its beginning is missing, and hidden operations may belong there. */
export function decode(path: readonly number[], isCut = false): number[] {
  const order: number[] = [];
  let hidden: number[] = [];
  for (let i = path.length - 1; i >= 0; i--) {
    const code = path[i] as number;
    const operation = Math.floor(code / 4);
    switch (code & 3) {
      case HIDDEN:
        hidden.push(operation);
        break;
      case MAYBE:
        if (!hidden.includes(operation)) break;
        hidden = hidden.filter((other) => other !== operation);
        order.push(operation);
        break;
      case WRITE:
        order.push(operation);
        if (hidden.length === 0) break;
        order.push(...hidden);
        hidden = [];
        break;
      default:
        order.push(operation);
    }
  }
  if (hidden.length > 0 && !isCut) throw new Error("a write is hidden where no other could hide it");
  return order.concat(hidden).toReversed();
}
