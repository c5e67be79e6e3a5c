/** The disk failed, or is full. */
export function isDiskError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? error.code : null;
  return code === "EIO" || code === "ENOSPC" || isDiskError(error.cause);
}

/** By name: what the server says of its log and its state. */
export function isDamage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return DAMAGE.includes(error.name) || isDamage(error.cause);
}

const DAMAGE: readonly string[] = ["WalCorruption", "StateDamaged", "ReplicaUnusable"];

/** For people: what went wrong, and over what. */
export function chain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${chain(error.cause)}`;
}
