import { describe, expect, test } from "vitest";
import type { FakeHosts, HostCall } from "../testing/fake-hosts.js";
import { play, trialOf } from "../testing/trial.js";
import { expectWhole } from "../testing/whole.js";
import { FAULTS } from "./catalogue.js";

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
