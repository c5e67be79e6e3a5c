import type { Engine, EngineLimits, EngineOutcome } from "../engine.js";

export class DepthFirstEngine implements Engine {
  readonly name = "depth-first";
  readonly configurations = 0;
  readonly settledReturns = 0;
  readonly bytes = 0;

  constructor(_subject: unknown, _limits: EngineLimits) {}

  // oxlint-disable-next-line require-yield
  *run(): Generator<undefined, EngineOutcome> {
    return { type: "inapplicable", reason: "the engine depth-first is not there yet" };
  }
}
