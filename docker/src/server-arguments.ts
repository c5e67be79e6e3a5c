import { PATHS } from "./agent/paths.js";

/** The ports of a node, the same in every container. */
export const PORTS = { client: 2379, peer: 2380, metrics: 2381 } as const;

export interface Member {
  readonly node: string;
  readonly address: string;
}

export function peerUrlOf(address: string): string {
  return `http://${address}:${PORTS.peer}`;
}

/** How the server of one of the first members is started; `extra` comes last and wins. */
export function serverArguments(
  member: Member,
  members: readonly Member[],
  token: string,
  extra: readonly string[],
): readonly string[] {
  return [...ownArguments(member), clusterArgument(members), `--initial-cluster-token=${token}`, ...extra];
}

/** How the server of a machine is started that joins a cluster which runs; `members` with itself. */
export function joinArguments(
  member: Member,
  members: readonly Member[],
  extra: readonly string[],
): readonly string[] {
  return [...ownArguments(member), clusterArgument(members), "--initial-cluster-state=existing", ...extra];
}

function ownArguments({ node, address }: Member): readonly string[] {
  return [
    `--name=${node}`,
    `--data-dir=${PATHS.serverData}`,
    `--listen-client-url=http://${address}:${PORTS.client}`,
    `--advertise-client-url=http://${address}:${PORTS.client}`,
    `--listen-peer-url=${peerUrlOf(address)}`,
    `--listen-metrics-url=http://${address}:${PORTS.metrics}`,
  ];
}

function clusterArgument(members: readonly Member[]): string {
  return `--initial-cluster=${members.map(({ node, address }) => `${node}=${peerUrlOf(address)}`).join(",")}`;
}
