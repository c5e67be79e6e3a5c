import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeStateStorage } from "../store/testing/engine-suite.js";
import { lmdbStates } from "./lmdb-states.js";

describeStateStorage(async () => {
  const directory = await mkdtemp(join(tmpdir(), "gauntlet-lmdb-"));
  return {
    restart: async () => lmdbStates(join(directory, "states")),
    cleanUp: () => rm(directory, { recursive: true }),
  };
});
