import { describe, expect, test } from "vitest";
import { HOST_CALL_LIMIT_MS } from "../run/bounded-hosts.js";
import type { ExecutedFault } from "../run/executed.js";
import { NemesisRunner } from "../run/runner.js";
import { allCapabilities, FakeHosts, type FakeOptions, type HostCall } from "../testing/fake-hosts.js";
import { VirtualClock } from "../testing/virtual-clock.js";
import { HEALTHY_DISK } from "../effects/disk.js";
import { TRUE_TIME } from "../effects/clock-ledger.js";
import { FAULTS } from "./catalogue.js";
import { rateTolerance } from "./clock-rate.js";
import type { Fault } from "./fault.js";

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

function trialOf({ name }: Fault): Trial {
  return { ...TRIAL, ...TRIALS[name] };
}

interface Played {
  readonly fault: ExecutedFault;
  readonly hosts: FakeHosts;
}

async function play(
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

/** Nothing of a fault is left on any node. */
function expectWhole(hosts: FakeHosts): void {
  for (const node of hosts.cluster.nodes) {
    expect(node).toMatchObject({
      state: hosts.nodes.includes(node.name) ? "running" : "exited",
      rules: [],
      clock: TRUE_TIME,
      shapes: new Map(),
      disk: HEALTHY_DISK,
    });
  }
  expect(hosts.cluster.voters.toSorted()).toEqual(hosts.nodes.toSorted());
  expect(hosts.cluster.learners).toEqual([]);
}

const CHANGES: readonly HostCall["method"][] = [
  "cut",
  "signal",
  "start",
  "setClock",
  "shape",
  "reset",
  "setDisk",
  "powerLoss",
  "damage",
  "change",
  "transfer",
];
const changes = (call: HostCall): boolean => CHANGES.includes(call.method);
const READS: readonly HostCall["method"][] = [
  "droppedPackets",
  "process",
  "readClock",
  "packetCounts",
  "diskCounts",
  "damages",
  "membership",
  "view",
];

describe.each(FAULTS.map((fault) => [fault.name, fault] as const))("%s", (name, fault) => {
  const trial = trialOf(fault);
  const healed = fault.isEvent ? null : true;

  test("takes effect within its window, is proved there, and is undone", async () => {
    const { fault: executed, hosts } = await play(fault);
    expect(executed).toMatchObject({ fault: name, outcome: { type: "proved" }, healed });
    expect(executed.nodes).toHaveLength(trial.size);
    expect(executed.startedAtMs).toBeGreaterThanOrEqual(2_000);
    expect((executed.endedAtMs ?? 0) - (executed.startedAtMs ?? 0)).toBeGreaterThanOrEqual(8_000);
    const shown = trial.isShownElsewhere
      ? hosts.nodes.filter((node) => !executed.nodes.includes(node))
      : executed.nodes;
    for (const node of shown) expect(executed.evidence.proof).toHaveProperty(node);
    expect(executed.roles).toMatchObject({ n1: "leader", n2: "follower" });
    expectWhole(hosts);
  });

  test.each(trial.targets.map((target) => [target]))("is proved on target %j", async (target) => {
    const { fault: executed, hosts } = await play(fault, undefined, { target });
    expect(executed).toMatchObject({ outcome: { type: "proved" }, healed });
    expectWhole(hosts);
  });

  test("an action that has no effect ends unproved", async () => {
    const { fault: executed } = await play(fault, (call) => (changes(call) ? "ignore" : undefined));
    expect(executed.outcome).toMatchObject({
      type: "unproved",
      reason: expect.stringMatching(/^no effect was shown in its 8000 ms: /),
    });
  });

  test("an action that has no effect on one of its nodes ends unproved", async () => {
    const { fault: executed, hosts } = await play(
      fault,
      (call) => (changes(call) && call.node === trial.victim ? "ignore" : undefined),
      { target: trial.named },
    );
    expect(executed.outcome.type).toBe("unproved");
    expectWhole(hosts);
  });

  test("an action that fails on one of its nodes ends unproved as the rig's error, and the others are undone", async () => {
    let isFirst = true;
    const { fault: executed, hosts } = await play(
      fault,
      (call) => {
        if (!changes(call) || call.node !== trial.victim || !isFirst) return undefined;
        isFirst = false;
        return "fail";
      },
      { target: trial.named },
    );
    expect(executed.outcome).toMatchObject({
      type: "unproved",
      reason: expect.stringContaining(`rig error: ${trial.victim}: `),
    });
    expect(executed.healed).toBe(healed);
    expectWhole(hosts);
  });

  test("an action that never ends is given up", async () => {
    let isFirst = true;
    const { fault: executed } = await play(fault, (call) => {
      if (!changes(call) || !isFirst) return undefined;
      isFirst = false;
      return "hang";
    });
    expect(executed.outcome).toMatchObject({
      type: "unproved",
      reason: expect.stringContaining("did not end within 10000 ms"),
    });
  });

  test("its undo needs no answer of the server", async () => {
    let machines: FakeHosts | undefined;
    const { fault: executed, hosts } = await play(
      fault,
      (call) => {
        // Every server goes mute when the window ends at about 10 s.
        if (call.atMs > 9_900) for (const node of machines?.cluster.nodes ?? []) node.answers = false;
        return undefined;
      },
      {
        arrange: (all) => {
          machines = all;
        },
      },
    );
    expect(executed).toMatchObject({ outcome: { type: "proved" }, healed });
    expectWhole(hosts);
  });

  test("an undo that fails at first is tried again", async () => {
    let failures = 3;
    const { fault: executed, hosts } = await play(fault, (call) =>
      changes(call) && call.atMs > 9_500 && failures-- > 0 ? "fail" : undefined,
    );
    expect(executed.healed).toBe(healed);
    expectWhole(hosts);
  });

  test("says in one sentence what it does", () => {
    expect(fault.summary).toMatch(/^[A-Z][^.]*\.$/);
  });
});

describe.each(
  FAULTS.filter((fault) => !trialOf(fault).undoesItself).map((fault) => [fault.name, fault] as const),
)("%s, which stands until its undo", (_, fault) => {
  test("an undo that has no effect is not healed", async () => {
    const { fault: executed } = await play(fault, (call) =>
      changes(call) && call.atMs > 9_500 ? "ignore" : undefined,
    );
    expect(executed).toMatchObject({ outcome: { type: "proved" }, healed: false });
    expect(executed.healing).not.toBe("");
  });
});

describe.each(FAULTS.filter((fault) => !trialOf(fault).isTold).map((fault) => [fault.name, fault] as const))(
  "%s, whose effect is read",
  (_, fault) => {
    test("a reading that comes after the window is no proof, however clearly it shows the effect", async () => {
      const { fault: executed } = await play(fault, (call) => {
        // The window ends at about 10 s, and the effect stays: no undo succeeds before 14 s.
        if (changes(call) && call.atMs > 9_500 && call.atMs < 14_000) return "fail";
        return READS.includes(call.method) && call.atMs > 2_010 && call.atMs < 9_500 ? "slow" : undefined;
      });
      expect(executed.outcome).toMatchObject({
        type: "unproved",
        reason: expect.stringContaining("in time"),
      });
    });
  },
);

describe("what each proof rests on", () => {
  const fault = (name: string): Fault => FAULTS.find((each) => each.name === name) as Fault;
  const cutCalls = (hosts: FakeHosts, upToMs = 9_000): HostCall[] =>
    hosts.calls.filter((call) => call.method === "cut" && call.atMs < upToMs);

  test("isolation puts rules for every other node on the target alone", async () => {
    const args = { direction: "in", traffic: "peer" };
    const { hosts } = await play(fault("partition.isolate"), undefined, { target: "leader", args });
    const peers = ["n2", "n3", "n4", "n5"].map((peer) => ({ peer, direction: "in", traffic: "peer" }));
    expect(cutCalls(hosts).map(({ node, detail }) => [node, detail])).toEqual([["n1", peers]]);
  });

  test.each(["in", "out", "both"])(
    "isolation %s is proved on the leader and on a follower",
    async (direction) => {
      for (const target of ["leader", "follower"]) {
        const { fault: executed } = await play(fault("partition.isolate"), undefined, {
          target,
          args: { direction },
        });
        expect(executed.outcome.type).toBe("proved");
      }
    },
  );

  test("halves make both sides deaf to each other, whoever leads", async () => {
    for (const target of ["n1", ["n1", "n2"], ["n4", "n5"], ["n2", "n3", "n4"]]) {
      const { fault: executed, hosts } = await play(fault("partition.halves"), undefined, { target });
      expect(executed.outcome).toMatchObject({ type: "proved" });
      expect(Object.keys(executed.evidence.proof ?? {})).toHaveLength(5);
      const side = [target].flat();
      for (const { node, detail } of cutCalls(hosts)) {
        const far = hosts.nodes.filter((peer) => side.includes(peer) !== side.includes(node));
        expect(detail).toEqual(far.map((peer) => ({ peer, direction: "in", traffic: "all" })));
      }
    }
  });

  test.each(["in", "out", "both"])("halves %s are proved, whichever side leads", async (direction) => {
    for (const target of ["n1", ["n1", "n2"], ["n4", "n5"], ["n1", "n2", "n3"], ["n3", "n4", "n5"]]) {
      const { fault: executed } = await play(fault("partition.halves"), undefined, {
        target,
        args: { direction },
      });
      expect(executed.outcome).toMatchObject({ type: "proved" });
    }
  });

  const leak = (name: string, peer: string) => (hosts: FakeHosts) => {
    hosts.cluster.node(name).leaks = [peer];
  };

  test.each(["in", "out", "both"])(
    "isolation %s of the leader is not proved where the rules for one peer match nothing",
    async (direction) => {
      const { fault: executed } = await play(fault("partition.isolate"), undefined, {
        target: "leader",
        args: { direction },
        arrange: leak("n1", "n3"),
      });
      expect(executed.outcome).toMatchObject({
        type: "unproved",
        reason: expect.stringMatching(/: n1 dropped \d+ packets of 3 peers, none between it and n3$/),
      });
    },
  );

  test("isolation of a follower is not proved where the rules for the leader match nothing", async () => {
    const { fault: executed } = await play(fault("partition.isolate"), undefined, {
      target: "n3",
      args: { direction: "out" },
      arrange: leak("n3", "n1"),
    });
    expect(executed.outcome).toMatchObject({
      type: "unproved",
      reason: expect.stringContaining("n3 dropped nothing, none between it and n1"),
    });
  });

  test("halves are not proved where one node still hears the leader", async () => {
    for (const direction of ["in", "both"]) {
      const { fault: executed } = await play(fault("partition.halves"), undefined, {
        target: ["n4", "n5"],
        args: { direction },
        arrange: leak("n5", "n1"),
      });
      expect(executed.outcome.type).toBe("unproved");
    }
  });

  test("a peer that is dead has nothing to say to a leader that hears nobody", async () => {
    const { fault: executed } = await play(fault("partition.isolate"), undefined, {
      target: "leader",
      args: { direction: "in" },
      arrange: ({ cluster }) => {
        cluster.node("n3").state = "exited";
      },
    });
    expect(executed.outcome).toMatchObject({
      type: "proved",
      proof: expect.stringMatching(/^n1 dropped \d+ packets of 3 peers$/),
    });
  });

  test("halves of a whole cluster, and isolation of a single node, are skipped", async () => {
    const whole = await play(fault("partition.halves"), undefined, { target: "all" });
    expect(whole.fault).toMatchObject({ outcome: { type: "skipped" }, startedAtMs: null, healed: null });
    const lonely = await play(fault("partition.isolate"), undefined, { target: "n1", nodes: 1 });
    expect(lonely.fault.outcome).toMatchObject({ type: "skipped" });
  });

  test.each(["process.kill", "process.stop", "process.pause"])(
    "a process that had ended by itself before %s is no victim of it",
    async (name) => {
      const crash = (hosts: FakeHosts): void => {
        Object.assign(hosts.cluster.node("n2"), { state: "exited", signal: "SIGKILL" });
      };
      const { fault: executed, hosts } = await play(fault(name), undefined, { target: "n2", arrange: crash });
      const reason = "rig error: n2: the server was ended by SIGKILL, start 1 before the fault";
      expect(executed.outcome).toEqual({ type: "unproved", reason });
      expectWhole(hosts);
    },
  );

  // What a node becomes instead of what the signal asks for.
  test.each([
    ["process.kill", { state: "exited", signal: null }],
    ["process.kill", { state: "exited", signal: "SIGKILL", starts: 2 }],
    ["process.kill", { state: "running", pid: 999, starts: 2 }],
    ["process.stop", { state: "exited", signal: "SIGKILL" }],
    ["process.pause", { state: "paused", pid: 999, starts: 2 }],
    ["process.pause", { state: "exited", signal: "SIGSEGV" }],
  ])("%s is not proved by a process that is %j", async (name, becomes) => {
    let machines: FakeHosts | undefined;
    const { fault: executed } = await play(
      fault(name),
      ({ method, node }) => {
        if (method !== "signal") return undefined;
        Object.assign(machines?.cluster.node(node) ?? {}, becomes);
        return "ignore";
      },
      {
        arrange: (hosts) => {
          machines = hosts;
        },
      },
    );
    expect(executed.outcome.type).toBe("unproved");
  });

  test.each(["process.kill", "process.stop"])("%s is not healed by the start that it ended", async (name) => {
    let machines: FakeHosts | undefined;
    const { fault: executed } = await play(
      fault(name),
      ({ method, node }) => {
        if (method !== "start") return undefined;
        Object.assign(machines?.cluster.node(node) ?? {}, { state: "running" });
        return "ignore";
      },
      {
        arrange: (hosts) => {
          machines = hosts;
        },
      },
    );
    expect(executed).toMatchObject({ outcome: { type: "proved" }, healed: false });
  });

  test("no rate within its tolerance is near to true time", () => {
    for (const rate of [0.5, 0.8, 1.25, 2]) {
      expect(rateTolerance(rate)).toBeLessThan(Math.abs(rate - 1) / 2);
    }
  });
});
