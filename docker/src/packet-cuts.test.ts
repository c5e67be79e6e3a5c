import { describe, expect, test } from "vitest";
import { countDropped, transaction } from "./agent/packet-rules.js";
import { rulesOf } from "./packet-cuts.js";

const ADDRESSES = new Map([
  ["n1", "10.213.4.11"],
  ["n2", "10.213.4.12"],
  ["n3", "10.213.4.13"],
]);

describe("cuts as packet rules", () => {
  test("a full cut of peer traffic drops both kinds of connection in both directions", () => {
    const rules = rulesOf("n1", [{ peer: "n2", direction: "both", traffic: "peer" }], ADDRESSES);
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
    const inward = rulesOf("n1", [{ peer: "n3", direction: "in", traffic: "peer" }], ADDRESSES);
    const outward = rulesOf("n1", [{ peer: "n3", direction: "out", traffic: "peer" }], ADDRESSES);
    const peerPort = { end: "destination", number: 2380 };
    expect(inward).toEqual([{ direction: "in", peer: "10.213.4.13", tcpPort: peerPort }]);
    expect(outward).toEqual([{ direction: "out", peer: "10.213.4.13", tcpPort: peerPort }]);
  });

  test("a cut of all traffic names no port", () => {
    const rules = rulesOf("n2", [{ peer: "n1", direction: "both", traffic: "all" }], ADDRESSES);
    expect(rules).toEqual([
      { direction: "in", peer: "10.213.4.11", tcpPort: null },
      { direction: "out", peer: "10.213.4.11", tcpPort: null },
    ]);
  });

  test("no cuts empty both chains", () => {
    expect(transaction(rulesOf("n1", [], ADDRESSES))).toBe(
      "*filter\n:NEM-IN - [0:0]\n:NEM-OUT - [0:0]\nCOMMIT\n",
    );
  });

  test.each(["n9", "n1"])("a cut of n1 from %s is refused by name", (peer) => {
    expect(() => rulesOf("n1", [{ peer, direction: "in", traffic: "all" }], ADDRESSES)).toThrow(
      `n1: cannot cut it from "${peer}": the other nodes are n2, n3`,
    );
  });
});

test("drop counters are summed over our chains alone", () => {
  const saved = [
    "*filter",
    ":INPUT ACCEPT [120:9000]",
    ":NEM-IN - [0:0]",
    "[90:7000] -A INPUT -j NEM-IN",
    "[7:420] -A NEM-IN -s 10.213.4.12/32 -p tcp -m tcp --dport 2380 -j DROP",
    "[5:300] -A NEM-OUT -d 10.213.4.12/32 -j DROP",
    "[40:300] -A OTHER -d 10.213.4.12/32 -j DROP",
    "COMMIT",
  ].join("\n");
  expect(countDropped(saved)).toBe(12);
});
