import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeStateStorage } from "../store/testing/engine-suite.js";
import { lmdbStates } from "./lmdb-states.js";

describeStateStorage(async () => {
  const directory = await mkdtemp(join(tmpdir(), "gauntlet-lmdb-"));
  return {
    restart: async () => lmdbStates(join(directory, "states")),
    flipBit: async (generation, at) => {
      const handle = await open(join(directory, "states", `state-${generation}`, "data.mdb"), "r+");
      const { size } = await handle.stat();
      const bit = Math.floor(at * size * 8);
      const byte = Buffer.alloc(1);
      await handle.read(byte, 0, 1, bit >> 3);
      await handle.write(Buffer.of((byte[0] ?? 0) ^ (1 << (bit & 7))), 0, 1, bit >> 3);
      await handle.close();
    },
    cleanUp: () => rm(directory, { recursive: true }),
  };
});
