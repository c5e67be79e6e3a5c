import { FormatError } from "./format-error.js";

/** Makes text of bytes as they come; refuses what is no UTF-8 text. Counts lines for its messages. */
export class TextDecoding {
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #line = 1;
  #started = false;

  decode(bytes: Uint8Array): string {
    if (!this.#started && bytes.length > 0) {
      refuseKnownBinary(bytes);
      this.#started = true;
    }
    return this.#take(bytes, true);
  }

  /** What is left when all bytes were seen: a character that was cut is left out. */
  finish(): string {
    try {
      return this.#decoder.decode();
    } catch {
      return "";
    }
  }

  #take(bytes: Uint8Array, stream: boolean): string {
    let text: string;
    try {
      text = this.#decoder.decode(bytes, { stream });
    } catch {
      throw new FormatError(this.#line + linesBeforeDamage(bytes), "bytes that are no UTF-8 text", NOT_TEXT);
    }
    const nul = text.indexOf("\0");
    if (nul !== -1)
      throw new FormatError(
        this.#line + countLines(text.slice(0, nul)),
        "binary data (a NUL byte)",
        NOT_TEXT,
      );
    this.#line += countLines(text);
    return text;
  }
}

const NOT_TEXT = "give a text file: JSON lines, a JSON array, EDN or a Jepsen log, in UTF-8";

function refuseKnownBinary(bytes: Uint8Array): void {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b)
    throw new FormatError(null, "this is gzip", "unpack it first (gunzip -c FILE | porcupine check -)");
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
    throw new FormatError(null, "this is UTF-16", "convert it first (iconv -f UTF-16 -t UTF-8)");
}

function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lines++;
  return lines;
}

function linesBeforeDamage(bytes: Uint8Array): number {
  let start = 0;
  // The rest of a character that began in the bytes before is no damage.
  while (start < 3 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start++;
  const text = new TextDecoder("utf-8").decode(bytes.subarray(start));
  const damage = text.indexOf("\ufffd");
  return damage === -1 ? 0 : countLines(text.slice(0, damage));
}
