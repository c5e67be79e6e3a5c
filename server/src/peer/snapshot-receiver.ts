import { Metadata, status } from "@grpc/grpc-js";
import type { ServerReadableStream, sendUnaryData } from "@grpc/grpc-js";
import type { gauntletpeer } from "@gauntlet/proto";
import type { MemberId, Message } from "../raft/message.js";
import { fromWire } from "./codec.js";

export type InstallCall = ServerReadableStream<
  gauntletpeer.SnapshotPart,
  gauntletpeer.InstallSummary.$Properties
>;
export type InstallAnswer = sendUnaryData<gauntletpeer.InstallSummary.$Properties>;

const BROKEN_OFF = "the connection ended in the middle of a snapshot";

/** Resolves when all of it was taken in, and rejects when it is not wanted or is not what it should be. */
export type SnapshotHandler = (message: Message, chunks: AsyncIterable<Uint8Array>) => Promise<void>;

/**
 * Takes in one snapshot of `from`. The chunks are read from the connection as they are asked for; iterating over them
 * throws when the connection ends before the part that its sender called the last.
 */
export async function receiveSnapshot(
  call: InstallCall,
  answer: InstallAnswer,
  from: MemberId,
  self: MemberId,
  handler: SnapshotHandler,
): Promise<void> {
  let open = true;
  call.once("cancelled", () => {
    open = false;
    call.destroy(new Error(BROKEN_OFF));
  });
  call.on("error", () => undefined); // thrown to whoever iterates
  call.sendMetadata(new Metadata());
  try {
    const parts = call[Symbol.asyncIterator]() as AsyncIterator<gauntletpeer.SnapshotPart>;
    const message = await firstOf(parts, from, self);
    await handler(message, chunksOf(parts));
    if (open) answer(null, {});
  } catch (error) {
    const details = error instanceof Error ? error.message : String(error);
    if (open) answer({ code: status.ABORTED, details }, null);
  }
}

async function firstOf(
  parts: AsyncIterator<gauntletpeer.SnapshotPart>,
  from: MemberId,
  self: MemberId,
): Promise<Message> {
  const first = await parts.next();
  if (first.done || !first.value.message) throw new Error("a snapshot begins without its message");
  const message = fromWire(first.value.message);
  if (message.type !== "snapshot" || message.from !== from || message.to !== self) {
    throw new Error(`a ${message.type} from ${message.from} to ${message.to} begins a snapshot`);
  }
  return message;
}

async function* chunksOf(parts: AsyncIterator<gauntletpeer.SnapshotPart>): AsyncGenerator<Uint8Array> {
  for (;;) {
    const part = await parts.next();
    // A connection that was cut ends the stream too.
    if (part.done) throw new Error(BROKEN_OFF);
    if (part.value.last) return;
    yield part.value.data;
  }
}
