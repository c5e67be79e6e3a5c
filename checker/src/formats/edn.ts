import { excerpt, FormatError } from "./format-error.js";
import { MAX_DEPTH } from "./json.js";

/**
 * One EDN form as plain data: keywords, symbols and characters are strings of their names, sets and lists
 * are arrays, maps are objects (a key that is no string is written as one), tags are left out. An integer beyond 2^53
 * is a bigint, so that nobody takes two of them for equal.
 *
 * Strict: a bracket that closes another kind, a map with a key too many, a key given twice are damage.
 * (EDN readers that pass over them make another history of a broken one.) Throws FormatError. Linear.
 */
export function parseEdn(text: string, firstLine: number): unknown {
  const reader = new EdnReader(text, firstLine);
  const value = reader.form(0);
  reader.end();
  return value;
}

const SPACE = /[\s,]/;
/** Ends a symbol, a keyword, a number. */
const DELIMITER = /[\s,;"()[\]{}]/;
const INTEGER = /^[-+]?\d+N?$/;
const FLOAT = /^[-+]?\d+(\.\d*)?([eE][-+]?\d+)?M?$/;
const ESCAPES: Readonly<Record<string, string>> = {
  t: "\t",
  r: "\r",
  n: "\n",
  b: "\b",
  f: "\f",
  "\\": "\\",
  '"': '"',
};
const CHARACTERS: Readonly<Record<string, string>> = {
  newline: "\n",
  return: "\r",
  space: " ",
  tab: "\t",
};

class EdnReader {
  readonly #text: string;
  readonly #firstLine: number;
  #at = 0;

  constructor(text: string, firstLine: number) {
    this.#text = text;
    this.#firstLine = firstLine;
  }

  form(depth: number): unknown {
    if (depth > MAX_DEPTH) throw this.#damage(`nested deeper than ${MAX_DEPTH}`);
    this.#skip(depth);
    const char = this.#text[this.#at];
    switch (char) {
      case undefined:
        throw this.#damage("it ends in the middle of a form");
      case '"':
        return this.#string();
      case "[":
        return this.#until("]", depth);
      case "(":
        return this.#until(")", depth);
      case "{":
        return this.#map(depth);
      case "\\":
        return this.#character();
      case "#":
        return this.#dispatch(depth);
      case "]":
      case ")":
      case "}":
        throw this.#damage(`"${char}" where nothing of its kind is open`);
      case "^":
        throw this.#damage("metadata (^), which a history has none of");
      default:
        return this.#atom();
    }
  }

  end(): void {
    this.#skip(0);
    if (this.#at < this.#text.length)
      throw this.#damage(`${excerpt(this.#text.slice(this.#at))} after a form`);
  }

  /** Passes over white space, comments and discarded forms. */
  #skip(depth: number): void {
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined) return;
      if (char === " " || SPACE.test(char)) this.#at++;
      else if (char === ";") {
        const end = this.#text.indexOf("\n", this.#at);
        this.#at = end === -1 ? this.#text.length : end;
      } else if (char === "#" && this.#text[this.#at + 1] === "_") {
        this.#at += 2;
        this.form(depth + 1);
      } else return;
    }
  }

  #until(close: string, depth: number): unknown[] {
    this.#at++;
    const elements: unknown[] = [];
    for (;;) {
      this.#skip(depth);
      if (this.#text[this.#at] === close) {
        this.#at++;
        return elements;
      }
      elements.push(this.form(depth + 1));
    }
  }

  #map(depth: number): Readonly<Record<string, unknown>> {
    const forms = this.#until("}", depth);
    if (forms.length % 2 === 1) throw this.#damage("a map whose last key has no value");
    const map: Record<string, unknown> = {};
    for (let i = 0; i < forms.length; i += 2) {
      const key = keyOf(forms[i]);
      if (Object.hasOwn(map, key))
        throw this.#damage(
          `the key ${JSON.stringify(key)} appears twice in one map`,
          "keep the one that is meant",
        );
      // Defined, not assigned: "__proto__" is a key like others.
      if (key === "__proto__")
        Object.defineProperty(map, key, { value: forms[i + 1], enumerable: true, configurable: true });
      else map[key] = forms[i + 1];
    }
    return map;
  }

  #string(): string {
    const start = this.#at + 1;
    const end = this.#text.indexOf('"', start);
    if (end === -1) throw this.#damage("a string that does not end");
    const simple = this.#text.slice(start, end);
    if (!simple.includes("\\")) {
      this.#at = end + 1;
      return simple;
    }
    return this.#escapedString(start);
  }

  #escapedString(start: number): string {
    let value = "";
    for (let at = start; at < this.#text.length; at++) {
      const char = this.#text[at] as string;
      if (char === '"') {
        this.#at = at + 1;
        return value;
      }
      if (char !== "\\") {
        value += char;
        continue;
      }
      const next = this.#text[++at] ?? "";
      const unicode = next === "u" ? this.#text.slice(at + 1, at + 5) : "";
      const escaped = /^[\da-f]{4}$/i.test(unicode)
        ? String.fromCharCode(Number.parseInt(unicode, 16))
        : ESCAPES[next];
      if (escaped === undefined) throw this.#damage(`the escape \\${next} in a string`);
      at += unicode === "" ? 0 : 4;
      value += escaped;
    }
    throw this.#damage("a string that does not end");
  }

  #character(): string {
    // The character itself may be a delimiter: \( is one.
    const token = this.#text[this.#at + 1] === undefined ? "" : this.#token(this.#at + 2);
    const name = token.slice(1);
    if (/^u[\da-f]{4}$/i.test(name)) return String.fromCharCode(Number.parseInt(name.slice(1), 16));
    const char = CHARACTERS[name] ?? name;
    if (char === "" || char.length > ((char.codePointAt(0) as number) > 0xffff ? 2 : 1))
      throw this.#damage(`${excerpt(token)} is no character`);
    return char;
  }

  /** `#{…}`, `##Inf`, or a tag, which is left out. */
  #dispatch(depth: number): unknown {
    const next = this.#text[this.#at + 1];
    if (next === "{") {
      this.#at++;
      return this.#until("}", depth);
    }
    const token = this.#token(this.#at + 1);
    if (token === "##Inf") return Number.POSITIVE_INFINITY;
    if (token === "##-Inf") return Number.NEGATIVE_INFINITY;
    if (token === "##NaN") return Number.NaN;
    if (!/^#:{0,2}[a-zA-Z]/.test(token)) throw this.#damage(`${excerpt(token)} is no tag`);
    return this.form(depth + 1);
  }

  #atom(): unknown {
    const token = this.#token(this.#at);
    if (token[0] === ":") {
      const name = token.replace(/^::?/, "");
      if (name === "") throw this.#damage("a keyword without a name");
      return name;
    }
    if (token === "nil") return null;
    if (token === "true") return true;
    if (token === "false") return false;
    if (INTEGER.test(token)) return integerOf(token);
    if (FLOAT.test(token)) return Number.parseFloat(token);
    return token;
  }

  /** From here to the first delimiter at or after `from`. */
  #token(from: number): string {
    let end = from;
    while (end < this.#text.length && !DELIMITER.test(this.#text[end] as string)) end++;
    const token = this.#text.slice(this.#at, end);
    this.#at = end;
    return token;
  }

  #damage(reason: string, remedy = "repair the file, or record it anew"): FormatError {
    const lines = this.#text.slice(0, this.#at).split("\n").length - 1;
    return new FormatError(this.#firstLine + lines, `not EDN: ${reason}`, remedy);
  }
}

function integerOf(token: string): number | bigint {
  const digits = token.endsWith("N") ? token.slice(0, -1) : token;
  const value = Number(digits);
  // Zero has one sign only.
  return Number.isSafeInteger(value) ? value + 0 : BigInt(digits.replace(/^\+/, ""));
}

function keyOf(form: unknown): string {
  if (typeof form === "string") return form;
  return (
    JSON.stringify(form, (_, value: unknown) => (typeof value === "bigint" ? `${value}` : value)) ?? "nil"
  );
}
