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
import { hexId } from "./identity.js";
import type { Identity } from "./identity.js";
import { Metrics } from "./metrics.js";
import { StartError, identityIn, ownDirectory, usingDirectory } from "./node-directory.js";
import { Membership } from "./node-membership.js";
import { replicaObserver } from "./node-observer.js";
import { linkObserver, receiverObserver } from "./peer/observers.js";
import { peerOptions } from "./peer/options.js";
import { PeerTransport, bind } from "./peer/transport.js";
import type { TransportHandlers } from "./peer/transport.js";
import { configurationOf } from "./raft/configuration.js";
import { DEFAULT_CHECKPOINTS, DEFAULT_HASH_INTERVAL, DEFAULT_LIMITS, openReplica } from "./replica/open.js";
import type { OpenedReplica, ReplicaPorts, ReplicaSettings } from "./replica/open.js";
import { tickPlan } from "./replica/tick-plan.js";
import { Stranded } from "./stranded.js";
import { nodeClock } from "./runtime/clock.js";
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

/** How a node ends other than by being stopped. */
export interface NodeEnds {
  /** What the node cannot live with: the process must end before anything else is answered. */
  fatal(error: Error): void;
  /** The cluster has removed this member: the node is to be stopped, for good. */
  removed(reason: string): void;
}

/** Opens the data directory, joins the cluster and serves. */
export async function startNode(config: Config, logger: Logger, ends: NodeEnds): Promise<RunningNode> {
  const directory = await ownDirectory(config.dataDir);
  const identity = await identityIn(config, directory);
  const metrics = new Metrics(tickPlan(config).tickIntervalMs);
  const membership = new Membership(config, identity, directory.disk, logger, ends);
  const { roster } = membership;
  const nameOf = roster.nameOf.bind(roster);
  const stranded = new Stranded(config.electionTimeoutMs, nodeClock, logger);
  const transport = new PeerTransport({
    identity,
    ownUrls: { clientUrl: config.advertiseClientUrl, peerUrl: identity.self.peerUrls[0] ?? "" },
    options: peerOptions(config.electionTimeoutMs, config.maxRequestBytes),
    clock: nodeClock,
    linkObserver: linkObserver(logger, metrics, (reason) => membership.wasRemoved(reason)),
    receiverObserver: receiverObserver(logger, metrics, nameOf),
  });
  const observer = replicaObserver(logger, metrics, {
    nameOf,
    ticked: () => {
      membership.ticked();
      stranded.ticked();
    },
    configurationApplied: (configuration) => membership.configurationApplied(configuration),
    removed: () => membership.wasRemoved("so says the log"),
    fatal: (error) => ends.fatal(error),
  });
  const ports = { ...directory, network: transport, clock: nodeClock, random: nodeRandom, observer };
  const { replica, store, state, wal, lostTo, close } = await openNodeReplica(
    config,
    identity,
    ports,
    logger,
  );
  membership.follow(transport, replica, state);
  stranded.follow(replica, lostTo);
  const isLearner = () => roster.find(identity.self.id)?.isLearner === true;
  metrics.watch(() => replica.status(), isLearner, nodeClock);
  metrics.watchRecovery(replica, stranded);
  metrics.watchStorage({
    log: () => wal.stats().bytes,
    state: () => state.bytes,
    memory: () => store.sizes().bytes,
  });

  const context: ApiContext = {
    identity,
    replica,
    store,
    roster,
    isConnected: (member) => {
      if (member === identity.self.id) return true;
      return (transport.connectedForMs(member) ?? -1) >= config.electionTimeoutMs;
    },
    removed: membership.whenRemoved,
    diskBytes: () => wal.stats().bytes + state.bytes,
    unexpected: (method, err) => logger.error({ method, err }, "a call failed for a reason that is a bug"),
  };
  const fault = () => faultOf(replica, identity.self.id, nodeClock);
  const http = createHttpServer(metrics.registry, async () => stranded.explain(await fault()));
  const clients = clientServer(config, context);
  const handlers: TransportHandlers = {
    messages: replica.receive.bind(replica),
    report: replica.receiveReport.bind(replica),
    snapshot: replica.receiveSnapshot.bind(replica),
    members: () => {
      return { clusterId: identity.clusterId, members: roster.list(), removed: roster.removed };
    },
  };
  await listening("--listen-metrics-url", config.listenMetricsUrl, listen(http, config.listenMetricsUrl));
  const peers = transport.listen(config.listenPeerUrl, handlers);
  await listening("--listen-peer-url", config.listenPeerUrl, peers);
  await listening("--listen-client-url", config.listenClientUrl, bind(clients, config.listenClientUrl));
  logger.info(
    { clients: config.listenClientUrl, peers: config.listenPeerUrl, metrics: config.listenMetricsUrl },
    "listening",
  );
  replica.start();
  transport.connect();
  membership.publish();

  return {
    stop: async () => {
      // First, so that no call has to be waited for, and no election is stood in meanwhile.
      replica.stop();
      membership.stop();
      transport.close();
      http.close();
      http.closeAllConnections();
      await shutdown(clients);
      await close();
    },
  };
}

async function openNodeReplica(
  config: Config,
  identity: Identity,
  ports: ReplicaPorts,
  logger: Logger,
): Promise<OpenedReplica> {
  const { dataDir } = config;
  const settings = replicaSettings(config, identity);
  const opened = await usingDirectory(dataDir, () => openReplica(ports, settings));
  const { replica, repair } = opened;
  if (repair !== null) logger.warn({ ...repair }, "log repaired: a write that a crash tore was cut off");
  const { term, lastIndex } = replica.status();
  const ids = { memberId: hexId(identity.self.id), clusterId: hexId(identity.clusterId) };
  logger.info({ ...ids, dataDir, term, lastIndex }, "started");
  return opened;
}

function replicaSettings(config: Config, { clusterId, self, founders }: Identity): ReplicaSettings {
  return {
    self: self.id,
    clusterId,
    initial: configurationOf(founders),
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
