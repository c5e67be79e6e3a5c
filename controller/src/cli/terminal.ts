import { clearLine, cursorTo } from "node:readline";
import type { WriteStream } from "node:tty";

/** What a person sees while a run goes on. Goes to stderr: stdout is for results. */
export interface Progress {
  /** Whether anybody sees the status line. */
  readonly isLive: boolean;
  /** A line that stays: a phase, a fault with its proof. */
  line(text: string): void;
  /** The one line that is rewritten in place; nothing where there is no terminal. */
  status(text: string): void;
  /** Takes the status line away. */
  close(): void;
}

export const SILENT: Progress = { isLive: false, line: () => {}, status: () => {}, close: () => {} };

/** Rewrites the status line on a terminal; in CI and in pipes only the lines that stay. */
export function progressOn(stream: NodeJS.WriteStream, environment: NodeJS.ProcessEnv): Progress {
  const isLive = stream.isTTY && environment.CI === undefined && environment.TERM !== "dumb";
  if (isLive) return live(stream);
  return { ...SILENT, line: (text) => void stream.write(`${text}\n`) };
}

function live(stream: WriteStream): Progress {
  let status = "";
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
    isLive: true,
    line: (text) => {
      erase();
      stream.write(`${text}\n`);
      draw();
    },
    status: (text) => {
      erase();
      status = text;
      draw();
    },
    close: () => {
      erase();
      status = "";
    },
  };
}
