import type { TimeFormat } from "./format.js";
import type { Scene } from "./scene.js";

export interface Words {
  /** What is known of an operation, a line each; the first is its title. */
  operation(operation: number): readonly string[];
  /** "12. write of r4, value 7 (process 3)". */
  step(step: number): string;
  /** The state after a step; undefined if it is not on the page. */
  state(step: number): string | undefined;
}

/** Part of the page's script. */
export function createWords(scene: Scene, texts: readonly string[], format: TimeFormat): Words {
  const { partition, order, marks, stepOf } = scene;
  return { operation, step, state };

  function operation(index: number): readonly string[] {
    const lines = [title(index), `process ${partition.process[index]}, ${interval(index)}`];
    if (marks.failed[index] === 1) lines.push("failed: it certainly did not happen");
    if (marks.broke[index] === 1)
      lines.push("✗ here it broke: no order explains this answer", `possible states then: ${states()}`);
    if (marks.illegalNext[index] === 1)
      lines.push(`✗ could come next, but its answer is impossible${inState()}`);
    if (marks.possibleNext[index] === 1) lines.push(`could come next${inState()}, and does not help`);
    if (marks.minimal[index] === 1) lines.push("belongs to the minimal sub-history");
    const place = stepOf[index] as number;
    if (place !== -1) lines.push(`step ${order.from + place + 1} of the order${stateAfter(place)}`);
    return lines;
  }

  function title(index: number): string {
    const id = partition.ids[index] as number;
    const text = texts[partition.text[index] as number] as string;
    return id === -1 ? text : `${id}: ${text}`;
  }

  function interval(index: number): string {
    const { axis } = scene;
    const { start, end } = axis;
    const call = axis.clockAt(start[index] as number);
    const open = partition.end[index] === null;
    const took = open ? 0 : axis.clockAt(end[index] as number) - call;
    const precision = took > 0 ? took / 100 : 1e-3;
    const called = `called at ${format.moment(call, precision)}`;
    if (open) return `${called}, never returned`;
    return `${called}, returned at ${format.moment(call + took, precision)} (after ${format.duration(took)})`;
  }

  function states(): string {
    return partition.possibleStates.join(" or ");
  }

  function inState(): string {
    const last = state(order.operations.length - 1);
    return last === undefined ? "" : ` in state ${last}`;
  }

  function stateAfter(place: number): string {
    const text = state(place);
    return text === undefined ? "" : `; state after it: ${text}`;
  }

  function step(place: number): string {
    const index = order.operations[place] as number;
    const text = texts[partition.text[index] as number] as string;
    return `${order.from + place + 1}. ${text} (process ${partition.process[index]})`;
  }

  function state(place: number): string | undefined {
    const text = order.states[place];
    return text === undefined || text === -1 ? undefined : texts[text];
  }
}
