import type { Model } from "../model.js";
import type {
  EtcdKeyAction,
  EtcdKeyAnswer,
  EtcdKeyInput,
  EtcdKeyOutput,
  EtcdKeyValue,
} from "./etcd-key-operation.js";
import { etcdKeyProblem } from "./etcd-key-problem.js";
import { type EtcdKeyState, FRESH, type Span } from "./etcd-key-state.js";
import { canChange, stepEtcdKey } from "./etcd-key-step.js";
import { mergeUnobserved, type Recorded } from "./value.js";

export type * from "./etcd-key-operation.js";
export type { EtcdKeyState } from "./etcd-key-state.js";

/**
 * A key of etcd's v3 API, for each key: put, get, delete and transactions on that one key, with its version,
 * create and mod revision. Absent at first. The store's revision counter is shared with other keys, so it may rise
 * at any time; the header revision of an answer that changed nothing bounds the key's mod revision, and is not
 * compared with that of others. Requests with leases, ranges, old revisions or serializable reads are beyond it.
 */
export function etcdKey(): Model<EtcdKeyState, EtcdKeyInput, EtcdKeyOutput> {
  return {
    name: "etcd-key",
    init: () => FRESH,
    step: stepEtcdKey,
    stateKey: ({ value, version, created, changed }) =>
      JSON.stringify([value, version, created.low, created.high, changed.low, changed.high]),
    key: (input) => input.key ?? "",
    problem: etcdKeyProblem,
    readOnly,
    operationKey: (input, output) => JSON.stringify([{ ...input, key: undefined }, output ?? []]),
    simplify,
    version,
    spec: { name: "etcd-key", options: {} },
    describeOperation,
    describeState,
  };
}

/** A revision that is shown can tell which one it was, and so change what is known; a value or a version cannot. */
function readOnly(input: EtcdKeyInput, output: EtcdKeyOutput | undefined): boolean {
  if (output === undefined) return !canChange(input);
  if (showsAbsent(input, output)) return true;
  if (output.revision !== undefined || namesRevision(output)) return false;
  if (input.f !== "txn") return input.f === "get";
  if (input.compare.some(({ target }) => target === "create" || target === "mod")) return false;
  if (output.responses?.some(namesRevision) === true) return false;
  const taken =
    output.succeeded === undefined ? [...input.then, ...input.else] : branch(input, output.succeeded);
  return taken.every(({ f }) => f === "get");
}

/** Of an absent key there are no revisions to be told. */
function showsAbsent({ f }: EtcdKeyInput, { value, version, deleted }: EtcdKeyOutput): boolean {
  return f === "delete" ? deleted === 0 : f === "get" && (value === null || version === 0);
}

function namesRevision({ createRevision, modRevision, prevKv }: EtcdKeyAnswer): boolean {
  if (createRevision !== undefined || modRevision !== undefined) return true;
  return prevKv !== undefined && prevKv !== null && namesRevision(prevKv);
}

function branch(
  input: Extract<EtcdKeyInput, { readonly f: "txn" }>,
  succeeded: boolean,
): readonly EtcdKeyAction[] {
  return succeeded ? input.then : input.else;
}

/** The revision that the operation made for certain, or that of the put whose value it showed. */
function version(input: EtcdKeyInput, output: EtcdKeyOutput | undefined): number | undefined {
  if (output === undefined) return undefined;
  // A key that is not there may be so from the first or after any deletion: it shows no version, not version 0.
  if (input.f === "get") return output.modRevision === 0 ? undefined : output.modRevision;
  const [actions, answers] = taken(input, output);
  if (actions.some((action, i) => changes(action, answers[i] ?? {}))) return output.revision;
  if (canChange(input)) return undefined;
  return answers.find(({ modRevision }) => modRevision !== undefined && modRevision > 0)?.modRevision;
}

/** What was done for certain, and the answers. */
function taken(
  input: EtcdKeyInput,
  output: EtcdKeyOutput,
): readonly [readonly EtcdKeyAction[], readonly EtcdKeyAnswer[]] {
  if (input.f !== "txn") return [[input], [output]];
  if (output.succeeded === undefined) return [[], canChange(input) ? [] : (output.responses ?? [])];
  return [branch(input, output.succeeded), output.responses ?? []];
}

function changes(action: EtcdKeyAction, answer: EtcdKeyAnswer): boolean {
  return action.f === "put" || (action.f === "delete" && answer.deleted === 1);
}

/** As mergeUnobserved says; not where values are compared by size. */
function simplify(operations: readonly Recorded<EtcdKeyInput, EtcdKeyOutput>[]): readonly EtcdKeyInput[] {
  const inputs = operations.map(({ input }) => input);
  const observed = new Set<unknown>();
  const show = (answer: EtcdKeyAnswer): void => {
    observed.add(answer.value);
    observed.add(answer.prevKv?.value);
  };
  for (const { input, output } of operations) {
    if (output !== undefined) show(output);
    output?.responses?.forEach(show);
    if (input.f !== "txn") continue;
    for (const { target, result, value } of input.compare) {
      if (target === "value" && (result === "<" || result === ">")) return inputs;
      observed.add(value);
    }
  }
  return mergeUnobserved(
    inputs,
    observed,
    (input) => (input.f === "put" ? input.value : undefined),
    (input, value) => ({ ...input, f: "put", value }),
  );
}

function describeOperation(input: EtcdKeyInput, output: EtcdKeyOutput | undefined): string {
  const of = input.key === undefined ? "" : ` of ${input.key}`;
  const asked = input.f === "txn" ? `txn${of}: ${describeTransaction(input)}` : describeAction(input, of);
  if (output === undefined) return `${asked}, that never returned`;
  const answer = describeOutput(output);
  return answer === "" ? asked : `${asked}, that returned ${answer}`;
}

function describeTransaction({
  compare,
  then: success,
  else: failure,
}: Extract<EtcdKeyInput, { f: "txn" }>): string {
  const list = (actions: readonly EtcdKeyAction[]): string =>
    actions.length === 0 ? "nothing" : actions.map((action) => describeAction(action, "")).join(", ");
  const condition = compare.map(
    ({ target, result, value }) => `${target} ${result} ${JSON.stringify(value)}`,
  );
  return `if ${condition.length === 0 ? "true" : condition.join(" and ")} then ${list(success)} else ${list(failure)}`;
}

function describeAction(action: EtcdKeyAction, of: string): string {
  return action.f === "put" ? `put${of}, value ${JSON.stringify(action.value)}` : `${action.f}${of}`;
}

function describeOutput({ revision, succeeded, responses, ...answer }: EtcdKeyOutput): string {
  const parts = [
    ...(succeeded === undefined ? [] : [succeeded ? "succeeded" : "failed"]),
    describeAnswer(answer),
    ...(responses ?? []).map((response) => `(${describeAnswer(response)})`),
    ...(revision === undefined ? [] : [`header revision ${revision}`]),
  ];
  return parts.filter((part) => part !== "").join(", ");
}

function describeAnswer({ prevKv, deleted, ...kv }: EtcdKeyAnswer): string {
  const parts = [
    describeKeyValue(kv),
    ...(deleted === undefined ? [] : [`deleted ${deleted}`]),
    ...(prevKv === undefined ? [] : [`before it ${prevKv === null ? "absent" : describeKeyValue(prevKv)}`]),
  ];
  return parts.filter((part) => part !== "").join(", ");
}

function describeKeyValue({ value, version, createRevision, modRevision }: EtcdKeyValue): string {
  const parts = [
    value === undefined ? "" : value === null ? "absent" : JSON.stringify(value),
    version === undefined ? "" : `version ${version}`,
    createRevision === undefined ? "" : `create revision ${createRevision}`,
    modRevision === undefined ? "" : `mod revision ${modRevision}`,
  ];
  return parts.filter((part) => part !== "").join(", ");
}

function describeState({ value, version, created, changed }: EtcdKeyState): string {
  if (value === null)
    return changed.low === 1 ? "absent" : `absent (deleted in revision ${changed.low} or later)`;
  return (
    `${JSON.stringify(value)}, version ${version}, ` +
    `create revision ${describeSpan(created)}, mod revision ${describeSpan(changed)}`
  );
}

function describeSpan({ low, high }: Span): string {
  if (low === high) return String(low);
  return high === Infinity ? `${low} or later` : `${low} to ${high}`;
}
