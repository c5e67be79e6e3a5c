import { parentPort, workerData } from "node:worker_threads";
import { readHistory } from "@gauntlet/histories";
import { WORKLOADS } from "@gauntlet/workloads";
import { type CheckJob, runChecks } from "./workload-check.js";

/** The other end of checkInThread. */
const { historyPath, workload: name, timeLimitMs } = workerData as CheckJob;
const workload = WORKLOADS[name];
if (workload === undefined) throw new Error(`no workload ${name}`);
const { events } = await readHistory(historyPath);
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
parentPort?.postMessage(await runChecks(workload, events, timeLimitMs));
