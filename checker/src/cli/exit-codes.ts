import type { CheckVerdict } from "../result.js";

/** What became of one file. */
export type FileStatus = "valid" | "invalid" | "unknown" | "failed" | "usage" | "data";

export const EXIT_CODES = { valid: 0, invalid: 1, unknown: 2, failed: 3, usage: 64, data: 65 } as const;

/** As a shell reports a process that a signal ended: 128 and the signal's number. */
export const SIGNAL_CODES = { interruptedTwice: 130, pipeClosed: 141 } as const;

export const STATUS_OF: Readonly<Record<CheckVerdict, FileStatus>> = {
  ok: "valid",
  illegal: "invalid",
  unknown: "unknown",
};

/** A violation is never masked by anything, and nothing that went wrong by what went well. */
export const PRECEDENCE: readonly FileStatus[] = ["invalid", "failed", "usage", "data", "unknown", "valid"];

/** Of several files. */
export function exitCodeOf(statuses: readonly FileStatus[]): number {
  const decisive = PRECEDENCE.find((status) => statuses.includes(status));
  if (decisive === undefined) throw new Error("no file was judged");
  return EXIT_CODES[decisive];
}
