import { describe, expect, test } from "vitest";
import { ConfigError, HelpShown, readConfig } from "./config.js";
import { API_VERSION } from "./version.js";
import { identityOf } from "./identity.js";
import { tickPlan } from "./replica/tick-plan.js";

const THREE = "n1=http://10.0.0.1:2380,n2=http://10.0.0.2:2380,n3=http://10.0.0.3:2380";
const REQUIRED = ["--name", "n1", "--initial-cluster", THREE];

function read(args: readonly string[], environment: Record<string, string> = {}) {
  return readConfig(args, environment, () => undefined);
}

function messageOf(args: readonly string[], environment: Record<string, string> = {}): string {
  try {
    read(args, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error("the configuration was accepted");
}

describe("readConfig", () => {
  test("fills in what is not given", () => {
    const config = read(REQUIRED);
    expect(config).toMatchObject({
      name: "n1",
      dataDir: "n1.gauntlet",
      listenClientUrl: { host: "127.0.0.1", port: 2379 },
      advertiseClientUrl: "http://127.0.0.1:2379",
      heartbeatIntervalMs: 100,
      electionTimeoutMs: 1000,
      requestTimeoutMs: 7000,
      readLeaseClockUncertainty: null,
      maxRequestBytes: 1_572_864,
      initialClusterState: "new",
      segmentBytes: 16 * 1024 * 1024,
      checkpointLogBytes: 32 * 1024 * 1024,
    });
    expect(config.initialCluster).toHaveLength(3);
  });

  test("takes a share of uncertainty for leases", () => {
    const uncertaintyOf = (text: string) =>
      read([...REQUIRED, "--read-lease-clock-uncertainty", text]).readLeaseClockUncertainty;
    expect(["off", "0", "0.1", "0.999"].map(uncertaintyOf)).toEqual([null, 0, 0.1, 0.999]);
  });

  test("takes the environment, and a flag before it", () => {
    const environment = {
      GAUNTLET_NAME: "n2",
      GAUNTLET_INITIAL_CLUSTER: THREE,
      GAUNTLET_ELECTION_TIMEOUT_MS: "700",
      GAUNTLET_LISTEN_PEER_URL: "http://[::1]:80",
    };
    const config = read(["--name", "n3"], environment);
    expect(config.name).toBe("n3");
    expect(config.electionTimeoutMs).toBe(700);
    expect(config.requestTimeoutMs).toBe(6400);
    expect(config.listenPeerUrl).toEqual({ host: "::1", port: 80 });
  });

  test.each([
    [["--name", "bad name"], "--name: must be 1 to 63 letters, digits, '.', '_' or '-', got \"bad name\""],
    [["--name", "n9"], '--name: "n9" is not in --initial-cluster, which names n1, n2, n3'],
    [["--initial-cluster", ""], "--initial-cluster: is missing"],
    [
      ["--initial-cluster", "n1"],
      "--initial-cluster: the peer URL of n1 must look like http://10.0.0.1:2380",
    ],
    [["--initial-cluster", "n1=http://h"], "--initial-cluster: the peer URL of n1 has no port"],
    [["--initial-cluster", "n1=http://h:0"], "--initial-cluster: the peer URL of n1 has port 0"],
    [["--initial-cluster", "n1=http://h:1,n1=http://h:2"], "--initial-cluster: names a member twice"],
    [["--initial-cluster", "n1=http://h:1,n2=http://h:1"], "--initial-cluster: gives two members the same"],
    [
      ["--initial-cluster", "n1=http://h:1", "--initial-cluster-state", "existing"],
      "--initial-cluster: must name members that run beside this one",
    ],
    [["--initial-cluster-state", "old"], '--initial-cluster-state: must be new or existing, got "old"'],
    [["--checkpoint-log-bytes", "1"], '--checkpoint-log-bytes: must be at least 16384, got "1"'],
    [["--initial-cluster-token", ""], "--initial-cluster-token: must not be empty"],
    [["--listen-client-url", "127.0.0.1:2379"], "--listen-client-url: must look like http://10.0.0.1:2380"],
    [["--listen-client-url", "https://h:1"], "--listen-client-url: is https, but TLS is not supported"],
    [
      ["--advertise-client-url", "http://h:0"],
      '--advertise-client-url: port 0 cannot be dialled, got "http://h:0"',
    ],
    [
      ["--advertise-client-url", "http://[::]:1"],
      '--advertise-client-url: [::] stands for every address and cannot be dialled, got "http://[::]:1"',
    ],
    [
      ["--listen-client-url", "http://127.0.0.1:0"],
      '--advertise-client-url: is needed, because --listen-client-url is "http://127.0.0.1:0": port 0 cannot be dialled',
    ],
    [
      ["--listen-client-url", "http://0.0.0.0:2379"],
      '--advertise-client-url: is needed, because --listen-client-url is "http://0.0.0.0:2379": 0.0.0.0 stands',
    ],
    [["--listen-peer-url", "http://h:1/path"], "--listen-peer-url: must have neither path nor credentials"],
    [["--listen-metrics-url", "http://h"], "--listen-metrics-url: has no port"],
    [["--heartbeat-interval-ms", "1"], '--heartbeat-interval-ms: must be at least 10, got "1"'],
    [["--heartbeat-interval-ms", "fast"], '--heartbeat-interval-ms: must be a whole number, got "fast"'],
    [
      ["--election-timeout-ms", "499"],
      "--election-timeout-ms: must be at least 5 times --heartbeat-interval-ms",
    ],
    [["--election-timeout-ms", "60000"], "--election-timeout-ms: must be at most 50000"],
    [["--election-timeout-ms", "-5"], "--election-timeout-ms: must be a whole number"],
    [["--election-timeout-ms", "x"], '--election-timeout-ms: must be a whole number, got "x"'],
    [["--request-timeout-ms", "5"], "--request-timeout-ms: must be at least 100"],
    [["--read-lease-clock-uncertainty", "1"], '--read-lease-clock-uncertainty: must be "off" or a share'],
    [["--read-lease-clock-uncertainty", "-0.1"], '--read-lease-clock-uncertainty: must be "off" or a share'],
    [["--read-lease-clock-uncertainty", "0.1 "], '--read-lease-clock-uncertainty: must be "off" or a share'],
    [["--segment-bytes", "1.5"], "--segment-bytes: must be a whole number"],
    [["--max-request-bytes", "999999999"], "--max-request-bytes: must be at most 10485760"],
    [["--log-level", "loud"], '--log-level: must be debug, info, warn or error, got "loud"'],
    [["--nmae", "n1"], "unknown option '--nmae'"],
    [["--name"], "option '--name <name>' argument missing"],
    [["stray"], 'unknown command "stray": there are flags, and wal dump, '],
  ])("refuses %j in one line that names the field", (args, message) => {
    const text = messageOf([...REQUIRED, ...args]);
    expect(text).toContain(message);
    expect(text).not.toContain("\n");
  });

  test("refuses a bad value of the environment by the flag's name", () => {
    expect(messageOf(REQUIRED, { GAUNTLET_SEGMENT_BYTES: "lots" })).toContain("--segment-bytes: must be");
  });

  test("shows help", () => {
    let help = "";
    expect(() => readConfig(["--help"], {}, (text) => (help += text))).toThrow(HelpShown);
    expect(help).toContain("--election-timeout-ms <ms>");
    expect(help).toContain("state verify, rebuild");
  });

  test("shows the version that clients are told", () => {
    let shown = "";
    expect(() => readConfig(["--version"], {}, (text) => (shown += text))).toThrow(HelpShown);
    expect(shown.trim()).toBe(API_VERSION);
  });
});

describe("identityOf", () => {
  test("gives the same positive safe ids whatever the order of the list", () => {
    const reversed = THREE.split(",").toReversed().join(",");
    const one = identityOf(read(REQUIRED));
    const other = identityOf(read(["--name", "n1", "--initial-cluster", reversed]));
    expect(other).toEqual(one);
    for (const id of [one.clusterId, ...one.members.map((member) => member.id)]) {
      expect(Number.isSafeInteger(id) && id > 0).toBe(true);
      expect(id).toBeLessThan(2 ** 52);
    }
    expect(new Set(one.members.map((member) => member.id)).size).toBe(3);
  });

  test("sets clusters apart by token and by members", () => {
    const base = identityOf(read(REQUIRED));
    const token = identityOf(read([...REQUIRED, "--initial-cluster-token", "other"]));
    const members = identityOf(read(["--name", "n1", "--initial-cluster", "n1=http://10.0.0.1:2380"]));
    expect(token.clusterId).not.toBe(base.clusterId);
    expect(token.self.id).not.toBe(base.self.id);
    expect(members.clusterId).not.toBe(base.clusterId);
    expect(members.self.id).toBe(base.self.id);
  });
});

test("ticks divide the heartbeat interval and cover the election timeout", () => {
  expect(tickPlan({ heartbeatIntervalMs: 100, electionTimeoutMs: 1000 })).toEqual({
    tickIntervalMs: 20,
    heartbeatTicks: 5,
    electionTicks: 50,
  });
});
