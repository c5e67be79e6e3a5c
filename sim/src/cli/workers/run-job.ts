import { ScheduleError } from "@gauntlet/nemesis";
import { checkScenario } from "../../scenario-shape.js";
import type { Scenario } from "../../scenario.js";
import type { Traced } from "../../trace.js";
import { DataError, messageOf, stackOf } from "../../errors.js";
import type { Engine, Job, JobOutcome, Source } from "./job.js";

/** Runs one job in this thread. Never rejects. */
export async function runJob(engine: Engine, { source, isTraced }: Job): Promise<JobOutcome> {
  try {
    const scenario = scenarioOf(engine, source);
    const trace: Traced[] = [];
    const listener = isTraced
      ? (atMs: number, event: Traced["event"]) => void trace.push({ atMs, event })
      : null;
    const result = await engine.run(scenario, listener);
    return { type: "finished", scenario, result, trace: isTraced ? trace : null };
  } catch (error) {
    if (error instanceof DataError || error instanceof ScheduleError)
      return { type: "refused", why: messageOf(error) };
    return { type: "broken", why: stackOf(error) };
  }
}

function scenarioOf(engine: Engine, source: Source): Scenario {
  if (source.from === "scenario") return source.scenario;
  const drawn = engine.draw(source.seed, source.options);
  if (source.overrides === null) return drawn;
  return checkScenario(laidOver(drawn, source.overrides), "the overrides");
}

type Fields = Readonly<Record<string, unknown>>;

/** Objects field by field; lists and everything else are replaced. */
function laidOver(under: unknown, over: unknown): unknown {
  if (!isFields(under) || !isFields(over)) return over;
  const laid = Object.entries(over).map(([name, value]) => [name, laidOver(under[name], value)]);
  return { ...under, ...(Object.fromEntries(laid) as Fields) };
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
