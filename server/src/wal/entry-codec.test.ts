import { gauntletpeer } from "@gauntlet/proto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ENTRY_VERSION, type Entry } from "../raft/entry.js";
import { decodeHardState, encodeHardState } from "./entry-codec.js";
import { EntryFormatError, decodeEntry, encodeEntry } from "./index.js";

const figures = fc.nat({ max: Number.MAX_SAFE_INTEGER });

describe("the entry codec", () => {
  it("gives back every entry, with plain numbers", () => {
    const entries = fc.record<Entry>({
      index: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      term: figures,
      kind: fc.constantFrom("noop", "normal"),
      version: fc.constant(ENTRY_VERSION),
      timestampMs: figures,
      data: fc.uint8Array(),
    });
    fc.assert(
      fc.property(entries, (entry) => {
        const decoded = decodeEntry(encodeEntry(entry));
        expect({ ...decoded, data: Uint8Array.from(decoded.data) }).toEqual(entry);
      }),
    );
  });

  it.each([
    ["no index", { version: 1 }, /index 0/],
    ["a version of the future", { index: 4, version: 2 }, /entry 4 has format version 2.*upgrade/],
    ["no version", { index: 4 }, /format version 0/],
    ["an unknown kind", { index: 4, version: 1, kind: 9 as never }, /entry 4 is of kind 9.*upgrade/],
  ])("refuses an entry with %s", (_what, message, reason) => {
    const bytes = gauntletpeer.Entry.encode(message).finish();
    expect(() => decodeEntry(bytes)).toThrow(EntryFormatError);
    expect(() => decodeEntry(bytes)).toThrow(reason);
  });

  it("keeps a hard state with and without a vote", () => {
    for (const state of [
      { term: 0, vote: null },
      { term: 7, vote: null },
      { term: 2 ** 40, vote: 3 },
    ]) {
      expect(decodeHardState(encodeHardState(state))).toEqual(state);
    }
  });
});
