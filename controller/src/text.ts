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

/** Rows of cells, each column as wide as its widest cell. */
export function alignColumns(table: readonly (readonly string[])[]): string {
  const widths = (table[0] ?? []).map((_, column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return table.map(line).join("\n");
}
