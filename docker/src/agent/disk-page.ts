import { openSync, readSync, writeSync } from "node:fs";
import type { DiskCounts, DiskSetting } from "@gauntlet/nemesis";

/**
 * The page of memory through which the server's disk is made to behave badly; shim/disk.c maps it and has the same
 * layout (72 bytes, little-endian): magic, sequence, setting, and the counts, which the shim writes.
 */
const MAGIC = "gnltdisk";
const SEQUENCE_AT = 8;
const SETTING_AT = 16;
const SETTING_BYTES = 24;
const COUNTS_AT = 40;
const PAGE_BYTES = 72;
const STALLED = 1;
const FULL = 2;

/** `full` of the page is for where the disk cannot be filled in earnest. */
export const HEALTHY_DISK: DiskSetting = {
  syncDelayMs: 0,
  stalled: false,
  writeErrorShare: 0,
  syncErrorShare: 0,
  full: false,
};

export class DiskPage {
  readonly #path: string;
  readonly #fd: number;
  #sequence = 0n;

  /** Makes the page of a healthy disk. */
  constructor(path: string) {
    this.#path = path;
    this.#fd = openSync(path, "w+", 0o644);
    const page = Buffer.alloc(PAGE_BYTES);
    page.write(MAGIC, "latin1");
    writeSync(this.#fd, page, 0, page.length, 0);
    this.set(HEALTHY_DISK);
  }

  /** In force when this returns; counts begin at 0. */
  set(setting: DiskSetting): void {
    this.#writeSequence();
    const body = Buffer.alloc(PAGE_BYTES - SETTING_AT);
    body.writeUInt32LE(setting.syncDelayMs, 0);
    body.writeUInt32LE((setting.stalled ? STALLED : 0) | (setting.full ? FULL : 0), 4);
    body.writeDoubleLE(setting.writeErrorShare, 8);
    body.writeDoubleLE(setting.syncErrorShare, 16);
    writeSync(this.#fd, body, 0, body.length, SETTING_AT);
    this.#writeSequence();
  }

  /** What a server that maps this page sees: read from the page, not from what was asked for. */
  read(): { readonly setting: DiskSetting; readonly counts: DiskCounts } {
    const page = Buffer.alloc(PAGE_BYTES);
    readSync(this.#fd, page, 0, page.length, 0);
    const isWhole = page.toString("latin1", 0, MAGIC.length) === MAGIC;
    if (!isWhole || page.readBigUInt64LE(SEQUENCE_AT) % 2n !== 0n) {
      throw new Error(`${this.#path} is no whole disk page`);
    }
    const setting = page.subarray(SETTING_AT, SETTING_AT + SETTING_BYTES);
    const flags = setting.readUInt32LE(4);
    const count = (index: number): number => Number(page.readBigUInt64LE(COUNTS_AT + 8 * index));
    return {
      setting: {
        syncDelayMs: setting.readUInt32LE(0),
        stalled: (flags & STALLED) !== 0,
        writeErrorShare: setting.readDoubleLE(8),
        syncErrorShare: setting.readDoubleLE(16),
        full: (flags & FULL) !== 0,
      },
      counts: { slowSyncs: count(0), stalledSyncs: count(1), ioErrors: count(2), spaceErrors: count(3) },
    };
  }

  #writeSequence(): void {
    this.#sequence += 1n;
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(this.#sequence);
    writeSync(this.#fd, bytes, 0, bytes.length, SEQUENCE_AT);
  }
}
