import Long from "long";

/** A 64-bit field as the generated etcd module gives it. */
export type Int64 = number | Long;

/**
 * A 64-bit field as a plain number. For revisions, counts and terms, which stay below 2^53;
 * throws a RangeError for anything that does not, rather than round it.
 */
export function toSafeNumber(value: Int64): number {
  const number = typeof value === "number" ? value : value.toNumber();
  if (!Number.isSafeInteger(number)) {
    throw new RangeError(`${value.toString()} does not fit a safe integer`);
  }
  return number;
}

/** A 64-bit field without loss: member, cluster and lease ids of etcd exceed 2^53. */
export function toBigInt(value: Int64): bigint {
  return typeof value === "number" ? BigInt(value) : BigInt(value.toString());
}

/** For requests. Not negative. */
export function fromBigInt(value: bigint): Int64 {
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : Long.fromString(value.toString(), true);
}
