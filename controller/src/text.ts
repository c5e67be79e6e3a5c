/** `60 s`, `1.5 s`. */
export function secondsOf(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
