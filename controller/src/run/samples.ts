import type { NodeSample } from "@gauntlet/histories";
import { messageOf } from "../errors.js";
import type { RunClock } from "./clock.js";
import type { Cluster } from "./cluster.js";
import { leaderOf } from "./service.js";

const EVERY_MS = 1_000;

/**
 * Asks all nodes once a second what they show of themselves, one round after the other: each node gets one call, and
 * one that is not answered is given up before the next. The load shares nothing with it.
 */
export class Sampling {
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #failure: string | null = null;
  #leader: string | null = null;

  constructor(cluster: Cluster, clock: RunClock, onSamples: (samples: readonly NodeSample[]) => void) {
    this.#done = this.#run(cluster, clock, onSamples);
  }

  /** What broke in the rig; of a node that does not answer the samples tell. */
  get failure(): string | null {
    return this.#failure;
  }

  /** By the last round's answers. */
  get leader(): string | null {
    return this.#leader;
  }

  /** Resolves when the last round is over. Never rejects. */
  async end(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #run(
    cluster: Cluster,
    clock: RunClock,
    onSamples: (samples: readonly NodeSample[]) => void,
  ): Promise<void> {
    const { signal } = this.#stop;
    try {
      while (!signal.aborted) {
        const time = clock.nowNs();
        const readings = await cluster.sample();
        this.#leader = leaderOf(new Map(readings.map((reading) => [reading.node, reading])));
        onSamples(readings.map((reading) => ({ time, ...reading })));
        await clock.sleep(Math.max(1, EVERY_MS - (clock.nowNs() - time) / 1e6), signal);
      }
    } catch (error) {
      this.#failure = `sampling the nodes: ${messageOf(error)}`;
    }
  }
}
