import * as ordinaryClient from "@gauntlet/client";
import {
  DockerError,
  DockerHosts,
  findSystem,
  removeLeftoverDirectories,
  removeLeftovers,
  type System,
  systemVersion,
  untilAnswering,
} from "@gauntlet/docker";
import { join } from "node:path";
import { RUN_FILES } from "@gauntlet/histories";
import { execa } from "execa";
import { messageOf, RigError } from "../errors.js";
import type { Cluster, SavedData, StartCluster } from "./cluster.js";
import { readHashes } from "./hashes.js";

/** What the rig asks with. */
export type ClientModule = Pick<typeof ordinaryClient, "connect" | "kvClient">;

export interface DockerClusterOptions {
  /** What runs on the nodes. Default: this repository's server. */
  readonly system?: System;
  /** Instead of the repository's own client. */
  readonly client?: ClientModule;
  /** An image that exists; otherwise the system's is built, this repository's of `serverEntry`. */
  readonly image?: string;
  /** The server's main file, when it is not the repository's own. */
  readonly serverEntry?: string;
  /** Tells a special build's image from the ordinary one. */
  readonly tag?: string;
  /** Leaves containers, network and volumes in place when the run ends. */
  readonly keep?: boolean;
  /** From the containers' start to a word of every server. Default a minute. */
  readonly answerLimitMs?: number;
  /** After the system's own arguments. */
  readonly serverArgs?: readonly string[];
}

const ANSWER_LIMIT_MS = 60_000;

/** Nothing broke, and nothing was left behind. */
const PLAINLY_INTERRUPTED = /^(docker [\w-]*: )?interrupted( while [\w ]+)?$/;

/** Clusters of containers, reached over gRPC as any client would. */
export function dockerClusters(options: DockerClusterOptions): StartCluster {
  return async ({ runId, nodes, spares, logsDirectory, signal, log }) => {
    try {
      for (const leftover of await removeLeftovers())
        log(`  removed what the dead run ${leftover} left behind`);
      for (const leftover of await removeLeftoverDirectories())
        log(`  removed ${leftover}, which a dead process left behind`);
      const { serverEntry, tag, system = findSystem("gauntlet") } = options;
      const build = {
        ...(serverEntry === undefined ? {} : { serverEntry }),
        ...(tag === undefined ? {} : { tag }),
      };
      const image = options.image ?? (await system.image({ ...build, log, signal })).image;
      // Before anything is started, so that a failure leaves nothing behind.
      const identity = await identityOf(image);
      const version = await systemVersion(system, image, runId, { signal });
      const versions = {
        system: version === null ? system.name : `${system.name} ${version}`,
        image,
        ...identity,
      };
      const kind = options.keep === true ? "standing" : "run";
      const hosts = await DockerHosts.start({
        runId,
        nodes,
        spares,
        image,
        logsDir: logsDirectory,
        system,
        serverArgs: [...system.eagerArgs, ...(options.serverArgs ?? [])],
        kind,
        signal,
        log,
      });
      try {
        const limitMs = options.answerLimitMs ?? ANSWER_LIMIT_MS;
        await untilAnswering(hosts, { limitMs, logsDir: logsDirectory, signal });
      } catch (error) {
        await hosts.stop();
        throw error;
      }
      const kept = options.keep === true;
      return clusterOf(hosts, options.client ?? ordinaryClient, versions, logsDirectory, kept, log);
    } catch (error) {
      if (!(error instanceof DockerError)) throw error;
      if (PLAINLY_INTERRUPTED.test(error.message)) signal.throwIfAborted();
      throw new RigError(error.message, { cause: error });
    }
  };
}

/** A tag may be moved; the id is the content's, the digests are what a registry knows it by. */
async function identityOf(image: string): Promise<Readonly<Record<string, string>>> {
  const format = "{{.Id}}{{range .RepoDigests}} {{.}}{{end}}";
  const result = await execa("docker", ["image", "inspect", "--format", format, image], {
    reject: false,
    stdin: "ignore",
    detached: true,
    timeout: 60_000,
  });
  if (result.failed) throw new RigError(`docker image inspect ${image}: ${result.stderr.trim()}`);
  const [imageId = "", ...digests] = result.stdout.trim().split(" ");
  return { imageId, ...(digests.length === 0 ? {} : { imageDigests: digests.join(" ") }) };
}

function clusterOf(
  hosts: DockerHosts,
  { connect, kvClient }: ClientModule,
  versions: Readonly<Record<string, string>>,
  logsDirectory: string,
  keep: boolean,
  log: (line: string) => void,
): Cluster {
  let stopping: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    if (!keep) return hosts.stop();
    await hosts.detach();
    for (const [node, { client, metrics }] of hosts.endpoints)
      log(`  kept: ${node} ${client}, metrics ${metrics}`);
  };
  return {
    hosts,
    versions,
    connect: (node, deadlineMs) => {
      const endpoint = hosts.endpoints.get(node)?.client;
      if (endpoint === undefined) throw new RigError(`there is no node "${node}"`);
      const etcd = connect({ endpoint, deadlineMs, doubted: hosts.system.doubted });
      return { client: kvClient(etcd), close: () => etcd.close() };
    },
    failures: () => hosts.failures().map(({ node, reason }) => `${node}: ${reason}`),
    sample: () => hosts.sample(),
    hashes: async (limitMs, signal, without) => {
      const members = (await membersOf(hosts)).filter((node) => !without.includes(node));
      const endpoints = members.map((node) => [node, hosts.endpoints.get(node)?.client ?? ""] as const);
      return readHashes(new Map(endpoints), limitMs, signal);
    },
    saveData: () =>
      Promise.all(
        hosts.present.map(async (node): Promise<SavedData> => {
          if (keep) return { node, path: null, detail: "the machine is kept" };
          const path = join(logsDirectory, node, RUN_FILES.nodeData);
          return hosts.saveData(node, path).then(
            () => ({ node, path, detail: null }),
            (error: unknown) => ({ node, path: null, detail: messageOf(error) }),
          );
        }),
      ),
    stop: () => (stopping ??= stop()),
  };
}

/** By the leader's word; where nobody leads, all machines that may be members. */
async function membersOf(hosts: DockerHosts): Promise<readonly string[]> {
  if (hosts.members === undefined) return hosts.nodes;
  try {
    const { voters, learners } = await hosts.members.membership();
    return [...voters, ...learners];
  } catch {
    return hosts.present;
  }
}
