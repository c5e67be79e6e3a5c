import { stackOf } from "../errors.js";
import type { Failure } from "../result.js";
import type { Loop } from "../world/loop.js";

/** The cluster made no progress, or did not end what it had begun. */
export function stalled({ nowMs }: Loop, name: string, what: string): Failure {
  return { kind: "liveness", name, what, atMs: nowMs };
}

/** The world itself broke, or tried nothing: no verdict. */
export function broken({ nowMs }: Loop, name: string, problem: unknown): Failure {
  return { kind: "simulator", name, what: stackOf(problem), atMs: nowMs };
}
