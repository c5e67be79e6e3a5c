import { expect, test } from "vitest";
import { type Check, merge } from "./check.js";
import { compose } from "./compose.js";
import { counterBounds } from "./counter-bounds.js";
import { setFull } from "./set-full.js";
import { events } from "./testing/histories.js";

const history = events([0, "invoke", "add", 1], [0, "ok", "add", 1], ["nemesis", "info", "kill", "n1"]);
const illegal: Check = {
  name: "strict",
  run: ([event]) => ({
    name: "strict",
    verdict: "illegal",
    reason: `operation ${event?.index}`,
    details: {},
  }),
};

test("the worst verdict is the verdict, its reason the reason; each part keeps its report", () => {
  const both = compose([counterBounds(), setFull()]).run(history);
  expect(both).toMatchObject({
    name: "all",
    verdict: "unknown",
    reason: "set-full: no read was answered (0 tried), so nothing was checked",
  });
  expect(both.details.parts.map(({ name, verdict }) => [name, verdict])).toEqual([
    ["counter-bounds", "ok"],
    ["set-full", "unknown"],
  ]);
  const nested = compose([compose([counterBounds(), setFull()]), illegal], "run").run(history);
  expect(nested).toMatchObject({ name: "run", verdict: "illegal", reason: "strict: operation 0" });
  expect(JSON.parse(JSON.stringify(nested))).toEqual(nested);
});

test("of no check nothing is known", () => {
  expect(merge([])).toBe("unknown");
  expect(compose([]).run(history)).toMatchObject({ verdict: "unknown", reason: "no check was asked for" });
});

test("a history that one check cannot read has no verdict", () => {
  const check = compose([counterBounds(), setFull()]);
  expect(() => check.run(events([0, "invoke", "cas"]))).toThrowError('its f is "cas"');
});
