/** Any value in a message, shortened. */
export function show(value: unknown): string {
  const text =
    JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? `${part}n` : part)) ??
    typeof value;
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
