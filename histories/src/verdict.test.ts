import { expect, test } from "vitest";
import { mergeVerdicts } from "./verdict.js";

test("a violation is never masked, then a failed rig, then a doubt; of nothing nothing is known", () => {
  expect(mergeVerdicts(["valid", "failed", "unknown", "invalid"])).toBe("invalid");
  expect(mergeVerdicts(["valid", "unknown", "failed"])).toBe("failed");
  expect(mergeVerdicts(["unknown", "valid"])).toBe("unknown");
  expect(mergeVerdicts(["valid", "valid"])).toBe("valid");
  expect(mergeVerdicts([])).toBe("unknown");
});
