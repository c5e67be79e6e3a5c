/** A virtual time as people read it: seconds, to the thousandth of a millisecond at most. */
export function shownSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(3)}s`;
}

/** `12,345`. */
export function figure(value: number): string {
  return value.toLocaleString("en-US");
}

/** `1 event`, `12,345 events`. */
export function counted(number: number, noun: string, plural = `${noun}s`): string {
  return `${figure(number)} ${number === 1 ? noun : plural}`;
}

/** Rows of cells, each column as wide as its widest cell. */
export function alignColumns(table: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...table.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return table.map(line).join("\n");
}
