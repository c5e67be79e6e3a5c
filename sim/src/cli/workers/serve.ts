import { parentPort } from "node:worker_threads";
import type { Engine, Job } from "./job.js";
import { runJob } from "./run-job.js";

/** The other end of a SimThread: jobs come in, one at a time, outcomes go out. */
export function serveJobs(engine: Engine): void {
  const port = parentPort;
  if (port === null) throw new Error("jobs are served in a thread");
  const serve = async (job: Job): Promise<void> => {
    const outcome = await runJob(engine, job);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
    port.postMessage(outcome);
  };
  port.on("message", (job: Job) => void serve(job));
}
