import { writeMemberNote } from "./member-file.js";
import type { MemberNote } from "./member-file.js";
import type { Disk } from "./ports.js";

/** Keeps a directory's note what it should be: writes what is newest, one at a time, if it is news. */
export class MemberNotes {
  readonly #disk: Disk;

  readonly #failed: (error: unknown) => void;

  #written = "";

  #next: MemberNote | null = null;

  #writing: Promise<void> | null = null;

  /** `failed`: the note is as it was, and is tried again with the next. */
  constructor(disk: Disk, failed: (error: unknown) => void) {
    this.#disk = disk;
    this.#failed = failed;
  }

  keep(note: MemberNote): void {
    this.#next = note;
    this.#writing ??= this.#write().finally(() => (this.#writing = null));
  }

  /** Resolves when nothing is being written any more. */
  async idle(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#next !== null) {
      const note = this.#next;
      this.#next = null;
      const text = JSON.stringify(note);
      if (text === this.#written) continue;
      try {
        await writeMemberNote(this.#disk, note);
        this.#written = text;
      } catch (error) {
        this.#failed(error);
      }
    }
  }
}
