import { LmdbEngine } from "../lmdb-engine.js";

/** Run as a process of its own, with a state's directory on a full disk: tells how many of thirty commits were refused for want of room. */
const [, , directory = ""] = process.argv;
const engine = await LmdbEngine.open(directory);
let refused = 0;
for (let attempt = 0; attempt < 30; attempt++) {
  await engine.commit([Buffer.alloc(100_000, attempt)], Buffer.from("later")).catch((error: unknown) => {
    if ((error as { code?: unknown }).code === "ENOSPC") refused += 1;
  });
}
await engine.close();
process.stdout.write(`${refused} refused\n`);
