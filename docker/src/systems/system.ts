import type { Capability, ClockReading } from "@gauntlet/nemesis";
import type { ImageOptions } from "../image.js";
import type { LogRules } from "./log-rules.js";

/** Where every system is told to listen; the same in every container. */
export const PORTS = { client: 2379, peer: 2380, metrics: 2381 } as const;

export interface Member {
  readonly node: string;
  readonly address: string;
}

export function peerUrlOf(address: string): string {
  return `http://${address}:${PORTS.peer}`;
}

/** The servers of a cluster, as a flag of etcd's form takes them. */
export function clusterOf(members: readonly Member[]): string {
  return members.map(({ node, address }) => `${node}=${peerUrlOf(address)}`).join(",");
}

export interface Endpoint {
  /** host:port of the gRPC API. */
  readonly client: string;
  /** host:port of /health and /metrics. */
  readonly metrics: string;
}

/** How one server is started. */
export interface Launch {
  readonly member: Member;
  /** All members, with this one. */
  readonly members: readonly Member[];
  /** Tells the first members of a new cluster from those of any other; null: the cluster runs, and this one joins it. */
  readonly token: string | null;
  /** Appended to the server's own arguments, where the last of a flag wins. */
  readonly extra: readonly string[];
}

/** What a node says of itself; null where it does not tell. */
export interface Observation {
  /** `candidate`: it knows of no leader. */
  readonly role: "leader" | "follower" | "learner" | "candidate" | null;
  readonly term: number | null;
  readonly commitIndex: number | null;
  readonly appliedIndex: number | null;
  /** Resident memory. */
  readonly rssBytes: number | null;
  readonly openFiles: number | null;
  /** Log and state on disk, as far as it counts them. */
  readonly diskBytes: number | null;
  readonly clocks: {
    readonly wallMs: number;
    /** Of its timer, since it began. */
    readonly ticks: number;
    readonly tickIntervalMs: number;
    /** Tells one server process from the next on the same machine. */
    readonly processStart: number;
  } | null;
}

/** A server that speaks etcd's v3 API, and all that the rig knows of it: from public endpoints and logs only. */
export interface System {
  readonly name: string;
  /** The node image, built when there is none. Rejects with a DockerError. */
  image(options: ImageOptions): Promise<{ readonly image: string }>;
  /** Program and arguments, within the image. */
  command(launch: Launch): readonly string[];
  /** Prints the version, and what to take of it; null: it is this checkout's. */
  readonly version: { readonly command: readonly string[]; readonly pattern: RegExp } | null;
  /** So little log that a minute sees it cut off, and followers that need a snapshot. */
  readonly eagerArgs: readonly string[];
  /**
   * `own`: a member sends all that it says on connections that it dialled itself, so that a one-way cut leaves the other
   * direction whole. `shared`: both talk on one connection, and a one-way cut takes their packets of one direction.
   */
  readonly peerConnections: "own" | "shared";
  /** Rejects when the node does not answer in time. */
  observe(endpoint: Endpoint, timeoutMs: number): Promise<Observation>;
  /** The server's clocks against the rig's. Rejects when it does not answer, or does not show them. */
  readClock(node: string, endpoint: Endpoint, windowMs: number): Promise<ClockReading>;
  /** What no machine could ever do to it, and why. Tried all the same before each run. */
  readonly lacks: Readonly<Partial<Record<Capability, string>>>;
  /** Refusals, by their code in `@gauntlet/client`, that it also gives to writes that happened. */
  readonly doubted: readonly string[];
  readonly log: LogRules;
}
