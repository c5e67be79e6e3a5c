import { docker, type DockerOptions } from "../docker-cli.js";
import { labelArguments } from "../resources.js";
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

/** What the program in the image says of its version; null for a system that is part of this checkout. */
export async function systemVersion(
  { name, version }: System,
  image: string,
  runId: string,
  options: DockerOptions,
): Promise<string | null> {
  if (version === null) return null;
  const [program = "", ...args] = version.command;
  const labels = labelArguments("run", runId);
  const run = ["run", "--rm", "--pull=never", "--network=none", ...labels, `--entrypoint=${program}`];
  const said = await docker([...run, image, ...args], options);
  const found = version.pattern.exec(said)?.[1];
  if (found !== undefined) return found;
  throw new DockerError(`${image}: "${version.command.join(" ")}" names no version of ${name}`);
}
