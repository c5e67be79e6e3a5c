/** A text too long keeps its two ends, for long values often begin alike. Part of the page's script. */
export function middleOut(text: string, length: number): string {
  if (text.length <= length) return text;
  const head = Math.floor((length - 3) * 0.45);
  return `${text.slice(0, head)} … ${text.slice(text.length - (length - 3 - head))}`;
}
