import type { Cut } from "@gauntlet/nemesis";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseSaved, transaction } from "./agent/packet-rules.js";
import type { PacketRule } from "./agent/protocol.js";
import { messageOf } from "./docker-error.js";
import { cutsOf, dropsOf, rulesOf } from "./packet-cuts.js";

const ADDRESSES = new Map([
  ["n1", "10.213.4.11"],
  ["n2", "10.213.4.12"],
  ["n3", "10.213.4.13"],
]);

describe("cuts as packet rules", () => {
  test("a full cut of peer traffic drops both kinds of connection in both directions", () => {
    const rules = rulesOf("n1", [{ peer: "n2", direction: "both", traffic: "peer" }], ADDRESSES, "own");
    expect(transaction(rules)).toBe(
      [
        "*filter",
        ":NEM-IN - [0:0]",
        ":NEM-OUT - [0:0]",
        "-A NEM-IN -s 10.213.4.12 -p tcp --dport 2380 -j DROP",
        "-A NEM-IN -s 10.213.4.12 -p tcp --sport 2380 -j DROP",
        "-A NEM-OUT -d 10.213.4.12 -p tcp --dport 2380 -j DROP",
        "-A NEM-OUT -d 10.213.4.12 -p tcp --sport 2380 -j DROP",
        "COMMIT",
        "",
      ].join("\n"),
    );
  });

  test("a one-way cut drops only what goes to the listening port of that side", () => {
    const inward = rulesOf("n1", [{ peer: "n3", direction: "in", traffic: "peer" }], ADDRESSES, "own");
    const outward = rulesOf("n1", [{ peer: "n3", direction: "out", traffic: "peer" }], ADDRESSES, "own");
    const peerPort = { end: "destination", number: 2380 };
    expect(inward).toEqual([{ direction: "in", peer: "10.213.4.13", tcpPort: peerPort }]);
    expect(outward).toEqual([{ direction: "out", peer: "10.213.4.13", tcpPort: peerPort }]);
  });

  test("where both speak on one connection, a one-way cut drops that direction of all of them", () => {
    const inward = rulesOf("n1", [{ peer: "n3", direction: "in", traffic: "peer" }], ADDRESSES, "shared");
    const ends = (["destination", "source"] as const).map((end) => ({ end, number: 2380 }));
    expect(inward).toEqual(ends.map((tcpPort) => ({ direction: "in", peer: "10.213.4.13", tcpPort })));
  });

  test("a cut of all traffic names no port", () => {
    const rules = rulesOf("n2", [{ peer: "n1", direction: "both", traffic: "all" }], ADDRESSES, "own");
    expect(rules).toEqual([
      { direction: "in", peer: "10.213.4.11", tcpPort: null },
      { direction: "out", peer: "10.213.4.11", tcpPort: null },
    ]);
  });

  test("no cuts empty both chains", () => {
    expect(transaction(rulesOf("n1", [], ADDRESSES, "own"))).toBe(
      "*filter\n:NEM-IN - [0:0]\n:NEM-OUT - [0:0]\nCOMMIT\n",
    );
  });

  test.each(["n9", "n1"])("a cut of n1 from %s is refused by name", (peer) => {
    expect(() => rulesOf("n1", [{ peer, direction: "in", traffic: "all" }], ADDRESSES, "own")).toThrow(
      `n1: cannot cut it from "${peer}": the other nodes are n2, n3`,
    );
  });
});

describe("rules read back", () => {
  const saved = [
    "*filter",
    ":INPUT ACCEPT [120:9000]",
    ":NEM-IN - [0:0]",
    "[90:7000] -A INPUT -j NEM-IN",
    "[7:420] -A NEM-IN -s 10.213.4.12/32 -p tcp -m tcp --dport 2380 -j DROP",
    "[2:120] -A NEM-OUT -d 10.213.4.12/32 -p tcp -m tcp --dport 2380 -j DROP",
    "[12345678901:300] -A NEM-IN -s 10.213.4.13/32 -j DROP",
    "[0:0] -A NEM-OUT -d 10.213.4.14/32 -p tcp -m tcp --sport 2380 -j DROP",
    "[40:300] -A OTHER -d 10.213.4.12/32 -j DROP",
    "COMMIT",
  ].join("\n");

  test("are those of our chains alone, each with its exact counter", () => {
    const peer = "10.213.4.12";
    const tcpPort = { end: "destination", number: 2380 };
    expect(parseSaved(saved)).toEqual([
      { direction: "in", peer, tcpPort, packets: 7 },
      { direction: "out", peer, tcpPort, packets: 2 },
      { direction: "in", peer: "10.213.4.13", tcpPort: null, packets: 12_345_678_901 },
      { direction: "out", peer: "10.213.4.14", tcpPort: { end: "source", number: 2380 }, packets: 0 },
    ]);
  });

  test("give the drops of each peer they name, both directions summed", () => {
    expect(dropsOf(parseSaved(saved), ADDRESSES)).toEqual(
      new Map([
        ["n2", 9],
        ["n3", 12_345_678_901],
      ]),
    );
    expect(dropsOf([], ADDRESSES)).toEqual(new Map());
  });

  test.each([
    "[1:60] -A NEM-IN -s 10.213.4.0/24 -j DROP",
    "[1:60] -A NEM-IN -s 10.213.4.12/32 -j ACCEPT",
    "[1:60] -A NEM-OUT -s 10.213.4.12/32 -j DROP",
    "-A NEM-IN -s 10.213.4.12/32 -j DROP",
  ])("are refused where one is not ours: %s", (line) => {
    expect(() => parseSaved(line)).toThrow("a rule that was not set here");
  });

  const cut = (peer: string): fc.Arbitrary<Cut[]> =>
    fc
      .option(
        fc.record<Cut>({
          peer: fc.constant(peer),
          direction: fc.constantFrom("in", "out", "both"),
          traffic: fc.constantFrom("peer", "all"),
        }),
      )
      .map((one) => (one === null ? [] : [one]));

  const connections = fc.constantFrom("own", "shared");

  const readBack = (rules: readonly PacketRule[], dialled: "own" | "shared"): readonly Cut[] | string => {
    try {
      return cutsOf("n1", rules, ADDRESSES, dialled);
    } catch (error) {
      return messageOf(error);
    }
  };

  test("are the cuts that were set, and with any one rule missing they are not", () => {
    fc.assert(
      fc.property(fc.tuple(cut("n2"), cut("n3")), connections, fc.nat(), (perPeer, dialled, at) => {
        const cuts = perPeer.flat();
        const rules = rulesOf("n1", cuts, ADDRESSES, dialled);
        expect(cutsOf("n1", rules, ADDRESSES, dialled)).toEqual(cuts);
        if (rules.length === 0) return;
        const lacking = rules.filter((_, index) => index !== at % rules.length);
        expect(readBack(lacking, dialled)).not.toEqual(cuts);
      }),
    );
  });

  test("of one direction in whole and the other by port are told apart", () => {
    const cuts: Cut[] = [
      { peer: "n2", direction: "in", traffic: "all" },
      { peer: "n2", direction: "out", traffic: "peer" },
    ];
    expect(cutsOf("n1", rulesOf("n1", cuts, ADDRESSES, "own"), ADDRESSES, "own")).toEqual(cuts);
  });

  test("against an address that is no node's are refused", () => {
    const rule = { direction: "in", peer: "10.213.4.99", tcpPort: null } as const;
    expect(() => cutsOf("n1", [rule], ADDRESSES, "own")).toThrow("n1: its packet rules are no cuts");
  });
});
