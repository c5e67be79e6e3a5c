import { gauntletpeer } from "@gauntlet/proto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Entry } from "../raft/entry.js";
import type { Message } from "../raft/message.js";
import { approximateBytes, fromWire, toWire } from "./codec.js";

const id = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const index = fc.maxSafeNat();
const bytes = fc.uint8Array({ maxLength: 40 });

const entry: fc.Arbitrary<Entry> = fc.record({
  index: id,
  term: index,
  kind: fc.constantFrom("noop", "normal"),
  version: fc.constant(1),
  timestampMs: index,
  data: bytes,
});

const body = fc.oneof(
  fc.record({
    type: fc.constant("vote-request"),
    pre: fc.boolean(),
    lastIndex: index,
    lastTerm: index,
  } as const),
  fc.record({ type: fc.constant("vote-response"), pre: fc.boolean(), granted: fc.boolean() } as const),
  fc.record({
    type: fc.constant("append"),
    prevIndex: index,
    prevTerm: index,
    commit: index,
    entries: fc.array(entry, { maxLength: 4 }),
  } as const),
  fc.record({ type: fc.constant("append-accepted"), matchIndex: index } as const),
  fc.record({
    type: fc.constant("append-rejected"),
    rejectedPrevIndex: index,
    hintIndex: index,
    hintTerm: index,
  } as const),
  fc.record({ type: fc.constant("heartbeat"), commit: index, round: index } as const),
  fc.record({ type: fc.constant("heartbeat-response"), round: index } as const),
  fc.record({ type: fc.constant("propose"), data: fc.array(bytes, { maxLength: 4 }) } as const),
  fc.record({ type: fc.constant("read-request"), id: index } as const),
  fc.record({ type: fc.constant("read-response"), id: index, index: fc.option(index) } as const),
);

const message: fc.Arbitrary<Message> = fc
  .tuple(fc.record({ from: id, to: id, term: index }), body)
  .map(([envelope, rest]) => ({ ...envelope, ...rest }));

/** Node's Buffer and a Uint8Array with the same bytes are the same to the core. */
function plain(value: Message): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, item: unknown) =>
      item instanceof Uint8Array || isBufferJson(item) ? Buffer.from(bytesOf(item)).toString("hex") : item,
    ),
  );
}

function isBufferJson(item: unknown): item is { type: "Buffer"; data: number[] } {
  return (
    typeof item === "object" && item !== null && "data" in item && "type" in item && item.type === "Buffer"
  );
}

function bytesOf(item: Uint8Array | { data: number[] }): Uint8Array {
  return item instanceof Uint8Array ? item : Uint8Array.from(item.data);
}

test("a message comes out of the wire as it went in", () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 3 }), (messages) => {
      const encoded = gauntletpeer.PeerBatch.encode({ messages: messages.map(toWire) }).finish();
      const decoded = gauntletpeer.PeerBatch.decode(encoded).messages.map(fromWire);
      expect(decoded.map(plain)).toEqual(messages.map(plain));
    }),
    { numRuns: 500 },
  );
});

test("the bytes on the wire stay what they are", async () => {
  const envelope = { from: 0xf_ffff_ffff_ffff, to: 2, term: 7 };
  const data = new TextEncoder().encode("hello");
  const entries: Entry[] = [
    { index: 8, term: 7, kind: "noop", version: 1, timestampMs: 1_700_000_000_123, data: new Uint8Array() },
    { index: 9, term: 7, kind: "normal", version: 1, timestampMs: 1_700_000_000_124, data },
  ];
  const messages: Message[] = [
    { ...envelope, type: "vote-request", pre: true, lastIndex: 7, lastTerm: 6 },
    { ...envelope, type: "vote-response", pre: false, granted: true },
    { ...envelope, type: "append", prevIndex: 7, prevTerm: 6, commit: 5, entries },
    { ...envelope, type: "append-accepted", matchIndex: 9 },
    { ...envelope, type: "append-rejected", rejectedPrevIndex: 7, hintIndex: 4, hintTerm: 3 },
    { ...envelope, type: "heartbeat", commit: 5, round: 2 ** 40 },
    { ...envelope, type: "heartbeat-response", round: 2 ** 40 },
    { ...envelope, type: "propose", data: [data, data] },
    { ...envelope, type: "read-request", id: 3 },
    { ...envelope, type: "read-response", id: 3, index: 9 },
    { ...envelope, type: "read-response", id: 4, index: null },
  ];
  const lines = messages.map((each) => {
    const hex = Buffer.from(gauntletpeer.PeerMessage.encode(toWire(each)).finish()).toString("hex");
    return `${each.type} ${hex}\n`;
  });
  await expect(lines.join("")).toMatchFileSnapshot("codec.golden.txt");
});

test("what no member of this version sends is refused", () => {
  expect(() => fromWire({ from: 1, to: 2, term: 3 })).toThrow("no body that is known");
  // From 1, to 2: an append of one entry with index 1, kind 9 and version 1.
  const unknownKind = gauntletpeer.PeerMessage.decode(Buffer.from("0801100232082206080118092001", "hex"));
  expect(() => fromWire(unknownKind)).toThrow("kind 9");
  expect(() => fromWire({ from: 2 ** 60, to: 2, term: 3, heartbeat: {} })).toThrow("safe integer");
});

test("a queue is charged for payloads", () => {
  const data = new Uint8Array(1000);
  expect(approximateBytes({ from: 1, to: 2, term: 1, type: "propose", data: [data, data] })).toBeGreaterThan(
    2000,
  );
});
