import type { Engine, EngineLimits, EngineOutcome } from "../engine.js";

export class ChainEngine implements Engine {
  readonly name = "chain";
  readonly configurations = 0;
  readonly settledReturns = 0;
  readonly bytes = 0;

  constructor(_subject: unknown, _limits: EngineLimits) {}

  // oxlint-disable-next-line require-yield
  *run(): Generator<undefined, EngineOutcome> {
    return { type: "inapplicable", reason: "the engine chain is not there yet" };
  }
}
