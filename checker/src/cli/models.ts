import { ADAPTERS } from "../formats/adapters.js";
import { modelNames } from "../models/index.js";
import { CHECKS } from "./checks.js";

/** What can be given as --model. */
export function modelsText(): string {
  const width = Math.max(...[...modelNames, ...CHECKS.keys()].map((name) => name.length)) + 2;
  const models = modelNames.map((name) => {
    const operations = Object.keys(ADAPTERS.get(name)?.operations ?? {});
    return `  ${name.padEnd(width)}${operations.join(", ")}`;
  });
  const checks = [...CHECKS].map(
    ([name, { operations, summary }]) =>
      `  ${name.padEnd(width)}${operations.join(", ")}\n${" ".repeat(width + 2)}${summary}`,
  );
  return `Models (is the history linearizable?) and their operations:
${models.join("\n")}

Checks and their operations:
${checks.join("\n")}

A model of your own is a module that exports \`model\` (init, step, stateKey, describeOperation, describeState):
  porcupine check --model ./model.js history.jsonl
`;
}
