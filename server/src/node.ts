import { Server } from "@grpc/grpc-js";
import { clusterService, kvService, maintenanceService } from "@gauntlet/proto";
import type { Logger } from "pino";
import { clusterHandlers } from "./api/cluster.js";
import type { ApiContext } from "./api/context.js";
import { kvHandlers } from "./api/kv.js";
import { maintenanceHandlers } from "./api/maintenance.js";
import type { Config, ListenAddress } from "./config.js";
import { faultOf } from "./health.js";
import { createHttpServer, listen } from "./http.js";
import { hexId, identityOf } from "./identity.js";
import type { Identity } from "./identity.js";
import { Metrics } from "./metrics.js";
import { linkObserver, receiverObserver } from "./peer/observers.js";
import { peerOptions } from "./peer/options.js";
import { PeerTransport, bind } from "./peer/transport.js";
import type { TransportHandlers } from "./peer/transport.js";
import { configurationOf } from "./raft/configuration.js";
import type { MemberId } from "./raft/message.js";
import { DEFAULT_CHECKPOINTS, DEFAULT_HASH_INTERVAL, DEFAULT_LIMITS, openReplica } from "./replica-open.js";
import type { OpenedReplica, ReplicaPorts, ReplicaSettings } from "./replica-open.js";
import { tickPlan } from "./replica-tick-plan.js";
import { nodeClock } from "./runtime/clock.js";
import { lockDirectory } from "./runtime/directory-lock.js";
import { openNodeDisk } from "./runtime/disk.js";
import { lmdbStates } from "./runtime/lmdb-states.js";
import { nodeRandom } from "./runtime/random.js";

/** What gRPC lets in beyond a request of the largest size, so that it is refused by name and not by the transport. */
const RECEIVE_ALLOWANCE_BYTES = 512 * 1024;
/** Open calls on one connection; what a client asks beyond it waits at the client. */
const MAX_STREAMS_PER_CONNECTION = 10_000;
/** A client that answers no ping is gone. Long enough for one that was paused for a while. */
const PING_AFTER_MS = 30_000;
const PING_TIMEOUT_MS = 20_000;
/** How long clients may take to hang up when the node stops. */
const SHUTDOWN_GRACE_MS = 1000;

export interface RunningNode {
  /**
   * Takes no more part in the cluster, answers the calls under way, closes the log. Takes as long as the disk
   * does; connections that clients leave open end with the process.
   */
  stop(): Promise<void>;
}

/** An address or a directory cannot be had; names the flag. */
export class StartError extends Error {}

/**
 * Opens the log, joins the cluster and serves. `fatal` is told what the node cannot live with; it must
 * end the process before anything else is answered.
 */
export async function startNode(
  config: Config,
  logger: Logger,
  fatal: (error: Error) => void,
): Promise<RunningNode> {
  const identity = identityOf(config);
  const metrics = new Metrics(tickPlan(config).tickIntervalMs);
  const nameOf = (id: MemberId) => identity.members.find((member) => member.id === id)?.name || hexId(id);
  const clientUrls = new Map<MemberId, string>([[identity.self.id, config.advertiseClientUrl]]);
  const transport = new PeerTransport({
    identity,
    ownUrls: { clientUrl: config.advertiseClientUrl, peerUrl: identity.self.peerUrls[0] ?? "" },
    options: peerOptions(config.electionTimeoutMs, config.maxRequestBytes),
    clock: nodeClock,
    linkObserver: linkObserver(logger, metrics, (reason) =>
      logger.warn({ reason }, "this member was removed"),
    ),
    receiverObserver: receiverObserver(logger, metrics, nameOf, ({ from, clientUrl }) =>
      clientUrls.set(from, clientUrl),
    ),
  });
  const observer = replicaObserver(logger, metrics, identity, fatal);
  const ports = { network: transport, clock: nodeClock, random: nodeRandom, observer };
  const { replica, store, state, wal, close } = await openDirectory(config, identity, ports, logger);
  metrics.watch(() => replica.status(), nodeClock);
  metrics.watchStorage({
    log: () => wal.stats().bytes,
    state: () => state.bytes,
    memory: () => store.sizes().bytes,
  });

  const context: ApiContext = {
    identity,
    replica,
    store,
    clientUrlOf: (member) => clientUrls.get(member) ?? null,
    logBytes: () => wal.stats().bytes,
    unexpected: (method, err) => logger.error({ method, err }, "a call failed for a reason that is a bug"),
  };
  const http = createHttpServer(metrics.registry, () => faultOf(replica, nodeClock));
  const clients = clientServer(config, context);
  await listening("--listen-metrics-url", config.listenMetricsUrl, listen(http, config.listenMetricsUrl));
  const handlers: TransportHandlers = {
    messages: replica.receive.bind(replica),
    report: replica.receiveReport.bind(replica),
    snapshot: replica.receiveSnapshot.bind(replica),
    members: () => ({
      clusterId: identity.clusterId,
      members: identity.members.map((member) => ({ ...member, clientUrls: [] })),
      removed: [],
    }),
  };
  await listening(
    "--listen-peer-url",
    config.listenPeerUrl,
    transport.listen(config.listenPeerUrl, handlers),
  );
  await listening("--listen-client-url", config.listenClientUrl, bind(clients, config.listenClientUrl));
  logger.info(
    { clients: config.listenClientUrl, peers: config.listenPeerUrl, metrics: config.listenMetricsUrl },
    "listening",
  );
  replica.start();
  transport.connect();

  return {
    stop: async () => {
      // First, so that no call has to be waited for, and no election is stood in meanwhile.
      replica.stop();
      transport.close();
      http.close();
      http.closeAllConnections();
      await shutdown(clients);
      await close();
    },
  };
}

async function openDirectory(
  config: Config,
  identity: Identity,
  ports: Omit<ReplicaPorts, "disk" | "states">,
  logger: Logger,
): Promise<OpenedReplica> {
  const { dataDir } = config;
  const opened = await usingDirectory(dataDir, async () => {
    const disk = await openNodeDisk(dataDir);
    await lockDirectory(dataDir);
    const states = lmdbStates(dataDir);
    return openReplica({ disk, states, ...ports }, replicaSettings(config, identity));
  });
  const { replica, repair } = opened;
  if (repair !== null) logger.warn({ ...repair }, "log repaired: a write that a crash tore was cut off");
  const { term, lastIndex } = replica.status();
  const ids = { memberId: hexId(identity.self.id), clusterId: hexId(identity.clusterId) };
  logger.info({ ...ids, dataDir, term, lastIndex }, "started");
  return opened;
}

/** Names the flag whose directory cannot be used. */
async function usingDirectory<Opened>(dataDir: string, open: () => Promise<Opened>): Promise<Opened> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error && "code" in error)) throw error;
    const isFile = error.code === "EEXIST" || error.code === "ENOTDIR";
    const reason = isFile ? "a file stands where a directory is needed" : error.message;
    throw new StartError(`--data-dir: cannot use ${dataDir}: ${reason}`, { cause: error });
  }
}

function replicaSettings(config: Config, { clusterId, self, members }: Identity): ReplicaSettings {
  return {
    self: self.id,
    clusterId,
    initial: configurationOf(members.map((member) => member.id)),
    ticks: tickPlan(config),
    requestTimeoutMs: config.requestTimeoutMs,
    segmentBytes: config.segmentBytes,
    maxProposalBytes: config.maxRequestBytes,
    leaseClockUncertainty: config.readLeaseClockUncertainty,
    limits: DEFAULT_LIMITS,
    checkpoints: { ...DEFAULT_CHECKPOINTS, checkpointBytes: config.checkpointLogBytes },
    hashInterval: DEFAULT_HASH_INTERVAL,
  };
}

function replicaObserver(
  logger: Logger,
  metrics: Metrics,
  identity: Identity,
  fatal: (error: Error) => void,
): ReplicaPorts["observer"] {
  const names = new Map(identity.members.map((member) => [member.id, member.name]));
  const named = (ids: readonly MemberId[]) => ids.map((id) => names.get(id) ?? hexId(id));
  return {
    roleChanged: ({ role, term, leader }) => {
      if (role === "candidate") metrics.electionBegun();
      logger.info({ role, term, leader: leader === null ? null : names.get(leader) }, "role changed");
    },
    ticked: () => metrics.ticked(),
    proposalApplied: (elapsedMs) => metrics.committed(elapsedMs),
    configurationApplied: ({ voters, outgoing, learners }) => {
      const members = { voters: named(voters), outgoing: named(outgoing), learners: named(learners) };
      logger.info(members, "configuration changed");
    },
    removed: () => logger.warn("this member was removed from the cluster: it can be stopped for good"),
    logSynced: (seconds) => metrics.synced(seconds),
    recovering: (reason, lostTo) =>
      logger.error(
        { reason, lostTo },
        "damage on disk: begun anew; what is lost comes from the other members",
      ),
    recovered: () => logger.warn("all that was lost is back: this member votes again"),
    checkpointed: (index, elapsedMs) => {
      metrics.checkpointed(elapsedMs);
      logger.info({ index, elapsedMs: Math.round(elapsedMs) }, "checkpoint written");
    },
    snapshotSent: (to, index, error) => {
      metrics.snapshot("sent", error);
      logger.info({ to: named([to])[0], index, error: error?.message }, "snapshot sent");
    },
    snapshotReceived: (from, index, error) => {
      metrics.snapshot("received", error);
      logger.info({ from: named([from])[0], index, error: error?.message }, "snapshot received");
    },
    snapshotInstalled: (index) => logger.info({ index }, "snapshot installed"),
    alarmsChanged: (alarms) => logger.warn({ alarms }, "alarms changed"),
    corrupt: (difference) =>
      logger.fatal(
        { ...difference },
        "this member's state differs from that of the others: it takes no more part; run `gauntlet-server rebuild`",
      ),
    fatal,
  };
}

function clientServer(config: Config, context: ApiContext): Server {
  const server = new Server({
    "grpc.max_receive_message_length": config.maxRequestBytes + RECEIVE_ALLOWANCE_BYTES,
    "grpc.max_send_message_length": -1,
    "grpc.max_concurrent_streams": MAX_STREAMS_PER_CONNECTION,
    "grpc.keepalive_time_ms": PING_AFTER_MS,
    "grpc.keepalive_timeout_ms": PING_TIMEOUT_MS,
    "grpc.enable_channelz": 0,
  });
  server.addService(kvService, kvHandlers(context));
  server.addService(clusterService, clusterHandlers(context));
  server.addService(maintenanceService, maintenanceHandlers(context));
  return server;
}

/** Names the flag whose address could not be bound. */
async function listening(
  flag: string,
  { host, port }: ListenAddress,
  bound: Promise<unknown>,
): Promise<void> {
  try {
    await bound;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const reason = text.includes("EADDRINUSE") ? "the port is in use by another process" : text;
    throw new StartError(`${flag}: cannot listen on ${host}:${port}: ${reason}`);
  }
}

/** Refuses new calls and waits for the others, but not for a client that keeps one open. */
function shutdown(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cancel = nodeClock.after(SHUTDOWN_GRACE_MS, resolve);
    server.tryShutdown(() => {
      cancel();
      resolve();
    });
  });
}
