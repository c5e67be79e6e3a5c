import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ednLine, type JepsenEvent } from "./edn-writer.js";
import { readHistory } from "./reader.js";

const event = (more: Partial<JepsenEvent>): JepsenEvent => ({
  index: 0,
  time: 12,
  type: "invoke",
  process: 0,
  f: "write",
  value: ["r0", "3"],
  ...more,
});

describe("ednLine", () => {
  test.each([
    [event({}), '{:index 0 :time 12 :type :invoke :process 0 :f :write :value ["r0" "3"]}\n'],
    [
      event({
        f: "txn",
        value: [
          ["append", "x", 1],
          ["r", "y", null],
        ],
      }),
      '{:index 0 :time 12 :type :invoke :process 0 :f :txn :value [[:append "x" 1] [:r "y" nil]]}\n',
    ],
    [
      event({ process: "nemesis", type: "info", f: "process.kill", value: { nodes: ["n1"], "a b": true } }),
      '{:index 0 :time 12 :type :info :process :nemesis :f :process.kill :value {:nodes ["n1"] "a b" true}}\n',
    ],
    [
      event({ type: "fail", value: null, extra: { error: 'no "leader"' } }),
      '{:index 0 :time 12 :type :fail :process 0 :f :write :value nil :error "no \\"leader\\""}\n',
    ],
  ])("%#", (given, line) => {
    expect(ednLine(given)).toBe(line);
  });

  test("what is written is read back", () => {
    const value = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.tuple(fc.string(), fc.integer()));
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 20 }), (values) => {
        const events = values.flatMap((written, at) => [
          event({ index: 2 * at, time: 10 * at, process: at, value: written }),
          event({ index: 2 * at + 1, time: 10 * at + 5, process: at, type: "ok", value: written }),
        ]);
        const read = readHistory(events.map(ednLine).join(""), { format: "edn" }).events;
        expect(
          read.map(({ index, time, type, process, f, value: got }) => ({
            index,
            time,
            type,
            process,
            f,
            value: got,
          })),
        ).toEqual(events);
      }),
    );
  });
});
