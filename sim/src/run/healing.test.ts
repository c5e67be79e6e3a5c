import type { Client } from "@gauntlet/workloads";
import { describe, expect, test } from "vitest";
import { Loop } from "../world/loop.js";
import { demandOf, demandProgress } from "./healing.js";

const FIVE = ["n1", "n2", "n3", "n4", "n5"];

describe("what is demanded", () => {
  test("of all, where nothing lasts", () => {
    expect(demandOf(FIVE, { type: "none" }, [])).toEqual({ core: FIVE, either: [] });
    expect(demandOf(["n1"], { type: "none" }, [])).toEqual({ core: ["n1"], either: [] });
  });

  test.each(["down", "stalled", "deaf"] as const)("of the others, where some are %s", (type) => {
    const core = ["n1", "n3", "n5"];
    expect(demandOf(FIVE, { type, nodes: ["n2", "n4"] }, [])).toEqual({ core, either: [] });
  });

  test("of all but two that are cut from each other, and of one of those", () => {
    const lasting = { type: "cut", between: ["n1", "n3"] } as const;
    expect(demandOf(FIVE, lasting, [])).toEqual({ core: ["n2", "n4", "n5"], either: ["n1", "n3"] });
    expect(demandOf(["n1", "n2", "n3"], lasting, [])).toEqual({ core: ["n2"], either: ["n1", "n3"] });
  });

  test("nothing of nodes whose disks are damaged", () => {
    expect(demandOf(FIVE, { type: "none" }, ["n5"])).toEqual({ core: ["n1", "n2", "n3", "n4"], either: [] });
    const cut = { type: "cut", between: ["n1", "n3"] } as const;
    expect(demandOf(FIVE, cut, ["n3"])).toEqual({ core: ["n1", "n2", "n4", "n5"], either: [] });
  });

  test("nothing at all, where no quorum hears itself whole", () => {
    expect(demandOf(FIVE, { type: "none" }, ["n1", "n2", "n3"])).toBeNull();
    expect(demandOf(FIVE, { type: "down", nodes: ["n1", "n2"] }, ["n3"])).toBeNull();
    expect(demandOf(["n1", "n2"], { type: "cut", between: ["n1", "n2"] }, [])).toBeNull();
    expect(demandOf(["n1", "n2", "n3"], { type: "cut", between: ["n1", "n3"] }, ["n2"])).toBeNull();
    // A quorum of the three that are left needs one of the two, and it may be the wrong one.
    expect(demandOf(FIVE, { type: "cut", between: ["n1", "n3"] }, ["n2", "n4"])).toBeNull();
  });
});

test("a node that does not answer in time is asked less and less often", async () => {
  const loop = new Loop();
  let writes = 0;
  const slow = async () => {
    writes += 1;
    await loop.sleep(1000);
    return { type: "info", error: { code: "timeout", message: "timed out" } } as const;
  };
  const client: Client = { read: slow, write: slow, compareAndSet: slow, transact: slow };
  const world = { loop, connect: () => client, leadership: () => ({ term: 1, leader: "n1" }) };
  const demand = { core: ["n1"], either: [] };
  const failure = await loop.run(demandProgress(world, demand, { boundMs: 60_000, stretchMs: 1000 }));
  expect(failure).toMatchObject({ kind: "liveness", name: "writes" });
  expect(writes).toBeLessThan(15);
});
