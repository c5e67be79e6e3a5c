import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DEFAULT_RUNS_ROOT } from "@gauntlet/histories";

/** The checkout that this program belongs to. */
export const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url));

/** Where runs are recorded unless --runs says otherwise. */
export const RUNS_ROOT = join(REPOSITORY, DEFAULT_RUNS_ROOT);

export const MUTANTS_ROOT = join(REPOSITORY, "mutants");
