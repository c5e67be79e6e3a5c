import type { Random } from "../generator.js";
import type {
  EtcdKeyAction,
  EtcdKeyAnswer,
  EtcdKeyCompare,
  EtcdKeyInput,
  EtcdKeyOutput,
  EtcdKeyValue,
} from "../models/etcd-key.js";
import { at, type Operation } from "../operation.js";

export type EtcdKeyOperation = Operation<EtcdKeyInput, EtcdKeyOutput>;

export interface EtcdKeyHistoryOptions {
  readonly operations: number;
  readonly clients: number;
  /** Share of operations that never return; some take effect, at once or later. */
  readonly crashRate: number;
  /** Share of the fields of an answer that are not recorded. */
  readonly forget: number;
  /** What is done beside get, put and delete. */
  readonly transactions: boolean;
  readonly deletes: boolean;
  readonly grain: number;
}

interface Stored {
  readonly value: string;
  readonly version: number;
  readonly create: number;
  readonly mod: number;
}

/** A key of a store whose revision other keys raise, too; knows etcd's rules by its own few lines. */
class Store {
  revision = 1;
  key: Stored | undefined;

  enact(input: EtcdKeyInput): EtcdKeyOutput {
    if (input.f !== "txn") {
      const [answer, changed] = this.#do([input]);
      if (changed) this.revision++;
      return { ...at(answer, 0), revision: this.revision };
    }
    const succeeded = input.compare.every((compare) => this.#holds(compare));
    const [responses, changed] = this.#do(succeeded ? input.then : input.else);
    if (changed) this.revision++;
    return { succeeded, responses, revision: this.revision };
  }

  #do(actions: readonly EtcdKeyAction[]): [EtcdKeyAnswer[], boolean] {
    let changed = false;
    const answers = actions.map((action): EtcdKeyAnswer => {
      const before = this.key;
      if (action.f === "get") return shown(before);
      const prevKv = before === undefined ? null : shown(before);
      if (action.f === "delete") {
        this.key = undefined;
        changed ||= before !== undefined;
        return { prevKv, deleted: before === undefined ? 0 : 1 };
      }
      const mod = this.revision + 1;
      const version = (before?.version ?? 0) + 1;
      this.key = { value: String(action.value), version, create: before?.create ?? mod, mod };
      changed = true;
      return { prevKv };
    });
    return [answers, changed];
  }

  #holds({ target, result, value }: EtcdKeyCompare): boolean {
    if (target === "value" && this.key === undefined) return false;
    const own = target === "value" ? this.key?.value : (this.key?.[target] ?? 0);
    if (result === "=") return own === value;
    if (result === "!=") return own !== value;
    return result === "<" ? (own ?? 0) < value : (own ?? 0) > value;
  }
}

function shown(key: Stored | undefined): EtcdKeyValue {
  if (key === undefined) return { value: null };
  return { value: key.value, version: key.version, createRevision: key.create, modRevision: key.mod };
}

/** Clients on one key, each operation taking effect within its interval, or late or never where it does not return: legal. */
export function etcdKeyHistory(random: Random, options: EtcdKeyHistoryOptions): EtcdKeyOperation[] {
  const { operations, clients, crashRate, grain } = options;
  const clocks = Array.from({ length: clients }, () => random.below(10));
  const processes = clocks.map((_, client) => client);
  const planned = Array.from({ length: operations }, () => {
    // Who is behind comes next, so that all are about equally busy.
    const client = clocks.indexOf(Math.min(...clocks));
    const call = at(clocks, client);
    const end = call + 2 + random.below(20);
    const process = at(processes, client);
    clocks[client] = end + 1 + random.below(5);
    const effect = call + 1 + random.below(end - call - 1);
    if (random.fraction() >= crashRate) return { process, call, effect, end };
    processes[client] = process + clients;
    return { process, call, effect: effect + random.pick([0, 0, 30, 100, Infinity]), end: undefined };
  });
  const store = new Store();
  const answers = new Map<object, { input: EtcdKeyInput; output: EtcdKeyOutput }>();
  for (const [i, plan] of planned.toSorted((a, b) => a.effect - b.effect).entries()) {
    const input = drawInput(random, store, i, options);
    if (random.below(4) === 0) store.revision += 1 + random.below(3);
    answers.set(plan, { input, output: plan.effect === Infinity ? {} : store.enact(input) });
  }
  const coarse = (time: number): number => Math.floor(time / grain) * grain;
  return planned.map((plan): EtcdKeyOperation => {
    const { process, call, end } = plan;
    const { input, output } = answers.get(plan) as { input: EtcdKeyInput; output: EtcdKeyOutput };
    if (end === undefined) return { process, input, call: coarse(call) };
    const recorded = forget(random, output, options.forget);
    return { process, input, output: recorded, call: coarse(call), return: coarse(end) };
  });
}

function drawInput(
  random: Random,
  store: Store,
  fresh: number,
  options: EtcdKeyHistoryOptions,
): EtcdKeyInput {
  const kind = random.below(10);
  if (options.transactions && kind < 4) {
    const compare = Array.from({ length: random.pick([0, 1, 1, 2]) }, () => drawCompare(random, store));
    return {
      f: "txn",
      compare,
      // oxlint-disable-next-line unicorn/no-thenable -- a list, which nobody can call
      then: drawBranch(random, fresh, options),
      else: drawBranch(random, fresh, options),
    };
  }
  return drawAction(random, fresh, options);
}

function drawBranch(random: Random, fresh: number, options: EtcdKeyHistoryOptions): EtcdKeyAction[] {
  const actions: EtcdKeyAction[] = [];
  for (let left = random.below(4); left > 0; left--) {
    const action = drawAction(random, fresh, options);
    const clashes =
      action.f !== "get" && actions.some(({ f }) => f === "put" || (f !== "get" && action.f === "put"));
    if (!clashes) actions.push(action);
  }
  return actions;
}

function drawAction(random: Random, fresh: number, options: EtcdKeyHistoryOptions): EtcdKeyAction {
  const kind = random.below(6);
  if (kind < 3) return { f: "get" };
  if (kind === 3 && options.deletes) return { f: "delete" };
  return { f: "put", value: random.below(4) === 0 ? "again" : `v${fresh}` };
}

function drawCompare(random: Random, store: Store): EtcdKeyCompare {
  const result = random.pick(["=", "=", "!=", "<", ">"] as const);
  const target = random.pick(["value", "version", "create", "mod"] as const);
  if (target === "value") return { target, result, value: store.key?.value ?? "again" };
  return { target, result, value: Math.max(0, (store.key?.[target] ?? 0) + random.pick([0, 0, 0, 1, -1])) };
}

/** Leaves fields out. What says which branch a transaction took stays where there are responses, which need it. */
function forget<T extends object>(random: Random, answer: T, share: number): T {
  const kept = Object.entries(answer).flatMap(([name, value]: [string, unknown]): [string, unknown][] => {
    if (name === "succeeded") return [[name, value]];
    if (random.fraction() < share) return [];
    if (Array.isArray(value)) return [[name, value.map((one: object) => forget(random, one, share))]];
    if (typeof value === "object" && value !== null) return [[name, forget(random, value, share)]];
    return [[name, value]];
  });
  return Object.fromEntries(kept) as T;
}

/** The same with one field of one answer changed. Often illegal, not always. Undefined if there is none. */
export function withAnotherField(
  random: Random,
  history: readonly EtcdKeyOperation[],
): EtcdKeyOperation[] | undefined {
  const answered = history.flatMap(({ output }, i) =>
    output === undefined || fields(output).length === 0 ? [] : [i],
  );
  if (answered.length === 0) return undefined;
  const position = random.pick(answered);
  const operation = at(history, position);
  const output = structuredClone(operation.output) as EtcdKeyOutput;
  const { holder, name } = random.pick(fields(output));
  const value = holder[name];
  if (typeof value === "number")
    holder[name] = name === "deleted" ? 1 - value : Math.max(0, value + random.pick([-2, -1, 1, 2]));
  else if (typeof value === "boolean") {
    holder[name] = !value;
    delete holder["responses"];
  } else holder[name] = random.pick(["again", "v0", "v1", "v2", "v3"]);
  return history.with(position, { ...operation, output });
}

interface Field {
  readonly holder: Record<string, unknown>;
  readonly name: string;
}

function fields(answer: object): Field[] {
  const holder = answer as Record<string, unknown>;
  return Object.entries(holder).flatMap(([name, value]): Field[] => {
    if (Array.isArray(value)) return value.flatMap((one: object) => fields(one));
    if (typeof value === "object" && value !== null) return fields(value);
    return value === null && name === "prevKv" ? [] : [{ holder, name }];
  });
}
