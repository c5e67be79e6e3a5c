import { setTimeout as sleep } from "node:timers/promises";
import { docker, isNoAnswer } from "./docker-cli.js";
import { DockerError, messageOf } from "./docker-error.js";
import { formatOwner, mayBeAlive, parseOwner, thisProcess } from "./owner.js";

/** `run`: belongs to a process and goes with it. `standing`: stays until it is taken down. */
export type ClusterKind = "run" | "standing";

const LABEL = {
  kind: "gauntlet.kind",
  run: "gauntlet.run",
  owner: "gauntlet.owner",
  createdMs: "gauntlet.created-ms",
} as const;

const REMOVAL_ATTEMPTS = 10;
const REMOVAL_PAUSE_MS = 150;
const ENGINE_LIMIT_MS = 20_000;
const ENGINE_PAUSE_MS = 500;

/** The labels that everything of one cluster carries, as docker arguments. */
export function labelArguments(kind: ClusterKind, runId: string): string[] {
  const labels = {
    [LABEL.kind]: kind,
    [LABEL.run]: runId,
    [LABEL.owner]: kind === "run" ? formatOwner(thisProcess()) : "",
    [LABEL.createdMs]: String(Date.now()),
  };
  return Object.entries(labels).flatMap(([name, value]) => ["--label", `${name}=${value}`]);
}

type ResourceType = "container" | "network" | "volume";

interface Resource {
  readonly type: ResourceType;
  readonly id: string;
  readonly runId: string;
  readonly owner: string;
  readonly createdMs: number;
}

/** In the order in which they can be removed. */
const TYPES: readonly ResourceType[] = ["container", "network", "volume"];

async function list(filter: string): Promise<Resource[]> {
  const columns = [LABEL.run, LABEL.owner, LABEL.createdMs].map((label) => `{{.Label "${label}"}}`);
  const lists = TYPES.map(async (type) => {
    const id = type === "volume" ? "{{.Name}}" : "{{.ID}}";
    const all = type === "container" ? ["--all", "--no-trunc"] : [];
    const format = [id, ...columns].join("\t");
    const output = await docker([type, "ls", ...all, "--filter", `label=${filter}`, "--format", format]);
    const lines = output.split("\n").filter((line) => line !== "");
    return lines.map((line): Resource => {
      const [found = "", runId = "", owner = "", createdMs = ""] = line.split("\t");
      return { type, id: found, runId, owner, createdMs: Number(createdMs) };
    });
  });
  return (await Promise.all(lists)).flat();
}

/** An engine that is being started again answers after a while. */
async function listWhenAnswering(filter: string): Promise<Resource[]> {
  const deadline = performance.now() + ENGINE_LIMIT_MS;
  for (;;) {
    try {
      return await list(filter);
    } catch (error) {
      if (!isNoAnswer(error) || performance.now() > deadline) throw error;
      await sleep(ENGINE_PAUSE_MS);
    }
  }
}

async function remove(resources: readonly Resource[]): Promise<void> {
  for (const type of TYPES) {
    const ids = resources.filter((resource) => resource.type === type).map((resource) => resource.id);
    if (ids.length === 0) continue;
    await docker([type, "rm", ...(type === "container" ? ["--force", "--volumes"] : []), ...ids]);
  }
}

/**
 * Removes until nothing is left in so many looks: where the maker was interrupted, the daemon may still be making
 * what was asked for. Gives the ids of the runs that something was removed of.
 */
async function removeAll(
  filter: string,
  looks: 1 | 2,
  chosen: (resource: Resource) => boolean = () => true,
): Promise<readonly string[]> {
  const removed = new Set<string>();
  let problem = "";
  let emptyLooks = 0;
  for (let attempt = 0; attempt < REMOVAL_ATTEMPTS; attempt += 1) {
    // What is ours must go, and waits for the engine; what is others' is no reason to wait.
    const found = (await (looks === 2 ? listWhenAnswering(filter) : list(filter))).filter(chosen);
    emptyLooks = found.length === 0 ? emptyLooks + 1 : 0;
    if (emptyLooks === looks) return [...removed];
    try {
      await remove(found);
    } catch (error) {
      problem = messageOf(error);
    }
    for (const { runId } of found) removed.add(runId);
    await sleep(REMOVAL_PAUSE_MS);
  }
  throw new DockerError(
    `containers of Gauntlet could not be removed (${problem}); see: docker ps -a --filter label=${filter}`,
  );
}

/** Removes every container, network and volume of one cluster. */
export async function removeRun(runId: string): Promise<void> {
  await removeAll(`${LABEL.run}=${runId}`, 2);
}

/** Removes what a process made, whatever it is in the middle of. `owner` as formatOwner writes it. */
export async function removeOwned(owner: string): Promise<void> {
  await removeAll(`${LABEL.owner}=${owner}`, 2);
}

export async function removeStanding(): Promise<readonly string[]> {
  return removeAll(`${LABEL.kind}=standing`, 1);
}

/**
 * Removes what runs left behind whose process is gone, and gives their ids. A run that lives, one whose owner
 * cannot be seen from here, and a standing cluster stay.
 */
export async function removeLeftovers(
  options: { readonly olderThanMs?: number } = {},
): Promise<readonly string[]> {
  const createdBefore = Date.now() - (options.olderThanMs ?? 0);
  return removeAll(`${LABEL.kind}=run`, 1, (resource) => {
    const owner = parseOwner(resource.owner);
    return resource.createdMs <= createdBefore && (owner === null || !mayBeAlive(owner));
  });
}
