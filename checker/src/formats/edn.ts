import { parseEDNString } from "edn-data";
import { scanEdn } from "./edn-scan.js";
import { excerpt, FormatError } from "./format-error.js";

/**
 * One EDN form as plain data: keywords, symbols and characters are strings of their names, sets and lists
 * are arrays, maps and records are objects (a key that is no string is written as one), `#inst` and `#uuid`
 * their text; any other tagged value is `{ "#tag": value }`, which equals nothing else. An integer beyond 2^53 is
 * a bigint, so that nobody takes two of them for equal.
 *
 * Strict: edn-data reads what scanEdn found whole; a map's key or a set's element given twice is damage. (A
 * broken history must not become another one.) Throws FormatError. Linear.
 */
export function parseEdn(text: string, firstLine: number): unknown {
  const scanned = scanEdn(text, firstLine);
  let forms: unknown;
  try {
    // In a vector, which shows all that was read: of several forms edn-data gives the first.
    forms = parseEDNString(`[${scanned}]`, OPTIONS);
  } catch (error) {
    throw damage(firstLine, error instanceof Error ? error.message : String(error));
  }
  if (!Array.isArray(forms) || forms.length === 0) throw damage(firstLine, "no form that can be read");
  const [form, second] = forms.map((read) => plain(read, firstLine));
  if (second !== undefined) throw damage(firstLine, `${excerpt(textOf(second))} after a form`);
  return form;
}

const OPTIONS = {
  mapAs: "doubleArray",
  setAs: "object",
  listAs: "array",
  keywordAs: "string",
  symbolAs: "string",
  charAs: "string",
  // Else a Date, of any text.
  tagHandlers: { inst: (val: unknown) => ({ tag: "inst", val }) },
} as const;

/** What edn-data gives for a collection that is no vector, and for a tag. No map of the text has this shape. */
type Structure =
  | { readonly map: readonly (readonly [key: unknown, value: unknown])[] }
  | { readonly set: readonly unknown[] }
  | { readonly tag: string; readonly val: unknown };

function plain(form: unknown, line: number): unknown {
  // Zero has one sign only.
  if (typeof form === "number") return form + 0;
  if (typeof form === "bigint") return Number.isSafeInteger(Number(form)) ? Number(form) : form;
  if (typeof form !== "object" || form === null) return form;
  if (Array.isArray(form)) return form.map((element) => plain(element, line));
  const structure = form as Structure;
  if ("map" in structure) return plainMap(structure.map, line);
  if ("set" in structure) return plainSet(structure.set, line);
  return plainTagged(structure.tag, plain(structure.val, line));
}

function plainMap(pairs: readonly (readonly [unknown, unknown])[], line: number): object {
  const map: Record<string, unknown> = {};
  for (const [keyForm, valueForm] of pairs) {
    const key = textOf(plain(keyForm, line));
    if (Object.hasOwn(map, key))
      throw damage(line, `the key ${JSON.stringify(key)} appears twice in one map`, KEEP_ONE);
    const value = plain(valueForm, line);
    // Defined, not assigned: "__proto__" is a key like others.
    if (key === "__proto__") Object.defineProperty(map, key, { value, enumerable: true, configurable: true });
    else map[key] = value;
  }
  return map;
}

function plainSet(forms: readonly unknown[], line: number): readonly unknown[] {
  const elements = forms.map((form) => plain(form, line));
  // The number 1 and the text "1" are two; collections are one if they hold the same.
  const scalars = new Set<unknown>();
  const collections = new Set<unknown>();
  for (const element of elements) {
    const isCollection = typeof element === "object" && element !== null;
    const seen = isCollection ? collections : scalars;
    const identity = isCollection ? textOf(element) : element;
    if (seen.has(identity))
      throw damage(line, `the element ${textOf(element)} appears twice in one set`, KEEP_ONE);
    seen.add(identity);
  }
  return elements;
}

function plainTagged(tag: string, value: unknown): unknown {
  if (tag.startsWith("#")) return SPECIAL_NUMBERS[tag];
  if ((tag === "inst" || tag === "uuid") && typeof value === "string") return value;
  const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
  // A record (#jepsen.history.Op{…}), or a map whose keys share a namespace (#:jepsen{…}).
  return isMap && /^:|\./.test(tag) ? value : { [`#${tag}`]: value };
}

const SPECIAL_NUMBERS: Readonly<Record<string, number>> = {
  "#Inf": Number.POSITIVE_INFINITY,
  "#-Inf": Number.NEGATIVE_INFINITY,
  "#NaN": Number.NaN,
};

function textOf(form: unknown): string {
  if (typeof form === "string") return form;
  return (
    JSON.stringify(form, (_, value: unknown) => (typeof value === "bigint" ? `${value}` : value)) ?? "nil"
  );
}

const KEEP_ONE = "keep the one that is meant";

function damage(line: number, reason: string, remedy = "repair the file, or record it anew"): FormatError {
  return new FormatError(line, `not EDN: ${reason}`, remedy);
}
