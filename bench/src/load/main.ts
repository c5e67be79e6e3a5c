import { cpus, loadavg } from "node:os";
import { connect, kvClient } from "@gauntlet/client";
import type { Arrival } from "@gauntlet/controller/inside";
import { type Client, type Workload, WORKLOADS } from "@gauntlet/workloads";
import { Command, InvalidArgumentError, Option } from "commander";
import { LocalCluster } from "../cluster/local-cluster.js";
import { gauntletSystem } from "../cluster/system.js";
import { InstantStore } from "./instant-store.js";
import { type LoadFigures, measureRig } from "./measure.js";

interface Options {
  readonly rate: number;
  readonly seconds: number;
  readonly warmUp: number;
  readonly concurrency: number;
  readonly maxProcesses: number;
  readonly arrival: Arrival | undefined;
  readonly workload: string;
  readonly only: string | undefined;
}

const NODES = ["n1", "n2", "n3"];
const DEADLINE_MS = 10_000;

/** Open arrivals where that can be borne; of what is slower than the load, how fast it is with all workers busy. */
const ARRIVAL: Readonly<Record<string, Arrival>> = { nothing: "open", grpc: "paced" };

type Measure = (workload: Workload, options: Options & { readonly arrival: Arrival }) => Promise<LoadFigures>;

const PARTS: Readonly<Record<string, Measure>> = {
  nothing: (workload, options) => {
    const store = new InstantStore();
    return measure(workload, options, () => store);
  },
  grpc: async (workload, options) => {
    const cluster = await LocalCluster.start(gauntletSystem(), NODES.length);
    const connections = Array.from({ length: options.concurrency }, (_, worker) =>
      connect({ endpoint: cluster.endpoints[worker % NODES.length] ?? "", deadlineMs: DEADLINE_MS }),
    );
    const clients = connections.map(kvClient);
    try {
      return await measure(workload, options, (worker) => clients[worker]);
    } finally {
      for (const connection of connections) connection.close();
      await cluster.stop();
    }
  },
};

function measure(
  workload: Workload,
  options: Options & { readonly arrival: Arrival },
  clientOf: (worker: number) => Client | undefined,
): Promise<LoadFigures> {
  const { rate, seconds, warmUp, concurrency, arrival, maxProcesses } = options;
  return measureRig({
    workload,
    clients: Array.from({ length: concurrency }, (_, worker) => clientOf(worker)).filter(
      (client) => client !== undefined,
    ),
    nodes: NODES,
    ratePerSecond: rate,
    arrival,
    maxProcesses: arrival === "open" ? maxProcesses : concurrency,
    seconds,
    warmUpSeconds: warmUp,
  });
}

function print(rate: number, figures: LoadFigures): void {
  const { okPerSecond, notOk, processes, lateness, latency, mainUs, liveUs, otherUs } = figures;
  const us = mainUs + liveUs + otherUs;
  const ms = (value: number): string => `${value.toFixed(2)} ms`;
  const share = (microseconds: number): string => ((microseconds * rate) / 1e6).toFixed(2);
  const lines = [
    `  ${okPerSecond.toFixed(0)} ok a second, ${notOk} others, by ${processes} processes`,
    `  CPU of an operation: ${us.toFixed(0)} us; main thread ${mainUs.toFixed(0)}, live check ${liveUs.toFixed(0)}, other threads ${otherUs.toFixed(0)}`,
    `  at ${rate} a second, CPU seconds a second: ${share(us)}; ${share(mainUs)}, ${share(liveUs)}, ${share(otherUs)}`,
    `  lateness of arrivals: p50 ${ms(lateness.p50Ms)}, p99 ${ms(lateness.p99Ms)}; latency from due: p50 ${ms(latency.p50Ms)}, p99 ${ms(latency.p99Ms)}`,
    `  live check: ${figures.behind} events behind when the load was over; ${figures.violation ?? "no violation"}`,
  ];
  console.log(lines.join("\n"));
}

function count(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new InvalidArgumentError("it must be a whole number above 0");
}

const options = new Command("bench-load")
  .description("Measures what the rig itself takes: generator, recorder and live check, without faults.")
  .option("--rate <n>", "operations a second that are due", count, 5_000)
  .option("--seconds <n>", "that are measured", count, 20)
  .option("--warm-up <n>", "seconds before them", count, 5)
  .option("--concurrency <n>", "workers, each with a client", count, 50)
  .option("--max-processes <n>", "with open arrivals", count, 500)
  .addOption(
    new Option("--arrival <kind>", "default: open against nothing, paced over gRPC").choices([
      "open",
      "paced",
    ]),
  )
  .addOption(new Option("--workload <name>").choices(Object.keys(WORKLOADS)).default("register"))
  .addOption(
    new Option(
      "--only <part>",
      "nothing: a store in this process; grpc: three nodes on this machine",
    ).choices(Object.keys(PARTS)),
  )
  .parse()
  .opts<Options>();
const workload = WORKLOADS[options.workload];
if (workload === undefined) throw new Error(`no workload ${options.workload}`);
const parts = Object.entries(PARTS).filter(([name]) => options.only === undefined || options.only === name);
for (const [name, part] of parts) {
  const arrival = options.arrival ?? ARRIVAL[name] ?? "paced";
  const load = `${options.rate} operations a second of ${workload.name}, ${arrival}, ${options.concurrency} workers`;
  console.log(`${name}: ${load}; ${cpus().length} cores, load average ${loadavg()[0]?.toFixed(1)}`);
  print(options.rate, await part(workload, { ...options, arrival }));
}
