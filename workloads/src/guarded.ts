import type { Client, Found, Guard, Outcome } from "./client.js";
import { CONFLICT } from "./contention.js";

/** What keys held at one moment, by key; null: absent. */
export type Snapshot = ReadonlyMap<string, Found | null>;

/** All keys at one moment, by one transaction that only reads. */
export async function readAll(client: Client, keys: readonly string[]): Promise<Outcome<Snapshot>> {
  const outcome = await client.transact({ guards: [], then: keys.map((key) => ({ type: "get", key })) });
  if (outcome.type !== "ok") return readFailed(outcome);
  const { reads } = outcome.value;
  return { ...outcome, value: new Map(keys.map((key, at) => [key, reads[at] ?? null])) };
}

/** Nothing was written yet, so an operation whose first call only reads certainly did not happen where that call did not end well. */
function readFailed(outcome: Exclude<Outcome<unknown>, { readonly type: "ok" }>): Outcome<never> {
  return { type: "fail", error: outcome.error };
}

/**
 * That the key holds what was read. By value: it may have changed in between and changed back, which is as good to
 * whoever computes from the value alone, and lets a write that is applied twice show.
 */
export function sameValue(key: string, found: Found | null): Guard {
  return found === null ? { key, modRevision: 0 } : { key, value: found.value };
}

/** That nobody wrote the key since it was read. */
export function sameVersion(key: string, found: Found | null): Guard {
  return { key, modRevision: found?.modRevision ?? 0 };
}

/** Writes where all guards hold; `fail` with CONFLICT where they do not. */
export async function writeGuarded<Value>(
  client: Client,
  guards: readonly Guard[],
  puts: ReadonlyMap<string, string>,
  value: Value,
): Promise<Outcome<Value>> {
  const then = [...puts].map(([key, put]) => ({ type: "put", key, value: put }) as const);
  const outcome = await client.transact({ guards, then });
  if (outcome.type !== "ok") return outcome;
  return outcome.value.succeeded ? { ...outcome, value } : { type: "fail", error: CONFLICT };
}
