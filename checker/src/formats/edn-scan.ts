import { excerpt, FormatError } from "./format-error.js";
import { endOfString, MAX_DEPTH, tooDeep } from "./json.js";

/** In an open collection (or at the top): how many forms it has, and what waits for the next one. */
interface Frame {
  /** Null: the top. */
  readonly closer: string | null;
  readonly isMap: boolean;
  forms: number;
  /** Tags (true) and discards (false) that wait for a form, outermost first. */
  readonly pending: boolean[];
}

/** Up to the next delimiter. */
const TOKEN = /[^\s,;"()[\]{}]+/y;
const INTEGER = /^[-+]?(?:0|[1-9]\d*)(N?)$/;
const FLOAT = /^[-+]?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?(?:0|[1-9]\d*))?M?$/;
const NUMBER_LIKE = /^[-+]?\.?\d/;
const CHARACTER = /^\\(?:newline|return|space|tab|u[\da-fA-F]{4}|.)$/u;
const TAG = /^#:?[a-zA-Z][^\\]*$/;
const SPECIAL = /^##(?:-?Inf|NaN)$/;
/** Exact as a double whatever the digits. */
const EXACT_DIGITS = 15;

/**
 * One EDN form as edn-data reads it rightly: without comments, characters that are delimiters by number, integers
 * that no double holds marked as large (N). What edn-data would pass over in silence, or take for something
 * else, is damage: brackets, a map's last key without a value, a tag before nothing, tokens that are none.
 * Throws FormatError. Linear.
 */
export function scanEdn(text: string, firstLine: number): string {
  return new EdnScan(text, firstLine).run();
}

class EdnScan {
  readonly #text: string;
  readonly #firstLine: number;
  #at = 0;
  /** What was taken so far, up to #taken in the text. */
  #out = "";
  #taken = 0;
  readonly #open: Frame[] = [];
  #frame: Frame = { closer: null, isMap: false, forms: 0, pending: [] };
  #depth = 0;

  constructor(text: string, firstLine: number) {
    this.#text = text;
    this.#firstLine = firstLine;
  }

  run(): string {
    while (this.#at < this.#text.length) this.#step(this.#text[this.#at] as string);
    if (this.#frame.closer !== null || this.#frame.pending.length > 0 || this.#frame.forms === 0)
      throw this.#damage("it ends in the middle of a form");
    return this.#out + this.#text.slice(this.#taken);
  }

  #step(char: string): void {
    switch (char) {
      case " ":
      case ",":
      case "\n":
      case "\t":
      case "\r":
        this.#at++;
        return;
      case ";": {
        const end = this.#text.indexOf("\n", this.#at);
        this.#replace(end === -1 ? this.#text.length : end, "");
        return;
      }
      case '"': {
        const end = endOfString(this.#text, this.#at);
        if (end === this.#text.length) throw this.#damage("a string that does not end");
        this.#form();
        this.#at = end + 1;
        return;
      }
      case "[":
        return this.#enter("]", false);
      case "(":
        return this.#enter(")", false);
      case "{":
        return this.#enter("}", true);
      case "]":
      case ")":
      case "}":
        return this.#leave(char);
      case "\\":
        return this.#character();
      case "#":
        return this.#dispatch();
      default:
        return this.#atom();
    }
  }

  #enter(closer: string, isMap: boolean): void {
    this.#deeper();
    this.#open.push(this.#frame);
    this.#frame = { closer, isMap, forms: 0, pending: [] };
    this.#at++;
  }

  #leave(char: string): void {
    const { closer, isMap, forms, pending } = this.#frame;
    if (closer !== char) throw this.#damage(`"${char}" where nothing of its kind is open`);
    if (pending.length > 0) throw this.#damage(`"${char}" where a tag or #_ waits for a form`);
    if (isMap && forms % 2 === 1) throw this.#damage("a map whose last key has no value");
    this.#frame = this.#open.pop() as Frame;
    this.#depth--;
    this.#form();
    this.#at++;
  }

  /** A form is complete: it is the one that tags before it wait for, and is dropped by a discard. */
  #form(): void {
    const { pending } = this.#frame;
    while (pending.length > 0) {
      this.#depth--;
      if (pending.pop() === false) return;
    }
    this.#frame.forms++;
  }

  #wait(isTag: boolean): void {
    this.#deeper();
    this.#frame.pending.push(isTag);
  }

  #deeper(): void {
    if (++this.#depth > MAX_DEPTH) throw tooDeep(this.#line());
  }

  /** The character itself may be a delimiter: \( is one. */
  #character(): void {
    const token = this.#token(this.#at + 2);
    if (!CHARACTER.test(token)) throw this.#damage(`${excerpt(token)} is no character`);
    this.#form();
    const end = this.#at + token.length;
    if (token.length === 2 && /[\s,;"()[\]{}#]/.test(token[1] as string))
      this.#replace(end, `\\u${token.charCodeAt(1).toString(16).padStart(4, "0")}`);
    else this.#at = end;
  }

  #dispatch(): void {
    const next = this.#text[this.#at + 1];
    if (next === "_") {
      this.#wait(false);
      this.#at += 2;
      return;
    }
    if (next === "{") {
      this.#at++;
      this.#enter("}", false);
      return;
    }
    const token = this.#token(this.#at);
    const end = this.#at + token.length;
    if (SPECIAL.test(token)) {
      this.#form();
      // A tag to edn-data: without this it would be one of the form that follows.
      this.#replace(end, `${token} nil`);
      return;
    }
    // edn-data would call what all objects inherit (#constructor) as a reader of its own.
    if (!TAG.test(token) || token.slice(1) in Object.prototype || this.#isGlued(token))
      throw this.#damage(`${excerpt(token)} is no tag`);
    this.#wait(true);
    this.#at = end;
  }

  #atom(): void {
    const token = this.#token(this.#at);
    if (token === "")
      throw this.#damage(`${excerpt(this.#text[this.#at] as string)} is no white space of EDN`);
    const end = this.#at + token.length;
    if (NUMBER_LIKE.test(token)) {
      const written = this.#number(token);
      this.#form();
      if (written === token) this.#at = end;
      else this.#replace(end, written);
      return;
    }
    if (token === ":") throw this.#damage("a keyword without a name");
    if (token[0] === "^") throw this.#damage("metadata (^), which a history has none of");
    if (/^(?:::|[@'`~])/.test(token) || token.includes("\\") || this.#isGlued(token))
      throw this.#damage(`${excerpt(token)} is no symbol or keyword`);
    this.#form();
    this.#at = end;
  }

  #number(token: string): string {
    const digits = token.length - (token[0] === "-" || token[0] === "+" ? 1 : 0);
    const integer = INTEGER.exec(token);
    if (integer !== null) return integer[1] === "" && digits > EXACT_DIGITS ? `${token}N` : token;
    // Clojure writes the identity of an object so.
    if (/^0x[\da-f]+$/i.test(token)) return `${BigInt(token)}N`;
    if (!FLOAT.test(token)) throw this.#damage(`${excerpt(token)} is no integer and no decimal number`, TEXT);
    // A double that was printed is read as itself; a decimal is exact, and another may be the same double.
    if (token.endsWith("M") && token.replace(/[eE].*|\D/g, "").length > EXACT_DIGITS)
      throw this.#damage(`the number ${excerpt(token)}, which has more digits than can be told apart`, TEXT);
    return token;
  }

  /** edn-data would take `a#{` for `a` and a set. */
  #isGlued(token: string): boolean {
    return token.endsWith("#") && this.#text[this.#at + token.length] === "{";
  }

  /** From here to the first delimiter at or after `from`. */
  #token(from: number): string {
    TOKEN.lastIndex = from;
    const end = TOKEN.test(this.#text) ? TOKEN.lastIndex : Math.min(from, this.#text.length);
    return this.#text.slice(this.#at, end);
  }

  /** Goes on at `end`; what is before it is read as `written`. */
  #replace(end: number, written: string): void {
    this.#out += this.#text.slice(this.#taken, this.#at) + written;
    this.#taken = end;
    this.#at = end;
  }

  #line(): number {
    return this.#firstLine + this.#text.slice(0, this.#at).split("\n").length - 1;
  }

  #damage(reason: string, remedy = "repair the file, or record it anew"): FormatError {
    return new FormatError(this.#line(), `not EDN: ${reason}`, remedy);
  }
}

const TEXT = "record it as a string";
