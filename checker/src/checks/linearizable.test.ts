import { expect, test } from "vitest";
import { casRegister, type CasRegisterInput, type CasRegisterOutput } from "../models/cas-register.js";
import type { Operation } from "../operation.js";
import { merge, type HistoryEvent } from "./check.js";
import { linearizable } from "./linearizable.js";
import { pairOperations } from "./pair.js";

const check = linearizable(casRegister(), (history) =>
  pairOperations(history, { functions: ["read", "write"], intervals: true }).map(
    ({
      process,
      f,
      invoke,
      completion,
      outcome,
      begin,
      end,
    }): Operation<CasRegisterInput, CasRegisterOutput> => {
      const input = (f === "write" ? { f, value: invoke?.value } : { f }) as CasRegisterInput;
      if (outcome !== "ok") return { process, input, call: begin };
      return {
        process,
        input,
        call: begin,
        output: { value: completion?.value as string | null },
        return: end,
      };
    },
  ),
);

function history(
  ...events: readonly [type: HistoryEvent["type"], f: string, value: unknown][]
): HistoryEvent[] {
  return events.map(([type, f, value], index) => ({ index, process: 0, type, f, value }));
}

test("linearizability has the interface of every check", () => {
  const good = history(
    ["invoke", "write", "a"],
    ["ok", "write", "a"],
    ["invoke", "read", null],
    ["ok", "read", "a"],
  );
  const bad = history(
    ["invoke", "write", "a"],
    ["ok", "write", "a"],
    ["invoke", "read", null],
    ["ok", "read", null],
  );
  expect(check.run(good)).toMatchObject({
    name: "linearizable cas-register",
    verdict: "ok",
    reason: "each of 1 keys has a legal order",
  });
  const report = check.run(bad);
  expect(report.verdict).toBe("illegal");
  expect(report.reason).toBe(
    'no order explains the read that returned absent (operation 1, process 0): before it began, the write of "a" (operation 0, process 0) had been answered',
  );
  expect(report.details.explanations[""]).toMatchObject({ required: [0, 1], isMinimal: true });
  expect(merge([check.run(good), report])).toBe("illegal");
});
