import type { StateEngine } from "../../ports.js";

/** Of 0 to 1500 bytes that its number decides; one in a hundred is of 100 KiB more. */
export function numberedRecord(number: number): Buffer {
  const length = ((number * 7919) % 1500) + (number % 100 === 99 ? 100_000 : 0);
  const record = Buffer.alloc(length, number & 0xff);
  if (length >= 6) record.writeUIntBE(number, 0, 6);
  return record;
}

export function numberedMeta(count: number): Buffer {
  return Buffer.from(`${count} records`);
}

export async function commitNumbered(engine: StateEngine, records: number): Promise<void> {
  const from = engine.count;
  const list = Array.from({ length: records }, (_, at) => numberedRecord(from + at));
  await engine.commit(list, numberedMeta(from + records));
}

/** Reads all; throws an ordinary Error where it is not what `commitNumbered` wrote: what no engine may ever give. */
export async function readNumbered(engine: StateEngine): Promise<void> {
  const { count, meta } = engine;
  if (meta === null ? count !== 0 : !numberedMeta(count).equals(meta)) {
    throw new Error(
      `WRONG: ${count} records, and the meta is ${meta === null ? "none" : Buffer.from(meta).toString()}`,
    );
  }
  for (let next = 0; next < count; ) {
    for (const record of await engine.read(next, 1 << 18)) {
      if (!numberedRecord(next).equals(record)) throw new Error(`WRONG: record ${next} is another`);
      next++;
    }
  }
}
