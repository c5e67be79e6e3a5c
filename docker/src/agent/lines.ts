import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** Calls back for each line of a stream; resolves when the stream has ended, whatever the reason. */
export function eachLine(stream: Readable, onLine: (line: string) => void): Promise<void> {
  return new Promise((resolve) => {
    const reader = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
    reader.on("line", onLine);
    reader.on("close", resolve);
    // An error of the stream also ends it; what it means is told by whoever owns the stream.
    stream.on("error", () => reader.close());
  });
}
