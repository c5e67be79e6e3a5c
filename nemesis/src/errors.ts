/**
 * A schedule, or a name in it, that cannot be used as it stands. The message is one line for people: where
 * (file, line, field), what is wrong, what is allowed.
 */
export class ScheduleError extends Error {
  override readonly name = "ScheduleError";
  /** File or other origin of the text; null when the schedule was not read from text. */
  readonly source: string | null;
  /** 1-based; null when there is no text. */
  readonly line: number | null;
  /** For example `faults[2].args.rate`; empty for the document as a whole. */
  readonly field: string;

  constructor(
    problem: string,
    where: { readonly source?: string; readonly line?: number; readonly field?: string } = {},
  ) {
    const field = where.field ?? "";
    const place = [where.source, where.line].filter((part) => part !== undefined).join(":");
    super([place, field, problem].filter((part) => part !== "").join(": "));
    this.source = where.source ?? null;
    this.line = where.line ?? null;
    this.field = field;
  }
}

/** The fault makes no sense on these nodes (nobody to be cut off from): it is skipped, with this reason. */
export class NotApplicable extends Error {
  override readonly name = "NotApplicable";
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Stops loudly when an invariant of ours does not hold. */
export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new Error(`nemesis: broken invariant: ${invariant}`);
}
