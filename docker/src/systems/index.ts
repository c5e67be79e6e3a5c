import { DockerError } from "../docker-error.js";
import { ETCD } from "./etcd.js";
import { GAUNTLET } from "./gauntlet.js";
import type { System } from "./system.js";

/** By the names that `--system` takes. */
export const SYSTEMS: readonly System[] = [GAUNTLET, ETCD];

/** Throws a DockerError that names those there are. */
export function findSystem(name: string): System {
  const found = SYSTEMS.find((system) => system.name === name);
  if (found !== undefined) return found;
  throw new DockerError(
    `there is no system "${name}"; there are ${SYSTEMS.map((system) => system.name).join(" and ")}`,
  );
}
