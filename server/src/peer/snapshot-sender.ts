import type { Client, ClientWritableStream, Metadata } from "@grpc/grpc-js";
import { peerService } from "@gauntlet/proto";
import type { gauntletpeer } from "@gauntlet/proto";
import type { Clock } from "../ports.js";
import type { Message } from "../raft/message.js";
import { peerClient } from "./client.js";
import { toWire } from "./codec.js";
import { snapshotOptions } from "./options.js";
import type { PeerOptions } from "./options.js";

type Stream = ClientWritableStream<gauntletpeer.SnapshotPart.$Properties>;

/** What is handed to the connection and not taken by it yet; the next chunk is asked for below it. */
const MAX_WAITING_BYTES = 1024 * 1024;

/**
 * Sends one snapshot, on a connection of its own: heartbeats do not wait behind it. Resolves when the receiver
 * has taken it all in, which may be long after the last chunk has left; rejects when it refused, when the connection ended or stood still, or when `chunks` did.
 */
export async function sendSnapshot(
  url: string,
  introduction: Metadata,
  message: Message,
  chunks: AsyncIterable<Uint8Array>,
  options: PeerOptions,
  clock: Clock,
): Promise<void> {
  const client = peerClient(url, snapshotOptions(options));
  try {
    await new SnapshotSender(client, introduction, options, clock).send(message, chunks);
  } finally {
    client.close();
  }
}

class SnapshotSender {
  readonly #stream: Stream;

  readonly #options: PeerOptions;

  readonly #clock: Clock;

  /** The receiver's answer, or the connection's end; undefined: not yet. */
  #answer: Error | null | undefined;

  #waitingBytes = 0;

  /** Something has changed. */
  #wake: () => void = () => undefined;

  constructor(client: Client, introduction: Metadata, options: PeerOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    const { path, requestSerialize, responseDeserialize } = peerService.install;
    this.#stream = client.makeClientStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      introduction,
      (error) => {
        this.#answer = error === null ? null : new Error(error.details, { cause: error });
        this.#wake();
      },
    );
    this.#stream.on("error", () => undefined); // told to the callback above
  }

  async send(message: Message, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const { stallTimeoutMs, loadTimeoutMs } = this.#options;
    try {
      this.#write({ message: toWire(message) }, 0);
      for await (const data of chunks) {
        this.#write({ data }, data.length);
        await this.#until(() => this.#waitingBytes < MAX_WAITING_BYTES, stallTimeoutMs);
        if (this.#answer !== undefined) break;
      }
      this.#write({ last: true }, 0);
      this.#stream.end();
      await this.#until(() => this.#waitingBytes === 0, stallTimeoutMs);
      // Now it reads back all of it, and says nothing meanwhile; that its process is there, the pings show.
      await this.#until(() => this.#answer !== undefined, loadTimeoutMs);
    } catch (error) {
      this.#stream.cancel();
      throw error;
    }
    if (this.#answer !== null) throw this.#answer;
  }

  #write(part: gauntletpeer.SnapshotPart.$Properties, bytes: number): void {
    this.#waitingBytes += bytes;
    this.#stream.write(part, () => {
      this.#waitingBytes -= bytes;
      this.#wake();
    });
  }

  /** Returns when `isSo`, or when there is an answer. Rejects when nothing changes for `limitMs`. */
  async #until(isSo: () => boolean, limitMs: number): Promise<void> {
    while (!isSo() && this.#answer === undefined) {
      const changed = await new Promise<boolean>((resolve) => {
        const cancel = this.#clock.after(limitMs, () => resolve(false));
        this.#wake = () => {
          cancel();
          resolve(true);
        };
      });
      if (!changed) throw new Error(`the receiver took nothing in for ${limitMs} ms`);
    }
  }
}
