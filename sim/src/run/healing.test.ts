import { describe, expect, test } from "vitest";
import { demandOf } from "./healing.js";

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
