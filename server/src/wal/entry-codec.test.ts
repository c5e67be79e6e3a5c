import { gauntletpeer } from "@gauntlet/proto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Entry } from "../raft/entry.js";
import { entry as anyEntry } from "../testing/arbitraries.js";
import { decodeHardState, encodeHardState } from "./entry-codec.js";
import { EntryFormatError, decodeEntry, encodeEntry } from "./index.js";

describe("the entry codec", () => {
  it("gives back every entry, with plain numbers", () => {
    fc.assert(
      fc.property(anyEntry, (entry) => {
        const decoded = decodeEntry(encodeEntry(entry));
        expect({ ...decoded, data: Uint8Array.from(decoded.data) }).toEqual(entry);
      }),
    );
  });

  it("reads what earlier versions wrote", () => {
    const slot = { term: 7, version: 1, timestampMs: 1_700_000_000_123 };
    const written: [string, Entry][] = [
      ["08081007200128fbd095ffbc31", { ...slot, index: 8, kind: "noop", data: new Uint8Array(0) }],
      [
        "080910071801200128fbd095ffbc31320568656c6c6f",
        { ...slot, index: 9, kind: "normal", data: new TextEncoder().encode("hello") },
      ],
    ];
    for (const [hex, entry] of written) {
      const decoded = decodeEntry(Buffer.from(hex, "hex"));
      expect({ ...decoded, data: Uint8Array.from(decoded.data) }).toEqual(entry);
    }
  });

  it.each([
    ["no index", { version: 1 }, /index 0/],
    ["a version of the future", { index: 4, version: 2 }, /entry 4 has format version 2.*upgrade/],
    ["no version", { index: 4 }, /format version 0/],
    ["an unknown kind", { index: 4, version: 1, kind: 9 as never }, /entry 4 is of kind 9.*upgrade/],
    [
      "the kind that once named members",
      { index: 4, version: 1, kind: 3 as never },
      /entry 4 is of kind 3.*upgrade/,
    ],
    ["the kind kept for shards", { index: 4, version: 1, kind: 4 as never }, /entry 4 is of kind 4.*upgrade/],
    [
      "the kind kept for indexes",
      { index: 4, version: 1, kind: 5 as never },
      /entry 4 is of kind 5.*upgrade/,
    ],
    ["no configuration where one belongs", { index: 4, version: 1, kind: 2 }, /entry 4 has no configuration/],
    ["members out of order", withVoters([3, 1]), /entry 4: the members 3, 1 are not distinct ids in order/],
    ["a member twice", withVoters([1, 1]), /entry 4: the members 1, 1 are not distinct/],
    ["a member without an id", withVoters([0, 1]), /entry 4: the members 0, 1 are not distinct ids/],
  ])("refuses an entry with %s", (_what, message, reason) => {
    const bytes = gauntletpeer.Entry.encode(message).finish();
    expect(() => decodeEntry(bytes)).toThrow(EntryFormatError);
    expect(() => decodeEntry(bytes)).toThrow(reason);
  });

  it("keeps a hard state with and without a vote, and what is lost", () => {
    for (const state of [
      { term: 0, vote: null },
      { term: 7, vote: null },
      { term: 2 ** 40, vote: 3 },
      { term: 7, vote: null, lostTo: 2 ** 40 },
    ]) {
      expect(decodeHardState(encodeHardState(state))).toEqual(state);
    }
  });
});

function withVoters(voters: number[]): gauntletpeer.IEntry {
  return { index: 4, version: 1, kind: gauntletpeer.EntryKind.CONFIGURATION, configuration: { voters } };
}
