import type { Random } from "../generator.js";
import {
  type EtcdKeyAction,
  type EtcdKeyCompare,
  etcdKey,
  type EtcdKeyInput,
  type EtcdKeyOutput,
  type EtcdKeyState,
} from "../models/etcd-key.js";
import { type ConcreteKey, FRESH_KEY, serve } from "./etcd-key-reference.js";
import { type AnyCase, anyCase } from "./model-case.js";

type Transaction = Extract<EtcdKeyInput, { readonly f: "txn" }>;

function etcdKeyCase(name: string, forgetPercent: number): AnyCase {
  return anyCase({
    name,
    model: etcdKey(),
    input: drawInput,
    answer: (state, input, random) => {
      const key = concrete(state, random);
      const before = Math.max(key.last, state.changed.low);
      const { after, output } = serve(key, input, before + 1 + random.below(2));
      const seen = after === key ? { ...output, revision: before + random.below(2) } : output;
      return forget(random, seen, forgetPercent);
    },
    guess: (random, input) => {
      const last = 1 + random.below(4);
      const modRevision = Math.max(2, last);
      const version = random.below(3);
      const key =
        version === 0
          ? { ...FRESH_KEY, last }
          : { value: value(random), version, createRevision: 2, modRevision, last: modRevision };
      const { output } = serve(key, input, key.last + random.below(2));
      return forget(random, output, forgetPercent);
    },
  });
}

/** All that etcd answers is recorded, as its clients see it; or only some of it. */
export const ETCD_KEY_CASES: readonly AnyCase[] = [
  etcdKeyCase("etcd-key", 0),
  etcdKeyCase("etcd-key, answers in part", 40),
];

function value(random: Random): string {
  return random.pick(["a", "b", "b"]);
}

function drawInput(random: Random, state: EtcdKeyState): EtcdKeyInput {
  const kind = random.below(10);
  if (kind < 3) return { f: "get" };
  if (kind < 5) return { f: "put", value: value(random) };
  if (kind < 6) return { f: "delete" };
  return {
    f: "txn",
    compare: random.pick(
      [0, 1, 1, 1, 2].map((count) => Array.from({ length: count }, () => compare(random, state))),
    ),
    // oxlint-disable-next-line unicorn/no-thenable -- a list, which nobody can call
    then: branch(random),
    else: random.below(2) === 0 ? [] : branch(random),
  };
}

/** Mostly one that holds. */
function compare(random: Random, state: EtcdKeyState): EtcdKeyCompare {
  const result = random.pick(["=", "=", "=", "!=", "<", ">"] as const);
  const off = random.below(4) === 0 ? 1 : 0;
  switch (random.below(5)) {
    case 0:
      return { target: "value", result, value: value(random) };
    case 1:
      return { target: "version", result, value: state.version + off };
    case 2:
      return { target: "create", result, value: (state.version === 0 ? 0 : state.created.low) + off };
    default:
      return { target: "mod", result, value: (state.version === 0 ? 0 : state.changed.low) + off };
  }
}

function branch(random: Random): Transaction["then"] {
  const actions: EtcdKeyAction[] = [];
  if (random.below(3) === 0) actions.push({ f: "get" });
  if (random.below(3) > 0)
    actions.push(random.below(4) === 0 ? { f: "delete" } : { f: "put", value: value(random) });
  if (random.below(3) === 0) actions.push({ f: "get" });
  return actions;
}

/** One of the keys that this may be. */
function concrete({ value: held, version, created, changed }: EtcdKeyState, random: Random): ConcreteKey {
  if (version === 0) return { ...FRESH_KEY, last: changed.low };
  const modRevision = Math.min(changed.high, changed.low + random.below(2));
  const createRevision = version === 1 ? modRevision : created.low;
  return { value: held, version, createRevision, modRevision, last: modRevision };
}

/** Leaves out what was not recorded. */
function forget(random: Random, output: EtcdKeyOutput, percent: number): EtcdKeyOutput {
  return percent === 0 ? output : (thin(random, output, percent) as EtcdKeyOutput);
}

function thin(random: Random, part: unknown, percent: number): unknown {
  if (Array.isArray(part)) return part.map((element) => thin(random, element, percent));
  if (typeof part !== "object" || part === null) return part;
  const kept = Object.entries(part).filter(
    ([field]) => field === "succeeded" || random.below(100) >= percent,
  );
  return Object.fromEntries(kept.map(([field, inner]) => [field, thin(random, inner, percent)]));
}
