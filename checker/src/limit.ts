/** A limit that a caller gave, or the one that holds without. Throws RangeError: NaN would be no limit at all, in silence. */
export function limit(name: string, given: number | undefined, otherwise: number): number {
  if (given === undefined) return otherwise;
  if (typeof given === "number" && given >= 0) return given;
  throw new RangeError(`${name} is ${given}: it takes a number that is not negative`);
}
