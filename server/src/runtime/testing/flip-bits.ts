import { cp, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { StateDamaged } from "../../ports.js";
import { lmdbStates } from "../lmdb-states.js";
import { commitNumbered, readNumbered } from "./numbered-records.js";

/**
 * `node flip-bits.js <base> <work> <bits...>`: for each bit number copies generation 1 of `base` to `work`, flips that
 * bit of its file, and uses the state as a server does. Prints a line for each, before and after: the process may die.
 */
const [base = "", work = "", ...bits] = process.argv.slice(2);
for (const bit of bits.map(Number)) {
  process.stdout.write(`begin ${bit}\n`);
  await rm(work, { recursive: true, force: true });
  await cp(base, work, { recursive: true });
  await flip(join(work, "state-1", "data.mdb"), bit);
  process.stdout.write(`${await outcome()}\n`);
}

async function flip(file: string, bit: number): Promise<void> {
  const handle = await open(file, "r+");
  const byte = Buffer.alloc(1);
  const at = Math.floor(bit / 8);
  await handle.read(byte, 0, 1, at);
  byte[0] = (byte[0] ?? 0) ^ (1 << (bit % 8));
  await handle.write(byte, 0, 1, at);
  await handle.close();
}

async function outcome(): Promise<string> {
  let count = 0;
  try {
    // Twice: what the first life writes may destroy something.
    for (let life = 0; life < 2; life++) {
      const engine = await lmdbStates(work).open(1);
      try {
        if (life === 0) count = engine.count;
        await readNumbered(engine);
        for (let commit = 0; commit < 3; commit++) await commitNumbered(engine, 20);
        await readNumbered(engine);
      } finally {
        await engine.close();
      }
    }
  } catch (error) {
    return error instanceof StateDamaged ? `damaged: ${error.message}` : String(error);
  }
  return `intact: ${count} records`;
}
