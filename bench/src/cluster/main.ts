import { cpus } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import { measureConvergence } from "./convergence.js";
import { measureLargeState } from "./large-state.js";
import { linearizableRead, measureLoad, serializableRead, warmUp, write, type Operation } from "./load.js";
import { LocalCluster } from "./local-cluster.js";
import { measureReplacement, STEPS } from "./replacement.js";
import { measureSnapshot, turnsFileOf } from "./snapshot.js";
import { ELECTION_TIMEOUT_MS, etcdSystem, gauntletSystem, type System } from "./system.js";

/** Something that is measured of both systems. */
interface Row {
  readonly what: string;
  readonly unit: string;
  /** Where single values matter, not only the one in the middle: the largest is told as well; `all`: and both in election timeouts. */
  readonly kind: "middle" | "worst" | "all";
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
}

const NODES = 3;
const NODES_TO_REPLACE = 5;
const LOADS: readonly (readonly [name: string, operation: Operation, clients: readonly number[]])[] = [
  ["writes", write, [1, 64, 256]],
  ["linearizable reads", linearizableRead, [1, 64, 256]],
  ["serializable reads", serializableRead, [64]],
];

interface Options {
  readonly seconds: number;
  readonly rounds: number;
  readonly kills: number;
  readonly keys: number;
  readonly withoutEtcd: boolean | undefined;
  readonly only: string | undefined;
}

/** A part of the measurement: its name for --only, and how it is taken of one system. */
type Part = (system: System, options: Options) => Promise<ReadonlyMap<string, readonly number[]>>;

const PARTS: Readonly<Record<string, Part>> = {
  load: async (system, { seconds }) => {
    return withCluster(system, async (cluster) => {
      const figures = new Map<string, readonly number[]>();
      const operations = LOADS.map(([, operation]) => operation);
      await warmUp(cluster, operations);
      for (const [name, operation, sizes] of LOADS) {
        for (const clients of sizes) {
          const { perSecond, p50Ms, p99Ms, cpuSecondsPerThousand } = await measureLoad(
            cluster,
            operation,
            clients,
            seconds,
          );
          figures.set(`${name}, ${clients} clients|/s`, [perSecond]);
          figures.set(`${name}, ${clients} clients, p50|ms`, [p50Ms]);
          figures.set(`${name}, ${clients} clients, p99|ms`, [p99Ms]);
          figures.set(`${name}, ${clients} clients, CPU of all servers per 1000|s`, [cpuSecondsPerThousand]);
        }
      }
      return figures;
    });
  },
  convergence: async (system, { kills, rounds }) => {
    return withCluster(system, async (cluster) => {
      const times = await measureConvergence(cluster, Math.ceil(kills / rounds));
      return new Map([["kill -9 of the leader to the first acknowledged write|ms|all", times]]);
    });
  },
  replacement: async (system) => {
    return withCluster(
      system,
      async (cluster) => {
        const { stretchesMs, undisturbedMs, totalMs, acknowledged, lost } = await measureReplacement(cluster);
        const what = "time without an acknowledged write";
        return new Map([
          [
            `${what}, per replaced node|ms|all`,
            stretchesMs.map((steps) => Math.max(...Object.values(steps))),
          ],
          ...STEPS.map((step): [string, readonly number[]] => {
            return [`${what}, ending in step ${step}|ms|worst`, stretchesMs.map((steps) => steps[step])];
          }),
          [`${what}, in 7 s of the load alone|ms|worst`, [undisturbedMs]],
          [`replacing all ${NODES_TO_REPLACE} nodes|s`, [totalMs / 1000]],
          ["writes acknowledged meanwhile|", [acknowledged]],
          ["acknowledged writes lost||worst", [lost]],
        ]);
      },
      NODES_TO_REPLACE,
    );
  },
  state: async (system, { keys }) => {
    return withCluster(system, async (cluster) => {
      const { residentBytesPerKey, restartMs } = await measureLargeState(cluster, keys);
      return new Map([
        [`resident memory per key and node, ${keys} keys of 256 bytes|bytes`, [residentBytesPerKey]],
        [`restart of a node with ${keys} keys|ms`, [restartMs]],
      ]);
    });
  },
  snapshot: async (system, { keys }) => {
    // Of etcd only what clients see.
    const watched = system.name === "gauntlet" ? gauntletSystem(turnsFileOf) : system;
    return withCluster(watched, (cluster) => measureSnapshot(cluster, keys));
  },
};
/** These take minutes: once. */
const LONG_PARTS: ReadonlySet<string> = new Set(["state", "snapshot"]);

async function withCluster<Result>(
  system: System,
  measure: (cluster: LocalCluster) => Promise<Result>,
  nodes = NODES,
): Promise<Result> {
  const cluster = await LocalCluster.start(system, nodes);
  try {
    return await measure(cluster);
  } finally {
    await cluster.stop();
  }
}

/** The systems take turns, so that what else the machine does falls on both. */
async function measureAll(systems: readonly [System, System], options: Options): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const measured = options.withoutEtcd === true ? systems.slice(0, 1) : systems;
  for (const [name, part] of Object.entries(PARTS)) {
    if (options.only !== undefined && options.only !== name) continue;
    const rounds = LONG_PARTS.has(name) ? 1 : options.rounds;
    const figures = systems.map(() => new Map<string, number[]>());
    for (let round = 0; round < rounds; round++) {
      for (const [at, system] of measured.entries()) {
        console.error(`${name}, round ${round + 1} of ${rounds}: ${system.name}`);
        for (const [what, values] of await part(system, options)) {
          const known = figures[at]?.get(what) ?? [];
          figures[at]?.set(what, [...known, ...values]);
        }
      }
    }
    for (const [label, ours] of figures[0] ?? []) {
      const [what = "", unit = "", told] = label.split("|");
      const kind = told === "all" || told === "worst" ? told : "middle";
      rows.push({ what, unit, kind, ours, theirs: figures[1]?.get(label) ?? [] });
    }
  }
  return rows;
}

function print(rows: readonly Row[], systems: readonly [System, System]): void {
  console.log(`| | ${systems[0].name} | ${systems[1].name} ${systems[1].version} | ratio |`);
  console.log("|---|---|---|---|");
  for (const row of rows) {
    const { what, unit, kind, ours, theirs } = row;
    const inTimeouts = (ofOurs: number, ofTheirs: number, how: string) => {
      const label = `${what}${how}, in election timeouts`;
      printLine(label, "", ofOurs / ELECTION_TIMEOUT_MS, ofTheirs / ELECTION_TIMEOUT_MS);
    };
    printLine(what, unit, median(ours), median(theirs));
    if (kind === "middle") continue;
    const ends = ours.length < 100 ? `, largest of ${ours.length}` : `, p99 of ${ours.length}`;
    printLine(`${what}${ends}`, unit, quantile(ours, 0.99), quantile(theirs, 0.99));
    if (kind !== "all") continue;
    inTimeouts(median(ours), median(theirs), "");
    inTimeouts(quantile(ours, 0.99), quantile(theirs, 0.99), ends);
  }
  console.log(
    `\nMedians over rounds; the ratio is ours to theirs. ${cpus().length} cores, which servers and clients share.`,
  );
}

function printLine(what: string, unit: string, ours: number, theirs: number): void {
  const ratio = Number.isNaN(theirs) || theirs === 0 ? "" : (ours / theirs).toFixed(2);
  console.log(`| ${what} | ${figure(ours, unit)} | ${figure(theirs, unit)} | ${ratio} |`);
}

/** "": it is not measured of that system. */
function figure(value: number, unit: string): string {
  if (Number.isNaN(value)) return "";
  return `${value.toLocaleString("en", { maximumSignificantDigits: 3 })} ${unit}`.trimEnd();
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Of the nearest rank. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

function count(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new InvalidArgumentError("it must be a whole number above 0");
}

const options = new Command("bench-cluster")
  .description(
    "Measures the cluster beside Debian's etcd: processes on this machine, the same client for both, in turns.",
  )
  .option("--seconds <n>", "of each load", count, 5)
  .option("--rounds <n>", "in which the systems take turns", count, 3)
  .option("--kills <n>", "of the leader, in all rounds together", count, 30)
  .option("--keys <n>", "of the large state", count, 1_000_000)
  .option("--without-etcd", "leaves its column empty")
  .option("--only <part>", `one of ${Object.keys(PARTS).join(", ")}`)
  .parse()
  .opts<Options>();
const systems = [gauntletSystem(), await etcdSystem()] as const;
print(await measureAll(systems, options), systems);
