import type { Entry } from "./entry.js";
import { totalBytes } from "./entry.js";

/** The bytes of a leader's own entries that are not committed yet. */
export class Backlog {
  private readonly maxBytes: number;
  private bytes = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** An empty backlog takes anything: otherwise a large proposal could never pass. */
  hasRoomFor(entries: readonly Entry[]): boolean {
    return this.bytes === 0 || this.bytes + totalBytes(entries) <= this.maxBytes;
  }

  add(entries: readonly Entry[]): void {
    this.bytes += totalBytes(entries);
  }

  committed(entries: readonly Entry[]): void {
    this.bytes -= totalBytes(entries);
  }
}
