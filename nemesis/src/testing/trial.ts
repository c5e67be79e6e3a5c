import { expect } from "vitest";
import type { Fault } from "../faults/fault.js";
import { HOST_CALL_LIMIT_MS } from "../run/bounded-hosts.js";
import type { ExecutedFault } from "../run/executed.js";
import { NemesisRunner } from "../run/runner.js";
import { allCapabilities, FakeHosts, type FakeOptions } from "./fake-hosts.js";
import { VirtualClock } from "./virtual-clock.js";

/** How a fault is put to the tests that all faults must pass. */
interface Trial {
  readonly args: Record<string, unknown>;
  readonly nodes: number;
  /** Of several nodes where it takes several. */
  readonly target: string | string[];
  readonly size: number;
  readonly targets: readonly (string | string[])[];
  /** A target, and a node on which the fault must act for it. */
  readonly named: string[];
  readonly victim: string;
  /** The nodes that must show the effect are others than the target. */
  readonly isShownElsewhere?: true;
  /** When the window is over everything is as it was. */
  readonly undoesItself?: true;
  /** The action itself is told what it did: nothing else is read. */
  readonly isTold?: true;
}

const TRIAL: Trial = {
  args: {},
  nodes: 5,
  target: "minority",
  size: 2,
  targets: ["leader", "follower", "one", "n2", ["n1", "n3"]],
  named: ["n1", "n2"],
  victim: "n2",
};

const OF_ONE = { target: "n2", size: 1, targets: ["leader", "follower", "one", "n2"], named: ["n2"] };

const TRIALS: Readonly<Record<string, Partial<Trial>>> = {
  "partition.minority-third": { nodes: 10, target: "minority-third", size: 3 },
  "partition.ring": { target: "all", size: 5, targets: ["leader", "all", ["n1", "n3"]] },
  "partition.bridge": {
    target: "follower",
    size: 1,
    targets: ["follower", "n2", ["n3", "n2"]],
    named: ["n4"],
    isShownElsewhere: true,
  },
  "packet.loss": { args: { share: 0.2 } },
  "packet.delay": { args: { delay: "50ms" } },
  "packet.reorder": { args: { share: 0.2 } },
  "packet.duplicate": { args: { share: 0.2 } },
  "packet.rate": { args: { bytesPerSecond: 2_000 } },
  "packet.reset": { undoesItself: true, isTold: true },
  "process.rolling": { undoesItself: true },
  // Down when the window ends.
  "process.crash-loop": { args: { up: "1s", down: "2s" } },
  "clock.bump": { args: { offset: "-30s" } },
  // Off when the window ends.
  "clock.strobe": { args: { offset: "-30s", period: "1200ms" } },
  "clock.drift": { args: { rate: 1.5 } },
  "clock.rate": { args: { rate: 0.5 } },
  "disk.slow": { args: { delay: "50ms" } },
  "member.add": { target: "spare", size: 1, targets: ["n6", ["n7"]], named: ["n6"], victim: "n6" },
  "member.promote": { target: "spare", size: 1, targets: ["n6", ["n7"]], named: ["n6"], victim: "n6" },
  "member.remove": OF_ONE,
  "member.replace": OF_ONE,
  "member.demote": OF_ONE,
  "member.transfer": { ...OF_ONE, targets: ["follower", "n2", ["n3"]], undoesItself: true },
};

export function trialOf({ name }: Fault): Trial {
  return { ...TRIAL, ...TRIALS[name] };
}

export interface Played {
  readonly fault: ExecutedFault;
  readonly hosts: FakeHosts;
}

/** One fault on fake machines, until it is undone. */
export async function play(
  fault: Fault,
  interfere?: FakeOptions["interfere"],
  overrides: {
    target?: string | string[];
    forMs?: number;
    args?: Record<string, unknown>;
    nodes?: number;
    arrange?: (hosts: FakeHosts) => void;
  } = {},
): Promise<Played> {
  const clock = new VirtualClock();
  const trial = trialOf(fault);
  const nodes = overrides.nodes ?? trial.nodes;
  const hosts = new FakeHosts({ clock, nodes, spares: 2, ...(interfere === undefined ? {} : { interfere }) });
  overrides.arrange?.(hosts);
  const scheduled = {
    atMs: 2_000,
    forMs: overrides.forMs ?? 8_000,
    fault: fault.name,
    target: overrides.target ?? trial.target,
    args: overrides.args ?? trial.args,
  };
  const runner = new NemesisRunner({
    hosts,
    schedule: { seed: 5, faults: [scheduled] },
    seed: 1,
    timeLimitMs: 20_000,
    clock,
    capabilities: allCapabilities(),
    onEvent: () => {},
  });
  const [executed] = await clock.run(runner.run(new AbortController().signal));
  // A last look may still be under way when the window ends.
  await clock.run(clock.sleep(HOST_CALL_LIMIT_MS));
  expect(clock.pending).toBe(0);
  return { fault: executed as ExecutedFault, hosts };
}
