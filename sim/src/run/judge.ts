import { checkEnding } from "../check/ending.js";
import type { Failure } from "../result.js";
import { broken } from "./failures.js";
import type { RunParts } from "./parts.js";

/** Of the machine that runs the check, not of the world. What takes longer is undecided, and no run is valid then. */
const CHECK_LIMIT_MS = 60_000;

/** Whether what was seen of a run is right: by the observer, at the replicas, by the clients. */
export class Judge {
  private readonly parts: RunParts;

  /** The parts may be incomplete yet: nothing is read of them before it is asked for. */
  constructor(parts: RunParts) {
    this.parts = parts;
  }

  /** Of a run that came to its end. */
  async verdict(): Promise<Failure | null> {
    this.parts.invariants.ended();
    return this.observed() ?? this.ending() ?? (await this.checkHistory());
  }

  /** What the observer of the world has found so far. */
  observed(): Failure | null {
    const { invariants, cluster } = this.parts;
    const { violation, problem } = invariants;
    if (violation !== null) return { kind: "invariant", ...violation, atMs: cluster.loop.nowMs };
    return problem === null ? null : broken(cluster.loop, "observer", problem);
  }

  /** A safety violation in the history is worse than a cluster that hangs. */
  async orWorse(failure: Failure): Promise<Failure> {
    const worse = await this.checkHistory();
    return worse?.kind === "check" ? worse : failure;
  }

  private ending(): Failure | null {
    const { cluster, invariants, recorder, states, scenario } = this.parts;
    const replicas = cluster.machines.flatMap(({ id, name, server }) => {
      if (server === null) return [];
      return [{ node: name, appliedIndex: invariants.appliedIndex(id), store: server.store }];
    });
    const answered = { workload: scenario.load.workload, history: recorder.history };
    const found = checkEnding(invariants.committed, replicas, answered, states);
    return found === null ? null : { ...found, atMs: cluster.loop.nowMs };
  }

  private async checkHistory(): Promise<Failure | null> {
    const { workload, recorder, cluster } = this.parts;
    const results = await workload.check(recorder.history, { timeLimitMs: CHECK_LIMIT_MS });
    const invalid = results.find(({ verdict }) => verdict === "invalid");
    if (invalid !== undefined) {
      return { kind: "check", name: invalid.name, what: invalid.reason, atMs: cluster.loop.nowMs };
    }
    const open = results.find(({ verdict }) => verdict !== "valid");
    return open === undefined ? null : broken(cluster.loop, open.name, open.reason);
  }
}
