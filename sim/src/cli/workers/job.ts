import type { SimResult } from "../../result.js";
import type { DrawOptions } from "../../run/draw.js";
import type { Scenario } from "../../scenario.js";
import type { Traced, TraceListener } from "../../trace.js";

/** What is run: drawn from a seed, or given whole. */
export type Source =
  | {
      readonly from: "seed";
      readonly seed: number;
      readonly options: DrawOptions;
      /** Laid over what was drawn, field by field. */
      readonly overrides: Readonly<Record<string, unknown>> | null;
    }
  | { readonly from: "scenario"; readonly scenario: Scenario };

export interface Job {
  readonly source: Source;
  /** Whether somebody wants to read the trace. */
  readonly isTraced: boolean;
}

export interface Finished {
  readonly scenario: Scenario;
  readonly result: SimResult;
  /** null unless the job asked for it. */
  readonly trace: readonly Traced[] | null;
}

export type JobOutcome =
  | ({ readonly type: "finished" } & Finished)
  /** Nothing to run: the families make no sense on so few nodes, or the scenario is none. */
  | { readonly type: "refused"; readonly why: string }
  /** The simulator threw, hung or ended its thread. */
  | { readonly type: "broken"; readonly why: string };

/** The simulator, as the commands use it. */
export interface Engine {
  draw(seed: number, options: DrawOptions): Scenario;
  run(scenario: Scenario, listener: TraceListener | null): Promise<SimResult>;
}
