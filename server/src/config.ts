import { Command, CommanderError, Option } from "commander";
import { z } from "zod";
import { API_VERSION } from "./version.js";

/** sysexits EX_USAGE: the arguments or the environment are wrong. */
export const EXIT_USAGE = 64;

/** What is done to a data directory instead of serving from it (commands.ts). */
export const COMMANDS = ["wal dump", "wal verify", "state verify", "rebuild", "accept-loss"] as const;

/** A member as the initial cluster names it. */
export interface InitialMember {
  readonly name: string;
  readonly peerUrl: string;
}

/** A host and port that a listener binds. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** What a node is told at its start. README.md says what the timeouts cost and buy. */
export interface Config {
  readonly name: string;
  readonly dataDir: string;
  readonly initialCluster: readonly InitialMember[];
  /** `existing`: joins a cluster that runs, or comes back to it; who its members are is not read from flags. */
  readonly initialClusterState: "new" | "existing";
  readonly initialClusterToken: string;
  readonly listenClientUrl: ListenAddress;
  readonly listenPeerUrl: ListenAddress;
  readonly listenMetricsUrl: ListenAddress;
  /** What clients are told to dial, as MemberList gives it. */
  readonly advertiseClientUrl: string;
  readonly heartbeatIntervalMs: number;
  readonly electionTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** By how much the rates of two members' clocks may differ, as a share; null: no read relies on a lease. */
  readonly readLeaseClockUncertainty: number | null;
  readonly segmentBytes: number;
  /** The log may grow by so much before the state is written and the log cut. */
  readonly checkpointLogBytes: number;
  readonly maxRequestBytes: number;
  readonly logLevel: "debug" | "info" | "warn" | "error";
}

/** Tells in one line which field is wrong and why. */
export class ConfigError extends Error {}

/** `--help` or `--version` was asked for and has been answered. */
export class HelpShown extends Error {}

/** An election timeout under five heartbeats lets one late heartbeat depose a healthy leader. */
const MIN_HEARTBEATS_PER_ELECTION = 5;
const MAX_ELECTION_TIMEOUT_MS = 50_000;
const MAX_MEMBERS = 15;
const KIB = 1024;
const MIB = 1024 * KIB;

/** The flags in the order in which --help shows them: name, value's name, default, help. */
const FLAGS = [
  ["name", "name", "default", "this member's name, one of --initial-cluster"],
  ["data-dir", "path", "", "directory of log and state (default: <name>.gauntlet)"],
  ["initial-cluster", "list", "", "the members: n1=http://10.0.0.1:2380,n2=http://10.0.0.2:2380"],
  ["initial-cluster-state", "state", "new", "new, or existing: join a cluster that runs, or come back to it"],
  ["initial-cluster-token", "token", "gauntlet", "sets clusters apart that share addresses"],
  ["listen-client-url", "url", "http://127.0.0.1:2379", "gRPC for clients"],
  ["advertise-client-url", "url", "", "what clients are told to dial (default: --listen-client-url)"],
  ["listen-peer-url", "url", "http://127.0.0.1:2380", "gRPC for the other members"],
  ["listen-metrics-url", "url", "http://127.0.0.1:2381", "/health and /metrics"],
  ["heartbeat-interval-ms", "ms", "100", "how often a leader shows that it lives"],
  ["election-timeout-ms", "ms", "1000", "silence after which a follower campaigns (up to twice this)"],
  [
    "request-timeout-ms",
    "ms",
    "",
    "wait for a commit or a read index (default: 5000 + 2 * election timeout)",
  ],
  [
    "read-lease-clock-uncertainty",
    "share",
    "off",
    "serve reads from a lease: no two clocks' rates may differ by more than this share, as 0.1",
  ],
  ["segment-bytes", "bytes", String(16 * MIB), "size of a log segment"],
  ["checkpoint-log-bytes", "bytes", String(32 * MIB), "growth of the log after which the state is written"],
  ["max-request-bytes", "bytes", String(1.5 * MIB), "largest write that is accepted"],
  ["log-level", "level", "info", "debug, info, warn or error"],
] as const satisfies readonly (readonly [string, string, string, string])[];

type Flag = (typeof FLAGS)[number][0];
type RawFlags = Readonly<Record<Flag, string>>;

/** The environment variable of a flag: --data-dir is GAUNTLET_DATA_DIR. */
function environmentName(flag: string): string {
  return `GAUNTLET_${flag.toUpperCase().replaceAll("-", "_")}`;
}

/**
 * Reads flags, then the environment, then defaults; a flag wins.
 * Throws ConfigError for anything wrong and HelpShown when only help was wanted.
 */
export function readConfig(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  write: (text: string) => void = (text) => process.stdout.write(text),
): Config {
  return validate(parseFlags(argv, environment, write));
}

function parseFlags(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  write: (text: string) => void,
): RawFlags {
  const command = new Command("gauntlet-server")
    .description("One node of a Gauntlet cluster: a replicated key-value store that speaks the etcd v3 API.")
    .version(API_VERSION, "--version", "what clients are told by Status")
    .addHelpText(
      "after",
      "\nEvery flag can come from the environment: --data-dir is GAUNTLET_DATA_DIR.\n" +
        `Commands for a data directory, each with --help: ${COMMANDS.join(", ")}.`,
    )
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: () => undefined });
  for (const [flag, valueName, fallback, help] of FLAGS) {
    const option = new Option(`--${flag} <${valueName}>`, help);
    command.addOption(fallback === "" ? option : option.default(fallback));
  }
  try {
    command.parse(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) throw new HelpShown();
    if (error.code === "commander.excessArguments") {
      throw new ConfigError(
        `unknown command "${command.args[0] ?? ""}": there are flags, and ${COMMANDS.join(", ")}; --help lists the flags`,
      );
    }
    const text = error.message.replace(/^error: /, "").replaceAll("\n", " ");
    throw new ConfigError(`${text}; --help lists the flags`);
  }
  const entries = FLAGS.map(([flag]) => {
    const key = flag.replaceAll(/-([a-z])/g, (_match, letter: string) => letter.toUpperCase());
    const given = command.getOptionValueSource(key) === "cli";
    const value = given ? undefined : environment[environmentName(flag)];
    return [flag, value ?? (command.getOptionValue(key) as string | undefined) ?? ""] as const;
  });
  return Object.fromEntries(entries) as RawFlags;
}

const listenUrl = z.string().transform((text, context): ListenAddress => {
  const url = parseHttpUrl(text);
  // The brackets of an IPv6 literal belong to the URL; the default port of http is not kept by the parser.
  if (typeof url !== "string") {
    return { host: url.hostname.replaceAll(/^\[|\]$/g, ""), port: Number(url.port || "80") };
  }
  context.addIssue({ code: "custom", message: url });
  return z.NEVER;
});

const dialUrl = z.string().superRefine((text, context) => {
  const url = parseHttpUrl(text);
  const problem = typeof url === "string" ? url : problemOfDialling(url);
  if (problem !== null) context.addIssue({ code: "custom", message: problem });
});

const memberName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, "must be 1 to 63 letters, digits, '.', '_' or '-'");

function integer(min: number, max: number): z.ZodType<number> {
  return z
    .string()
    .regex(/^\d{1,15}$/, "must be a whole number")
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`));
}

const share = z
  .string()
  .regex(/^(off|0(\.\d{1,9})?)$/, 'must be "off" or a share from 0 to below 1, as 0.1')
  .transform((text) => (text === "off" ? null : Number(text)));

const initialCluster = z.string().transform((text, context): InitialMember[] => {
  const members = text.split(",").map((part) => {
    const [name = "", ...url] = part.trim().split("=");
    return { name, peerUrl: url.join("=") };
  });
  const problem = problemOfMembers(members);
  if (problem === null) return members;
  context.addIssue({ code: "custom", message: problem });
  return z.NEVER;
});

const schema = z.object({
  name: memberName,
  "data-dir": z.string(),
  "initial-cluster": initialCluster,
  "initial-cluster-state": z.enum(["new", "existing"], "must be new or existing"),
  "initial-cluster-token": z.string().min(1, "must not be empty").max(255, "must be at most 255 characters"),
  "listen-client-url": listenUrl,
  "advertise-client-url": dialUrl,
  "listen-peer-url": listenUrl,
  "listen-metrics-url": listenUrl,
  "heartbeat-interval-ms": integer(10, MAX_ELECTION_TIMEOUT_MS / MIN_HEARTBEATS_PER_ELECTION),
  "election-timeout-ms": integer(50, MAX_ELECTION_TIMEOUT_MS),
  "request-timeout-ms": integer(100, 600_000),
  "read-lease-clock-uncertainty": share,
  "segment-bytes": integer(16 * KIB, 1024 * MIB),
  "checkpoint-log-bytes": integer(16 * KIB, 64 * 1024 * MIB),
  "max-request-bytes": integer(1 * KIB, 10 * MIB),
  "log-level": z.enum(["debug", "info", "warn", "error"], "must be debug, info, warn or error"),
});

function validate(given: RawFlags): Config {
  if (given["initial-cluster"] === "") {
    throw new ConfigError(
      "--initial-cluster: is missing; name every member, as in n1=http://10.0.0.1:2380,n2=http://10.0.0.2:2380",
    );
  }
  const electionTimeout = Number(given["election-timeout-ms"]);
  const raw = {
    ...given,
    "data-dir": given["data-dir"] || `${given.name}.gauntlet`,
    "advertise-client-url": given["advertise-client-url"] || given["listen-client-url"],
    // An election timeout that is no number is reported as itself.
    "request-timeout-ms": given["request-timeout-ms"] || String(5000 + 2 * (electionTimeout || 0)),
  };
  const parsed = schema.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const flag = String(issue?.path[0]) as Flag;
    if (flag === "advertise-client-url" && given[flag] === "") {
      const listens = `--listen-client-url is "${raw[flag]}"`;
      throw new ConfigError(`--${flag}: is needed, because ${listens}: ${issue?.message}`);
    }
    throw new ConfigError(`--${flag}: ${issue?.message ?? "is not valid"}, got "${raw[flag]}"`);
  }
  const config = camelCased(parsed.data);
  checkTogether(config);
  return config;
}

function camelCased(flags: z.infer<typeof schema>): Config {
  return {
    name: flags.name,
    dataDir: flags["data-dir"],
    initialCluster: flags["initial-cluster"],
    initialClusterState: flags["initial-cluster-state"],
    initialClusterToken: flags["initial-cluster-token"],
    listenClientUrl: flags["listen-client-url"],
    listenPeerUrl: flags["listen-peer-url"],
    listenMetricsUrl: flags["listen-metrics-url"],
    advertiseClientUrl: flags["advertise-client-url"],
    heartbeatIntervalMs: flags["heartbeat-interval-ms"],
    electionTimeoutMs: flags["election-timeout-ms"],
    requestTimeoutMs: flags["request-timeout-ms"],
    readLeaseClockUncertainty: flags["read-lease-clock-uncertainty"],
    segmentBytes: flags["segment-bytes"],
    checkpointLogBytes: flags["checkpoint-log-bytes"],
    maxRequestBytes: flags["max-request-bytes"],
    logLevel: flags["log-level"],
  };
}

function checkTogether(config: Config): void {
  const { name, initialCluster: members, electionTimeoutMs, heartbeatIntervalMs } = config;
  if (!members.some((member) => member.name === name)) {
    const names = members.map((member) => member.name).join(", ");
    throw new ConfigError(`--name: "${name}" is not in --initial-cluster, which names ${names}`);
  }
  if (config.initialClusterState === "existing" && members.length === 1) {
    throw new ConfigError(
      "--initial-cluster: must name members that run beside this one, because --initial-cluster-state is existing",
    );
  }
  if (electionTimeoutMs < MIN_HEARTBEATS_PER_ELECTION * heartbeatIntervalMs) {
    throw new ConfigError(
      `--election-timeout-ms: must be at least ${MIN_HEARTBEATS_PER_ELECTION} times ` +
        `--heartbeat-interval-ms (${heartbeatIntervalMs}), got "${electionTimeoutMs}"`,
    );
  }
}

function problemOfMembers(members: readonly InitialMember[]): string | null {
  if (members.length > MAX_MEMBERS)
    return `has ${members.length} members, at most ${MAX_MEMBERS} are allowed`;
  for (const { name, peerUrl } of members) {
    if (!memberName.safeParse(name).success) return `the member name "${name}" is not valid`;
    const url = parseHttpUrl(peerUrl);
    if (typeof url === "string") return `the peer URL of ${name} ${url}`;
    if (url.port === "0") return `the peer URL of ${name} has port 0, which cannot be dialled`;
  }
  const names = new Set(members.map((member) => member.name));
  if (names.size < members.length) return "names a member twice";
  const urls = new Set(members.map((member) => member.peerUrl));
  if (urls.size < members.length) return "gives two members the same peer URL";
  return null;
}

/** Whether members can be told to dial `text`. */
export function isDialUrl(text: string): boolean {
  return dialUrl.safeParse(text).success;
}

/** What one may listen at but not dial; null: nothing. */
function problemOfDialling({ port, hostname }: URL): string | null {
  if (port === "0") return "port 0 cannot be dialled";
  const isWildcard = hostname === "0.0.0.0" || hostname === "[::]";
  return isWildcard ? `${hostname} stands for every address and cannot be dialled` : null;
}

/** The URL, or what is wrong with it. */
function parseHttpUrl(text: string): URL | string {
  const example = "must look like http://10.0.0.1:2380";
  if (text.startsWith("https:")) return "is https, but TLS is not supported";
  if (!URL.canParse(text)) return example;
  const url = new URL(text);
  if (url.protocol !== "http:" || url.hostname === "") return example;
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "" || url.username !== "") {
    return "must have neither path nor credentials";
  }
  // The URL parser drops http's default port, so "no port" and ":80" look alike here.
  if (url.port === "" && !/:80\/?$/.test(text)) return "has no port";
  return url;
}
