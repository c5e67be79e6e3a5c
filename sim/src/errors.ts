import { ScheduleError } from "@gauntlet/nemesis";

/**
 * One class per cause, so that the exit code follows from the error alone. `message` is one line for people: what is
 * wrong, where, what to do.
 */

/** Bad arguments: exit code 64. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** A scenario file or a mutant that cannot be used: exit code 65. */
export class DataError extends Error {
  override readonly name = "DataError";
}

/** The simulator itself could not do its work: exit code 3. */
export class SimulatorError extends Error {
  override readonly name = "SimulatorError";
}

/** Somebody stopped the command: exit code 2. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

export function isForeseen(error: unknown): error is Error {
  return (
    error instanceof UsageError ||
    error instanceof DataError ||
    error instanceof SimulatorError ||
    error instanceof ScheduleError
  );
}

/** Anything that was thrown, as an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** Where anything that was thrown comes from, as far as it says: for bugs. */
export function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The text of anything that was thrown, on one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s*\n\s*/g, " ").trim();
}
