import { relative } from "node:path";

/** `60 s`, `1.5 s`. */
export function secondsOf(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}

/** A path as a person would type it from here. */
export function shownPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") || short === "" ? path : short;
}

/** Rows of cells, each column as wide as its widest cell. Columns from `rightFrom` on, of figures, end at the same place. */
export function alignColumns(
  table: readonly (readonly string[])[],
  rightFrom = Number.POSITIVE_INFINITY,
): string {
  const widths = (table[0] ?? []).map((_, column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        column < rightFrom ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  return table.map(line).join("\n");
}

/** What stands for the rest of a text that was cut. */
export const CUT = " …";

/**
 * Lines of at most `width` characters, broken between words where there are any; those after the first are indented.
 * Of more than `maxLines` the last one ends with CUT.
 */
export function wrap(text: string, width: number, indent: number, maxLines: number): readonly string[] {
  const room = width - CUT.length;
  const [first = "", ...words] = text.match(new RegExp(`\\S{1,${room - indent}}`, "g")) ?? [];
  const lines: string[] = [];
  let line = first;
  for (const word of words) {
    if (line.length + 1 + word.length <= room) line = `${line} ${word}`;
    else {
      lines.push(line);
      line = `${" ".repeat(indent)}${word}`;
    }
  }
  lines.push(line);
  return lines.length <= maxLines
    ? lines
    : lines.slice(0, maxLines).map((each, at) => (at === maxLines - 1 ? `${each}${CUT}` : each));
}
