import { createWriteStream, type WriteStream } from "node:fs";
import { join } from "node:path";
import { type LiveCheckStatus, RUN_FILES, writeLive } from "@gauntlet/histories";
import type { Progress } from "../cli/terminal.js";

const BEAT_MS = 1_000;

/**
 * What those who look on from another process are told: live.json, written again each second, and rig.log, every
 * line that the rig says with its time. No evidence rests on either: what cannot be written is left out.
 */
export class LiveFiles implements Progress {
  readonly isLive: boolean;
  readonly #directory: string;
  readonly #progress: Progress;
  readonly #log: WriteStream;
  readonly #beat: NodeJS.Timeout;
  #phase = "prepare";
  #elapsedMs: () => number | null = () => null;
  #check: () => LiveCheckStatus | null = () => null;
  #writing: Promise<void> | null = null;

  /** Passes every line on to `progress`. */
  constructor(directory: string, progress: Progress) {
    this.isLive = progress.isLive;
    this.#directory = directory;
    this.#progress = progress;
    this.#log = createWriteStream(join(directory, RUN_FILES.log), { flags: "a" });
    this.#log.on("error", () => {});
    this.#beat = setInterval(() => void this.#write(), BEAT_MS).unref();
    void this.#write();
  }

  line(text: string): void {
    this.note(text);
    this.#progress.line(text);
  }

  /** For rig.log alone. */
  note(text: string): void {
    this.#log.write(`${new Date().toISOString()} ${text.replaceAll("\n", " ")}\n`);
  }

  status(text: string): void {
    this.#progress.status(text);
  }

  /** Asked at each beat from now on. */
  watch(check: () => LiveCheckStatus | null): void {
    this.#check = check;
  }

  enter(phase: string, elapsedMs: () => number | null): void {
    this.#phase = phase;
    this.#elapsedMs = elapsedMs;
    void this.#write();
  }

  /** The last word: the run is over. */
  async end(): Promise<void> {
    clearInterval(this.#beat);
    await this.#writing;
    this.#phase = "done";
    await this.#write();
    await new Promise<void>((resolve) => this.#log.end(() => resolve()).once("error", () => resolve()));
  }

  close(): void {
    this.#progress.close();
  }

  #write(): Promise<void> {
    this.#writing ??= writeLive(this.#directory, {
      version: 1,
      pid: process.pid,
      updatedAt: new Date().toISOString(),
      phase: this.#phase,
      elapsedMs: this.#elapsedMs(),
      check: this.#check(),
    })
      .catch(() => {})
      .finally(() => {
        this.#writing = null;
      });
    return this.#writing;
  }
}
