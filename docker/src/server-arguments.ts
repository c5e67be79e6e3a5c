import { PATHS } from "./agent/paths.js";

/** The ports of a node, the same in every container. */
export const PORTS = { client: 2379, peer: 2380, metrics: 2381 } as const;

export interface Member {
  readonly node: string;
  readonly address: string;
}

/** How the server of one member is started; `extra` comes last and wins. */
export function serverArguments(
  member: Member,
  members: readonly Member[],
  token: string,
  extra: readonly string[],
): readonly string[] {
  const { node, address } = member;
  const cluster = members.map((other) => `${other.node}=http://${other.address}:${PORTS.peer}`).join(",");
  return [
    `--name=${node}`,
    `--data-dir=${PATHS.serverData}`,
    `--initial-cluster=${cluster}`,
    `--initial-cluster-token=${token}`,
    `--listen-client-url=http://${address}:${PORTS.client}`,
    `--advertise-client-url=http://${address}:${PORTS.client}`,
    `--listen-peer-url=http://${address}:${PORTS.peer}`,
    `--listen-metrics-url=http://${address}:${PORTS.metrics}`,
    ...extra,
  ];
}
