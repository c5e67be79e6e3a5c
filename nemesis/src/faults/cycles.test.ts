import { describe, expect, test } from "vitest";
import { bench, fault, runAll } from "../testing/bench.js";
import type { HostCall, Interference } from "../testing/fake-hosts.js";

/** What does the same again and again within its window. */

const one = async (
  scheduled: ReturnType<typeof fault>,
  more: { interfere?: (call: HostCall) => Interference | undefined; spares?: number } = {},
) => {
  const all = bench({ faults: [scheduled] }, more);
  const [executed] = await runAll(all);
  const calls = (method: HostCall["method"], node: string): readonly HostCall[] =>
    all.hosts.calls.filter((call) => call.method === method && call.node === node);
  return { executed, calls, hosts: all.hosts };
};

describe("a partition that flaps", () => {
  test.each([
    ["partition.isolate", "leader"],
    ["partition.isolate", "n3"],
    ["partition.isolate", "all"],
    ["partition.halves", "minority"],
    ["partition.minority-third", "n2"],
    ["partition.ring", "all"],
    ["partition.bridge", "follower"],
  ])("%s of %s is proved in its cut halves and undone", async (name, target) => {
    for (const flap of ["200ms", "500ms", "2s"]) {
      const { executed, hosts } = await one(fault(name, 2, 12, target, { flap }));
      expect([flap, executed?.outcome.type, executed?.healed]).toEqual([flap, "proved", true]);
      for (const node of hosts.cluster.nodes) expect(node.rules).toEqual([]);
    }
  });

  test("is cut and whole in turn, and ends whole", async () => {
    const { calls } = await one(fault("partition.isolate", 2, 5, "n2", { flap: "1s" }));
    const cuts = calls("cut", "n2").map(({ detail, atMs }) => [
      (detail as readonly unknown[]).length > 0,
      Math.round(atMs / 1_000),
    ]);
    expect(cuts.slice(0, 5)).toEqual([
      [true, 2],
      [false, 3],
      [true, 4],
      [false, 5],
      [true, 6],
    ]);
    expect(cuts.at(-1)?.[0]).toBe(false);
  });

  test("whose cuts match nothing is not proved", async () => {
    const all = bench({ faults: [fault("partition.isolate", 2, 8, "n2", { flap: "500ms" })] });
    all.hosts.cluster.node("n2").leaks = ["n1", "n3", "n4", "n5"];
    const [executed] = await runAll(all);
    expect(executed).toMatchObject({ outcome: { type: "unproved" }, healed: true });
  });

  test("that can be cut but once says why it ended", async () => {
    let cuts = 0;
    const { executed } = await one(fault("partition.isolate", 2, 8, "n2", { flap: "5s" }), {
      interfere: ({ method, atMs }) => (method === "cut" && atMs < 10_000 && ++cuts > 1 ? "fail" : undefined),
    }).catch(() => ({ executed: undefined }));
    // 5 s and three times that: refused before anything happens.
    expect(executed).toBeUndefined();
    const again = await one(fault("partition.isolate", 2, 8, "n2", { flap: "1s" }), {
      interfere: ({ method, atMs }) =>
        (method === "cut" && atMs > 2_500 && atMs < 9_900) || (method === "droppedPackets" && atMs < 2_900)
          ? "fail"
          : undefined,
    });
    expect(again.executed?.outcome).toMatchObject({
      type: "unproved",
      reason: expect.stringContaining("rig error: n2: droppedPackets was refused"),
    });
    expect(again.executed?.healed).toBe(true);
  });
});

test.each([
  ["partition.isolate", "cut", { flap: "500ms" }],
  ["process.crash-loop", "signal", { up: "500ms", down: "200ms" }],
  ["packet.reset", "reset", { every: "500ms" }],
  ["clock.strobe", "setClock", { offset: "30s" }],
] as const)(
  "%s that stops after its effect was shown is proved, and says that it stopped",
  async (name, method, args) => {
    const stopped = (failFromMs: number) =>
      one(fault(name, 2, 12, "n2", args), {
        interfere: (call) =>
          call.method === method && call.atMs > failFromMs && call.atMs < 13_500 ? "fail" : undefined,
      });
    const { executed } = await stopped(8_000);
    expect(executed).toMatchObject({ outcome: { type: "proved" }, healed: true });
    expect(executed?.outcome).toHaveProperty(
      "proof",
      expect.stringMatching(
        new RegExp(`; it went on for [67]\\d{3} ms and then stopped: .*${method} was refused`),
      ),
    );
    const whole = await stopped(20_000);
    expect(whole.executed?.outcome).toHaveProperty("proof", expect.not.stringContaining("stopped"));
  },
);

describe("process.crash-loop", () => {
  test("kills and starts as often as its window lets it", async () => {
    const { executed, calls, hosts } = await one(
      fault("process.crash-loop", 2, 10, "n2", { up: "1s", down: "1s" }),
    );
    expect(calls("signal", "n2")).toHaveLength(5);
    expect(hosts.cluster.node("n2")).toMatchObject({ state: "running", starts: 6 });
    expect(executed?.outcome).toMatchObject({ proof: expect.stringContaining("was killed 2 times") });
  });

  test("of which only the first kill has an effect is not proved", async () => {
    let kills = 0;
    const { executed } = await one(fault("process.crash-loop", 2, 10, "n2"), {
      interfere: ({ method }) => (method === "signal" && ++kills > 1 ? "ignore" : undefined),
    });
    expect(executed?.outcome).toMatchObject({
      type: "unproved",
      reason: expect.stringContaining("was killed 1 times"),
    });
    expect(executed?.healed).toBe(true);
  });
});

describe("clock.strobe", () => {
  test("whose clock stays off, or never moves, is not proved", async () => {
    for (const offMs of [0, 30_000]) {
      const { executed } = await one(fault("clock.strobe", 2, 8, "n2", { offset: "30s" }), {
        interfere: ({ method, detail, atMs }) => {
          const isOther = (detail as { wallOffsetMs?: number } | null)?.wallOffsetMs !== offMs;
          return method === "setClock" && isOther && atMs < 9_900 ? "ignore" : undefined;
        },
      });
      expect(executed).toMatchObject({ outcome: { type: "unproved" }, healed: true });
    }
  });

  test("is seen on both sides, in whatever rhythm it and its readings come", async () => {
    for (const period of ["100ms", "200ms", "300ms", "350ms", "700ms", "2s"]) {
      for (const latencyMs of [0, 3, 11, 30, 47]) {
        for (const seed of [1, 2, 3]) {
          const faults = [fault("clock.strobe", 2, 9, "all", { offset: "-30s", period })];
          const [executed] = await runAll(bench({ faults }, { latencyMs, seed }));
          expect([period, latencyMs, seed, executed?.outcome.type]).toEqual([
            period,
            latencyMs,
            seed,
            "proved",
          ]);
        }
      }
    }
  });

  test("leaves a rate alone that another fault set", async () => {
    const faults = [
      fault("clock.rate", 1, 14, "n2", { rate: 2 }),
      fault("clock.strobe", 3, 6, "n2", { offset: "-30s", period: "500ms" }),
    ];
    const all = bench({ faults });
    const executed = await runAll(all);
    expect(executed.map(({ outcome, healed }) => [outcome.type, healed])).toEqual([
      ["proved", true],
      ["proved", true],
    ]);
    const rates = all.hosts.calls.flatMap(({ method, detail, atMs }) =>
      method === "setClock" && atMs > 2_000 && atMs < 14_000
        ? [(detail as { monotonicRate: number }).monotonicRate]
        : [],
    );
    expect(new Set(rates)).toEqual(new Set([2]));
  });
});

describe("links", () => {
  const linked = (links: unknown) => fault("packet.loss", 2, 6, "n2", { share: 0.5, links });
  const shapedBy = async (scheduled: ReturnType<typeof fault>): Promise<readonly string[]> => {
    const { executed, calls } = await one(scheduled);
    expect(executed).toMatchObject({ outcome: { type: "proved" }, healed: true });
    const shapes = calls("shape", "n2")[0]?.detail as ReadonlyMap<string, unknown> | undefined;
    return [...(shapes?.keys() ?? [])];
  };

  test("all, the leader's, or those that are named are shaped, and no others", async () => {
    expect(await shapedBy(linked("all"))).toEqual(["n1", "n3", "n4", "n5"]);
    expect(await shapedBy(linked("leader"))).toEqual(["n1"]);
    expect(await shapedBy(linked(["n1", "n4"]))).toEqual(["n1", "n4"]);
  });

  test("a node without such a link is left out, and a fault without any is skipped", async () => {
    const all = await one(fault("packet.reset", 2, 4, "all", { links: "leader" }));
    expect(all.executed?.outcome.type).toBe("proved");
    expect(all.calls("reset", "n1")).toEqual([]);
    const none = await one(fault("packet.loss", 2, 4, "n1", { share: 0.5, links: "leader" }));
    expect(none.executed?.outcome).toEqual({
      type: "skipped",
      reason: "no link leads from n1 to those peers",
    });
    const unknown = await one(fault("packet.loss", 2, 4, "n1", { share: 0.5, links: ["n9"] }));
    expect(unknown.executed?.outcome).toEqual({ type: "skipped", reason: "the cluster has no n9" });
  });

  test("a link on which nothing was lost does not pass for another", async () => {
    // Nothing goes from one follower to another but votes.
    const { executed } = await one(fault("packet.loss", 2, 4, "n2", { share: 0.5, links: ["n3"] }));
    expect(executed?.outcome).toMatchObject({
      type: "unproved",
      reason: expect.stringContaining("had 0 packets lost on 0 of 1 links"),
    });
  });
});

test("member.promote shows a learner first, and asks again while it is refused", async () => {
  let asked = 0;
  const { executed, hosts } = await one(fault("member.promote", 2, 10, "spare"), {
    spares: 1,
    interfere: ({ method, detail }) => {
      const isPromotion = method === "change" && (detail as { as?: string }).as === "voter";
      return isPromotion && ++asked <= 3 ? "fail" : undefined;
    },
  });
  expect(executed).toMatchObject({ outcome: { type: "proved" }, healed: true });
  expect(executed?.outcome).toHaveProperty(
    "proof",
    expect.stringContaining("a learner at first, 3 refusals"),
  );
  expect(hosts.cluster.voters).toEqual(["n1", "n2", "n3", "n4", "n5"]);
});
