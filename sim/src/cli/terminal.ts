import { clearLine, cursorTo } from "node:readline";

/** A result, with its last line's end. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** What a person sees while work goes on. Goes to stderr: stdout is for results. */
export interface Progress {
  /** A line that stays. */
  line(text: string): void;
  /** How far it is: rewritten in place on a terminal, elsewhere a line now and then. */
  status(text: string): void;
  /** Takes the status line away. */
  close(): void;
}

export const SILENT: Progress = { line: () => {}, status: () => {}, close: () => {} };

const LIVE_EVERY_MS = 100;
const PLAIN_EVERY_MS = 10_000;

/** `now`: milliseconds, of a clock that never goes back. */
export function progressOn(
  stream: NodeJS.WriteStream,
  environment: NodeJS.ProcessEnv,
  now: () => number = () => performance.now(),
): Progress {
  const isLive = stream.isTTY && environment["CI"] === undefined && environment["TERM"] !== "dumb";
  return isLive ? live(stream, now) : plain(stream, now);
}

function plain(stream: NodeJS.WriteStream, now: () => number): Progress {
  let last = now();
  return {
    line: (text) => void stream.write(`${text}\n`),
    status(text) {
      if (now() - last < PLAIN_EVERY_MS) return;
      last = now();
      stream.write(`${text}\n`);
    },
    close: () => {},
  };
}

function live(stream: NodeJS.WriteStream, now: () => number): Progress {
  let status = "";
  let last = Number.NEGATIVE_INFINITY;
  const erase = (): void => {
    if (status === "") return;
    cursorTo(stream, 0);
    clearLine(stream, 0);
  };
  const draw = (): void => {
    // A line that wraps could not be rewritten in place.
    if (status !== "") stream.write(status.slice(0, Math.max(0, stream.columns - 1)));
  };
  return {
    line(text) {
      erase();
      stream.write(`${text}\n`);
      draw();
    },
    status(text) {
      if (now() - last < LIVE_EVERY_MS) return;
      last = now();
      erase();
      status = text;
      draw();
    },
    close() {
      erase();
      status = "";
    },
  };
}
