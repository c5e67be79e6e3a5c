import { connect, registerClient } from "@gauntlet/client";
import { DockerError, DockerHosts, ensureImages, removeLeftovers } from "@gauntlet/docker";
import { RigError } from "../errors.js";
import type { Cluster, StartCluster } from "./cluster.js";

export interface DockerClusterOptions {
  /** An image that exists; otherwise one is built of `serverEntry`. */
  readonly image?: string;
  /** The server's main file, when it is not the repository's own. */
  readonly serverEntry?: string;
  /** Tells a special build's image from the ordinary one. */
  readonly tag?: string;
  /** Leaves containers, network and volumes in place when the run ends. */
  readonly keep?: boolean;
}

/** Clusters of containers, reached over gRPC as any client would. */
export function dockerClusters(options: DockerClusterOptions): StartCluster {
  return async ({ runId, nodes, logsDirectory, signal, log }) => {
    try {
      for (const leftover of await removeLeftovers())
        log(`  removed what the dead run ${leftover} left behind`);
      const { serverEntry, tag } = options;
      const build = {
        ...(serverEntry === undefined ? {} : { serverEntry }),
        ...(tag === undefined ? {} : { tag }),
      };
      const image = options.image ?? (await ensureImages({ ...build, log, signal })).image;
      const kind = options.keep === true ? "standing" : "run";
      const hosts = await DockerHosts.start({
        runId,
        nodes,
        image,
        logsDir: logsDirectory,
        kind,
        signal,
        log,
      });
      return clusterOf(hosts, image, options.keep === true, log);
    } catch (error) {
      if (error instanceof DockerError) throw new RigError(error.message, { cause: error });
      throw error;
    }
  };
}

function clusterOf(hosts: DockerHosts, image: string, keep: boolean, log: (line: string) => void): Cluster {
  let stopping: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    if (!keep) return hosts.stop();
    await hosts.detach();
    for (const [node, { client, metrics }] of hosts.endpoints)
      log(`  kept: ${node} ${client}, metrics ${metrics}`);
  };
  return {
    hosts,
    versions: { image },
    connect: (node, deadlineMs) => {
      const endpoint = hosts.endpoints.get(node)?.client;
      if (endpoint === undefined) throw new RigError(`there is no node "${node}"`);
      const etcd = connect({ endpoint, deadlineMs });
      return { client: registerClient(etcd), close: () => etcd.close() };
    },
    failures: () => hosts.failures().map(({ node, reason }) => `${node}: ${reason}`),
    stop: () => (stopping ??= stop()),
  };
}
