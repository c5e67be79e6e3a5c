import { expect, test } from "vitest";
import { peersOf } from "./packet-shaper.js";

const saved = (...rules: readonly string[]): string =>
  [
    "*mangle",
    ":OUTPUT ACCEPT [9:900]",
    ":NEM-SHAPE - [0:0]",
    "[9:900] -A OUTPUT -j NEM-SHAPE",
    ...rules,
  ].join("\n");
const PASS = "[3:300] -A NEM-SHAPE -m mark --mark 0x6e65 -j RETURN";
const TAKE = "[5:500] -A NEM-SHAPE -d 10.213.4.12/32 -j NFQUEUE --queue-num 2380 --queue-bypass";

test("the peers whose packets are handed over are those of our chain alone", () => {
  expect(peersOf("")).toEqual([]);
  expect(peersOf(saved())).toEqual([]);
  const other = "[1:60] -A OTHER -d 10.213.4.14/32 -j NFQUEUE --queue-num 2380 --queue-bypass";
  expect(peersOf(saved(PASS, TAKE, TAKE.replace(".12/", ".13/"), other))).toEqual([
    "10.213.4.12",
    "10.213.4.13",
  ]);
});

test.each([
  ["another queue", TAKE.replace("2380", "1")],
  ["no bypass: all would be lost without the program", TAKE.replace(" --queue-bypass", "")],
  ["a whole network", TAKE.replace("/32", "/24")],
  ["a drop", "[1:60] -A NEM-SHAPE -d 10.213.4.12/32 -j DROP"],
  ["another mark", PASS.replace("0x6e65", "0x1")],
])("a rule that was not set here is refused: %s", (_, rule) => {
  expect(() => peersOf(saved(PASS, TAKE, rule))).toThrow(`a rule that was not set here: ${rule}`);
});
