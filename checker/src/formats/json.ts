import { FormatError } from "./format-error.js";

/** Deeper than any history: refused, so that no reader runs out of stack. */
export const MAX_DEPTH = 64;

/**
 * JSON.parse that refuses what it passes over in silence: a key that an object has twice (the last one
 * would win) and nesting that goes on for ever. Undefined: not JSON. Throws FormatError. Linear.
 */
export function parseJson(text: string, line: number): { readonly value: unknown } | undefined {
  const members = countMembers(text);
  if (members === undefined) throw tooDeep(line);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  // Each member of the text is one of the value, unless a key came twice.
  if (members !== countKeys(value)) {
    const key = findDuplicateKey(text);
    if (key === undefined) throw new Error("a duplicate key was counted, and none found");
    throw new FormatError(
      line,
      `the key ${JSON.stringify(key)} appears twice in one object`,
      "keep the one that is meant",
    );
  }
  return { value };
}

export function tooDeep(line: number): FormatError {
  const remedy = "an event is a flat map with a value; is this a history?";
  return new FormatError(line, `nested deeper than ${MAX_DEPTH}`, remedy);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/** The members of all objects in a JSON text: its colons outside of strings. Undefined: too deep. */
function countMembers(text: string): number | undefined {
  let members = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === COLON) members++;
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > MAX_DEPTH) return undefined;
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return members;
}

/** The position of the quote that ends the string which begins at `start`; the end of the text if none does. */
export function endOfString(text: string, start: number): number {
  let end = start;
  for (;;) {
    end = text.indexOf('"', end + 1);
    if (end === -1) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
}

function countKeys(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let keys = 0;
  if (Array.isArray(value)) {
    for (const element of value as readonly unknown[])
      if (typeof element === "object") keys += countKeys(element);
    return keys;
  }
  for (const key in value) {
    keys++;
    const member = (value as Readonly<Record<string, unknown>>)[key];
    if (typeof member === "object") keys += countKeys(member);
  }
  return keys;
}

/** The first key that comes twice in one object of a valid JSON text. */
function findDuplicateKey(text: string): string | undefined {
  const open: Set<string>[] = [];
  let lastString = "";
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') {
      const end = endOfString(text, at);
      lastString = text.slice(at, end + 1);
      at = end;
    } else if (char === "{") open.push(new Set());
    else if (char === "}") open.pop();
    else if (char === ":") {
      const key = JSON.parse(lastString) as string;
      if (open.at(-1)?.has(key) === true) return key;
      open.at(-1)?.add(key);
    }
  }
  return undefined;
}
