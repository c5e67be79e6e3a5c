import { excerpt, FormatError } from "./format-error.js";
import { MAX_DEPTH, tooDeep } from "./json.js";
import { MAX_EVENT_LENGTH, tooLong } from "./lines.js";

const CLOSER: Readonly<Record<string, string>> = { "{": "}", "[": "]", "(": ")" };
const CUT = "the file was cut; record it anew, or close it by hand after the last whole event";

/** What matters within an element, and within a string. */
const SIGN = /["\\;{}[\]()\n]/g;
const STRING_SIGN = /["\\\n]/g;

type Inside = "nothing" | "string" | "comment" | "atom";

/**
 * Cuts JSON or EDN text that comes in pieces into the elements of its one array (vector, list) or, in EDN,
 * into forms one after the other, so that a large file is never one string. Elements are given as text:
 * whether they are well formed is for their own reader to say.
 */
export class FormSplitter {
  readonly #language: "json" | "edn";
  readonly #take: (text: string, line: number) => void;
  /** From the start of the present element (or all seen of it). */
  #text = "";
  #at = 0;
  #line = 1;
  #elementLine = 1;
  /** Where the present element begins in #text; -1: between elements. */
  #start = -1;
  #inside: Inside = "nothing";
  /** After a backslash: the next character stands for itself. */
  #skipNext = false;
  /** The brackets that the present element waits for. */
  readonly #closers: string[] = [];
  /** The bracket that ends all; "" once it came, null where elements stand by themselves, undefined before any. */
  #outer: string | null | undefined = undefined;
  #commas = 0;
  #elements = 0;

  constructor(language: "json" | "edn", take: (text: string, line: number) => void) {
    this.#language = language;
    this.#take = take;
  }

  push(text: string): void {
    this.#text = this.#start === -1 ? text : this.#text.slice(this.#start) + text;
    this.#at = this.#start === -1 ? 0 : this.#text.length - text.length;
    if (this.#start !== -1) this.#start = 0;
    while (this.#jump()) this.#step(this.#text[this.#at] as string);
    if (this.#start !== -1 && this.#text.length - this.#start > MAX_EVENT_LENGTH)
      throw tooLong(this.#elementLine);
  }

  /** True: the last of the elements that stand by themselves was cut, and is left out. */
  finish(): boolean {
    if (this.#inside === "atom" && this.#closers.length === 0 && this.#outer === null) this.#emit(this.#at);
    if (typeof this.#outer === "string" && this.#outer !== "")
      throw new FormatError(this.#line, `the end of the file, and no "${this.#outer}" that closes it`, CUT);
    return this.#start !== -1;
  }

  /** Moves to the next character that means anything; false: there is none in this piece. */
  #jump(): boolean {
    if (this.#start !== -1 && this.#inside !== "atom" && !this.#skipNext) {
      const next = this.#inside === "string" ? STRING_SIGN : SIGN;
      next.lastIndex = this.#at;
      this.#at = next.exec(this.#text)?.index ?? this.#text.length;
    }
    return this.#at < this.#text.length;
  }

  #step(char: string): void {
    if (char === "\n") this.#line++;
    if (this.#skipNext) {
      this.#skipNext = false;
      this.#at++;
      return;
    }
    if (this.#inside === "string") {
      this.#at++;
      if (char === "\\") this.#skipNext = true;
      else if (char === '"') this.#endString();
    } else if (this.#inside === "comment") {
      this.#at++;
      if (char === "\n") this.#inside = "nothing";
    } else if (this.#inside !== "atom" || !this.#endsAtom(char)) this.#plain(char);
  }

  #endString(): void {
    this.#inside = "nothing";
    if (this.#closers.length === 0) this.#emit(this.#at);
  }

  /** Outside of strings and comments. */
  #plain(char: string): void {
    const at = this.#at++;
    if (char === ";" && this.#language === "edn") this.#inside = "comment";
    else if (isSpace(char)) return;
    else if (char === ",") this.#comma();
    else if (char === '"') {
      this.#begin(at);
      this.#inside = "string";
    } else if (char in CLOSER) this.#open(char, at);
    else if (char === "}" || char === "]" || char === ")") this.#close(char);
    else {
      // Within an element its own reader sees to atoms, but for a character that looks like a bracket.
      if (char === "\\" && this.#language === "edn") this.#skipNext = true;
      if (this.#start !== -1) return;
      this.#begin(at);
      this.#inside = "atom";
    }
  }

  /** Where an atom by itself ends; a tag (`#name`) goes on with the form that follows it. */
  #endsAtom(char: string): boolean {
    if (this.#text[this.#start] === "#") {
      if (char in CLOSER || char === '"') this.#inside = "nothing";
      return false;
    }
    if (!isSpace(char) && char !== "," && char !== ";" && !'{[("}])'.includes(char)) return false;
    this.#emit(this.#at);
    // The newline is seen again.
    if (char === "\n") this.#line--;
    return true;
  }

  #open(char: string, at: number): void {
    if (this.#outer === undefined && this.#start === -1 && char !== "{") {
      this.#outer = CLOSER[char] as string;
      return;
    }
    this.#begin(at);
    // One more than their own reader takes, so that it is the one to complain of a well-formed element.
    if (this.#closers.length > MAX_DEPTH) throw tooDeep(this.#line);
    this.#closers.push(CLOSER[char] as string);
  }

  #close(char: string): void {
    const expected = this.#closers.pop();
    if (expected === char) {
      if (this.#closers.length === 0) this.#emit(this.#at);
      return;
    }
    if (expected === undefined && this.#start === -1 && this.#outer === char) {
      this.#outer = "";
      if (this.#commas > 0 && this.#language === "json") throw this.#misplacedComma();
      return;
    }
    const reason =
      expected === undefined ? "where nothing of its kind is open" : `where "${expected}" is due`;
    throw new FormatError(this.#line, `"${char}" ${reason}`, "repair the brackets, or record it anew");
  }

  #begin(at: number): void {
    if (this.#start !== -1) return;
    if (this.#outer === "")
      throw new FormatError(
        this.#line,
        `${excerpt(this.#text.slice(at, at + 61))} after the end`,
        "give one history a file",
      );
    this.#outer ??= null;
    if (this.#language === "json" && this.#commas !== (this.#elements === 0 ? 0 : 1))
      throw this.#misplacedComma();
    this.#commas = 0;
    this.#start = at;
    this.#elementLine = this.#line;
  }

  #emit(end: number): void {
    const text = this.#text.slice(this.#start, end);
    this.#start = -1;
    this.#inside = "nothing";
    this.#elements++;
    if (text.length > MAX_EVENT_LENGTH) throw tooLong(this.#elementLine);
    if (!text.startsWith("#_")) this.#take(text, this.#elementLine);
  }

  #comma(): void {
    if (this.#start === -1) this.#commas++;
  }

  #misplacedComma(): FormatError {
    const reason = this.#commas === 0 ? "no comma between two events" : "a comma with no event beside it";
    return new FormatError(this.#line, `not JSON: ${reason}`, "repair the array, or write one event a line");
  }
}

function isSpace(char: string): boolean {
  return char === " " || char === "\n" || char === "\t" || char === "\r" || char === "\f";
}
