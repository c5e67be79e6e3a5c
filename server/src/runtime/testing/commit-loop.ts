import { writeSync } from "node:fs";
import { lmdbStates } from "../lmdb-states.js";
import { commitNumbered, readNumbered } from "./numbered-records.js";

/**
 * `node commit-loop.js <path> <seed> [commits]`: checks generation 1 of the states in `path` and adds to it until it is killed.
 * Writes the count at once when a commit is acknowledged.
 */
const [path = "", seed = "1", commits = "Infinity"] = process.argv.slice(2);
let random = Number(seed);

const engine = await lmdbStates(path).open(1);
await readNumbered(engine);
writeSync(1, `opened ${engine.count}\n`);
for (let commit = 0; commit < Number(commits); commit++) {
  random = (random * 48_271 + 11) % 2_147_483_647;
  // Mostly small, sometimes of some megabytes.
  await commitNumbered(engine, random % 11 === 0 ? 500 : random % 60);
  writeSync(1, `acknowledged ${engine.count}\n`);
}
await engine.close();
