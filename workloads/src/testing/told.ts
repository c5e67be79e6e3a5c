import type { HistoryEvent } from "@gauntlet/histories";
import { recordOf } from "./small-histories.js";

/** An operation of a history that is made by hand. */
export interface Told {
  readonly process: number;
  readonly f: string;
  readonly key?: string;
  readonly value?: unknown;
}

/** It is called. */
export function called(operation: Told): object {
  return { ...operation, type: "invoke" };
}

export function ok(operation: Told, answer: object = {}): object {
  return { ...operation, ...answer, type: "ok" };
}

export function failed(operation: Told): object {
  return { ...operation, type: "fail", error: { code: "refused", message: "refused" } };
}

export function crashed(operation: Told): object {
  return { ...operation, type: "info", error: { code: "timeout", message: "timed out" } };
}

/** Called and answered, with nothing in between. */
export function whole(operation: Told, answer: object = {}): readonly object[] {
  return [called(operation), ok(operation, answer)];
}

export function history(...parts: readonly (object | readonly object[])[]): readonly HistoryEvent[] {
  return recordOf(parts.flat());
}
