/**
 * One class per cause, so that the exit code follows from the error alone (EXIT_CODES in
 * @gauntlet/histories). `message` is one line for people: what is wrong, where, what to do.
 */

/** Bad arguments or configuration: exit code 64. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** A history, schedule or run that cannot be read: exit code 65. */
export class DataError extends Error {
  override readonly name = "DataError";
}

/** The rig could not do its work: no daemon, a node that never came up. Exit code 3. */
export class RigError extends Error {
  override readonly name = "RigError";
}

/** A flag's path that the system refuses is bad usage; anything else stays what it is. */
export function asUsageError(flag: string, error: unknown): unknown {
  if (!(error instanceof Error) || !("syscall" in error)) return error;
  return new UsageError(`${flag}: ${messageOf(error)}`, { cause: error });
}

/** The text of anything that was thrown, on one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s*\n\s*/g, " ").trim();
}
