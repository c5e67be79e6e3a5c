/** A recorded value as reports show it: scalars as they are, the rest as text; long text is cut. */
export type PlainValue = string | number | boolean | null;

const LONGEST_TEXT = 120;
const DEEPEST = 32;

export function plainValue(value: unknown): PlainValue {
  if (value === null || value === undefined) return null;
  if (typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value))) return value;
  return cut(typeof value === "string" ? value : canonicalText(value));
}

/** For sentences: strings in quotes. */
export function describeValue(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(cut(value)) : String(plainValue(value));
}

function cut(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}… (${text.length} characters)`;
}

/** Why a value cannot be told from others, so that it must not name an element; undefined if it can. */
export function identityProblem(value: unknown, depth = 0): string | undefined {
  if (value === null || value === undefined) return depth > 0 ? undefined : "a value is missing";
  if (typeof value === "number") {
    if (!Number.isFinite(value)) return `${value} is not a value`;
    if (!Number.isInteger(value) || Number.isSafeInteger(value)) return undefined;
    return `${value} is too large to be told from its neighbours; record it as a string`;
  }
  if (typeof value !== "object")
    return typeof value === "symbol" || typeof value === "function" ? `a ${typeof value}` : undefined;
  if (depth === DEEPEST) return `a value is nested more than ${DEEPEST} deep`;
  for (const child of childrenOf(value)) {
    const problem = identityProblem(child, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function childrenOf(value: object): unknown[] {
  if (Array.isArray(value)) return value;
  if (value instanceof Set) return [...value];
  return value instanceof Map ? [...value].flat(1) : Object.values(value);
}

/** Equal text exactly for equal values without `identityProblem`; order of keys does not count. */
function canonicalText(value: unknown, depth = 0): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "object") return typeof value;
  if (depth > DEEPEST) return "…";
  const text = (child: unknown): string => canonicalText(child, depth + 1);
  if (Array.isArray(value)) return `[${value.map(text).join(",")}]`;
  if (value instanceof Set) return `#{${[...value].map(text).toSorted().join(",")}}`;
  // A Map's keys may be of any type, an object's are strings: brackets of their own keep them apart.
  if (value instanceof Map) {
    const entries = [...value].map(([key, child]) => `${text(key)}:${text(child)}`);
    return `Map{${entries.toSorted().join(",")}}`;
  }
  const entries = Object.entries(value).map(([key, child]) => `${JSON.stringify(key)}:${text(child)}`);
  return `{${entries.toSorted().join(",")}}`;
}

/** By content; a missing value equals null. */
export function sameValue(left: unknown, right: unknown): boolean {
  return left === right || canonicalText(left) === canonicalText(right);
}

/** Small integers for values, 0, 1, 2 … in order of first appearance. Structures are equal by content. */
export class Interner {
  readonly #scalars = new Map<unknown, number>();
  readonly #structures = new Map<string, number>();

  get size(): number {
    return this.#scalars.size + this.#structures.size;
  }

  /** `fail` makes the error thrown for a value that has no identity. */
  idOf(value: unknown, fail: (problem: string) => Error): number {
    const known = this.#scalars.get(value);
    if (known !== undefined) return known;
    const problem = identityProblem(value);
    if (problem !== undefined) throw fail(problem);
    const id = this.size;
    if (typeof value !== "object") {
      this.#scalars.set(value, id);
      return id;
    }
    const text = canonicalText(value);
    const same = this.#structures.get(text);
    if (same === undefined) this.#structures.set(text, id);
    return same ?? id;
  }
}
