import type { HistoryEvent } from "@gauntlet/histories";
import { TailedFile } from "./tail.js";

/**
 * The events of a recorded history from a byte on, one after the other, without holding them. Ends when `take` says
 * so. What cannot be read as an event is left out: this is for people, a check has judged it already.
 */
export async function scanHistory(
  path: string,
  fromOffset: number,
  take: (event: HistoryEvent) => "go on" | "enough",
): Promise<void> {
  const file = new TailedFile(path);
  file.offset = fromOffset;
  const state = { isOver: false };
  const onLine = (line: string): void => {
    const event = state.isOver ? null : parseEvent(line);
    if (event !== null && take(event) === "enough") state.isOver = true;
  };
  while ((await file.read(onLine)) && !state.isOver);
}

/** As much of the format as pages rely on. Null for anything else. */
export function parseEvent(line: string): HistoryEvent | null {
  try {
    const event = JSON.parse(line) as HistoryEvent | null;
    const isEvent =
      typeof event === "object" &&
      event !== null &&
      typeof event.index === "number" &&
      typeof event.time === "number" &&
      typeof event.f === "string" &&
      (typeof event.process === "number" || event.process === "nemesis") &&
      ["invoke", "ok", "fail", "info"].includes(event.type);
    return isEvent ? event : null;
  } catch {
    return null;
  }
}
