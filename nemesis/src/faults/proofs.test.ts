import { describe, expect, test } from "vitest";
import type { FakeHosts, HostCall } from "../testing/fake-hosts.js";
import { play } from "../testing/trial.js";
import { expectWhole } from "../testing/whole.js";
import { FAULTS } from "./catalogue.js";
import { rateTolerance } from "./clock-rate.js";
import type { Fault } from "./fault.js";

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
