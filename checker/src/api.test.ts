import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const api = readFileSync(new URL("../API.md", import.meta.url), "utf8");

test.each([
  ["porcupine-ts", () => import("./index.js")],
  ["porcupine-ts/formats", () => import("./formats/index.js")],
  ["porcupine-ts/view", () => import("./view/index.js")],
  ["porcupine-ts/anomalies", () => import("./anomalies/index.js")],
  ["porcupine-ts/checks", () => import("./checks/index.js")],
  ["porcupine-ts/parallel", () => import("./parallel/index.js")],
])("API.md names every export of %s", async (name, load) => {
  const start = api.indexOf(`## \`${name}\``);
  const end = api.indexOf("\n## ", start);
  const section = api.slice(start, end === -1 ? undefined : end);
  expect(start).toBeGreaterThan(0);
  const missing = Object.keys(await load()).filter((one) => !new RegExp(`\\b${one}\\b`).test(section));
  expect(missing).toEqual([]);
});
