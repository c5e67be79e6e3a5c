import { clearLine, cursorTo } from "node:readline";
import type { CheckProgress } from "../result.js";
import { counted } from "./report.js";

/** One line on a terminal, rewritten in place. */
export interface ProgressLine {
  show(file: string, progress: CheckProgress): void;
  clear(): void;
}

const NOBODY: ProgressLine = { show: () => {}, clear: () => {} };

export function progressLine(stream: NodeJS.WriteStream, wanted: boolean): ProgressLine {
  if (!wanted || !stream.isTTY) return NOBODY;
  let isShown = false;
  const clear = (): void => {
    if (!isShown) return;
    cursorTo(stream, 0);
    clearLine(stream, 0);
    isShown = false;
  };
  return {
    show: (file, progress) => {
      clear();
      // A line that wraps could not be rewritten in place.
      stream.write(text(file, progress).slice(0, Math.max(0, stream.columns - 1)));
      isShown = true;
    },
    clear,
  };
}

function text(file: string, progress: CheckProgress): string {
  const { decided, partitions, key, settledReturns, returns, configurations, bytes } = progress;
  const keys = partitions === 1 ? "" : `${decided} of ${partitions} keys decided, key ${key}: `;
  const memory = `${Math.round(bytes / 2 ** 20)} MiB`;
  return `${file}: ${keys}${settledReturns} of ${returns} returns, ${counted(configurations, "configuration")}, ${memory}`;
}
