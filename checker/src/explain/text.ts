import type { Model } from "../model.js";
import type { Operation } from "../operation.js";
import type { Explanation } from "./explain.js";
import { layOut } from "./layout.js";

/**
 * The minimal history for a terminal: a lane for each process, time from left to right.
 *
 *     process 1  ├─ write of 2 ─┤
 *     process 3                   ┝━ read that returned 1 ━┥ ✗
 */
export function explanationText<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  explanation: Explanation,
): string {
  const layout = layOut(model, operations, explanation, { label: (text) => text.length + 5, gap: 2 });
  const names = layout.processes.map((process) => `process ${process}`);
  const margin = Math.max(...names.map((name) => name.length)) + 2;
  const lanes = names.map((name) => Array.from(name.padEnd(margin + layout.width + 3)));
  for (const bar of layout.bars) {
    const line = bar.role === "failed" ? "━" : bar.role === "required" ? "─" : "┄";
    const [left, right] = bar.role === "failed" ? ["┝", "┥"] : ["├", "┤"];
    const inner = ` ${bar.label} `;
    const length = bar.end - bar.start - 1;
    const body = `${line}${inner}`.padEnd(length, line).slice(0, Math.max(length, inner.length + 1));
    const text = `${left}${body}${bar.isOpen ? "…" : right}${bar.role === "failed" ? " ✗" : ""}`;
    Array.from(text).forEach((character, i) => {
      const lane = lanes[bar.lane];
      if (lane !== undefined) lane[margin + bar.start + i] = character;
    });
  }
  return lanes.map((lane) => lane.join("").trimEnd()).join("\n");
}
