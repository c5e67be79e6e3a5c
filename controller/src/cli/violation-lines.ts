import type { ShownOperation, Violation } from "@gauntlet/ui";
import { alignColumns, CUT } from "../text.js";
import { WIDTH } from "./width.js";

const MAX_VIOLATIONS = 3;
const MAX_OPERATIONS = 12;
const MAX_LANES = 16;

/**
 * The few operations that contradict one another, for each violation that has any: as a drawing where there is one that fits,
 * else as a list in the order of their calls. The answer that nothing explains is marked.
 */
export function violationLines(violations: readonly Violation[]): readonly string[] {
  const shown = violations.filter(({ operations }) => operations.length > 0);
  return [
    ...shown
      .slice(0, MAX_VIOLATIONS)
      .flatMap((violation, at) => [...(at === 0 ? [] : [""]), ...told(violation)]),
    ...(shown.length > MAX_VIOLATIONS ? [`and ${shown.length - MAX_VIOLATIONS} more${CUT}`] : []),
  ];
}

function told({ check, name, operations, picture, facts }: Violation): readonly string[] {
  const from = Math.min(...operations.map(({ startMs }) => startMs));
  const to = Math.max(...operations.map(({ startMs, endMs }) => endMs ?? startMs));
  const title = `${name === "" ? check : `${name}, ${check}`}: from ${seconds(from)} to ${seconds(to)}`;
  const drawing = picture?.split("\n") ?? [];
  const fits = drawing.length <= MAX_LANES && drawing.every((line) => line.length + 2 <= WIDTH);
  const lines = drawing.length > 0 && fits ? drawing : [...listed(operations), ...facts];
  return [title, ...lines.map((line) => `  ${line}`)];
}

/** The answer at fault and what it contradicts come before what was under way besides. */
function listed(operations: readonly ShownOperation[]): readonly string[] {
  const first = operations.filter(({ part }) => part !== "around");
  const chosen = [...first, ...operations.filter(({ part }) => part === "around")].slice(0, MAX_OPERATIONS);
  const rows = chosen
    .toSorted((a, b) => a.id - b.id)
    .map(({ process, node, key, text, startMs, endMs, part, error }) => [
      part === "culprit" ? "✗" : "",
      seconds(startMs),
      endMs === null ? "no answer" : seconds(endMs),
      `process ${process}`,
      node ?? "",
      key ?? "",
      error === null ? text : `${text} (${error})`,
    ]);
  const more = operations.length - chosen.length;
  const lines = alignColumns([["", "called", "ended", "process", "node", "key", "operation"], ...rows])
    .split("\n")
    .map((line) => (line.length + 2 <= WIDTH ? line : `${line.slice(0, WIDTH - 2 - CUT.length)}${CUT}`));
  return [...lines, ...(more === 0 ? [] : [`and ${more} more${CUT}`])];
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(3)} s`;
}
