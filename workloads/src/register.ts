import type { HistoryEvent } from "@gauntlet/histories";
import type { Client, Outcome } from "./client.js";
import { checkLinearizability } from "./linearizability.js";
import { eachByItself } from "./each-by-itself.js";
import { LiveLinearizability } from "./live-linearizability.js";
import { liveAll } from "./live-all.js";
import { REGISTER } from "./sequential-objects.js";
import { checkRevisions, RevisionOrder } from "./revisions.js";
import type { RegisterOptions } from "./register-generator.js";
import { REGISTER_DEFAULTS, RegisterGenerator } from "./register-generator.js";
import type { Answer, Operation, Workload } from "./workload.js";

/** Many registers, read, written and compared-and-set; each must be linearizable. */
export function registerWorkload(options: Partial<RegisterOptions> = {}): Workload {
  const registerOptions = { ...REGISTER_DEFAULTS, ...options };
  return {
    name: "register",
    functions: ["read", "write", "cas"],
    callsPerOperation: 1,
    start: (workloadOptions, draw) => new RegisterGenerator(registerOptions, workloadOptions, draw),
    perform,
    check: async (history, limits) =>
      eachByItself("register", [
        () => checkLinearizability(REGISTER, history, limits),
        () => checkRevisions(history, changesRegister),
      ]),
    live: () => liveAll([new RevisionOrder(changesRegister), new LiveLinearizability(REGISTER)]),
  };
}

function changesRegister({ f, succeeded }: HistoryEvent): boolean {
  return f === "write" || (f === "cas" && succeeded !== false);
}

async function perform(client: Client, operation: Operation): Promise<Outcome<Answer>> {
  const key = operation.key;
  if (key === undefined) {
    throw new Error(`register: ${operation.f} without a key`);
  }
  const { value } = operation;
  switch (operation.f) {
    case "read":
      return answered(await client.read(key), (read) => ({ value: read }));
    case "write":
      return answered(await client.write(key, text(value)), () => ({}));
    case "cas": {
      const [from, to] = pair(value);
      return answered(await client.compareAndSet(key, from, to), (succeeded) => ({ succeeded }));
    }
    default:
      throw new Error(`register: no function ${operation.f}`);
  }
}

function answered<Value>(outcome: Outcome<Value>, answer: (value: Value) => Answer): Outcome<Answer> {
  return outcome.type === "ok" ? { ...outcome, value: answer(outcome.value) } : outcome;
}

function text(value: unknown): string {
  if (typeof value !== "string") {
    throw new Error(`register: values are strings, not ${JSON.stringify(value)}`);
  }
  return value;
}

function pair(value: unknown): readonly [string, string] {
  if (!Array.isArray(value) || value.length !== 2) {
    throw new Error(`register: a cas has [from, to], not ${JSON.stringify(value)}`);
  }
  return [text(value[0]), text(value[1])];
}
