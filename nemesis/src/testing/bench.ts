import type { ExecutedFault, NemesisEvent } from "../run/executed.js";
import { type NemesisOptions, NemesisRunner } from "../run/runner.js";
import type { Schedule, ScheduledFault } from "../schedule/schedule.js";
import { allCapabilities, FakeHosts, type FakeOptions } from "./fake-hosts.js";
import { VirtualClock } from "./virtual-clock.js";

export interface Bench {
  readonly clock: VirtualClock;
  readonly hosts: FakeHosts;
  readonly events: NemesisEvent[];
  readonly runner: NemesisRunner;
}

/** A runner of one schedule on fake machines, in virtual time. */
export function bench(
  schedule: Schedule,
  overrides: Partial<NemesisOptions> & Omit<FakeOptions, "clock"> = {},
): Bench {
  const { interfere, nodes, spares, latencyMs, ...options } = overrides;
  const clock = new VirtualClock();
  const hosts = new FakeHosts({
    clock,
    ...(interfere === undefined ? {} : { interfere }),
    ...(nodes === undefined ? {} : { nodes }),
    ...(spares === undefined ? {} : { spares }),
    ...(latencyMs === undefined ? {} : { latencyMs }),
  });
  const events: NemesisEvent[] = [];
  const runner = new NemesisRunner({
    hosts,
    schedule,
    seed: 1,
    timeLimitMs: 60_000,
    clock,
    capabilities: allCapabilities(),
    onEvent: (event) => events.push(event),
    ...options,
  });
  return { clock, hosts, events, runner };
}

export async function runAll({ clock, runner }: Bench): Promise<readonly ExecutedFault[]> {
  return clock.run(runner.run(new AbortController().signal));
}

export function fault(
  name: string,
  atS: number,
  forS: number,
  target: string | string[],
  args = {},
): ScheduledFault {
  return { atMs: atS * 1_000, forMs: forS * 1_000, fault: name, target, args };
}
