import type {
  EtcdKeyAction,
  EtcdKeyAnswer,
  EtcdKeyCompare,
  EtcdKeyInput,
  EtcdKeyOutput,
} from "./etcd-key-operation.js";
import { isValue, unknownOperation } from "./value.js";

/** Why a recorded operation is none of an etcd key's; the types hold only where a compiler saw them. */
export function etcdKeyProblem(input: EtcdKeyInput, output: EtcdKeyOutput | undefined): string | undefined {
  const problem = input.f === "txn" ? transactionProblem(input) : actionProblem(input, KNOWN);
  if (problem !== undefined || output === undefined) return problem;
  if (typeof output !== "object" || output === null)
    return "an answer must be an object, {} if it says nothing";
  return outputProblem(input, output);
}

const KNOWN = ["get", "put", "delete", "txn"];
const RESULTS: readonly unknown[] = ["=", "!=", "<", ">"];

function actionProblem(action: EtcdKeyAction, known: readonly string[]): string | undefined {
  if (action.f === "get" || action.f === "delete") return undefined;
  if (action.f !== "put") return unknownOperation((action as { f: unknown }).f, known);
  return isValue(action.value) ? undefined : "a put needs a value, a string or a number";
}

function transactionProblem(input: Extract<EtcdKeyInput, { readonly f: "txn" }>): string | undefined {
  for (const name of ["compare", "then", "else"] as const) {
    if (!Array.isArray(input[name])) return `a txn needs a list "${name}", which may be empty`;
  }
  for (const branch of [input.then, input.else]) {
    for (const action of branch) {
      const problem = actionProblem(action, KNOWN.slice(0, 3));
      if (problem !== undefined) return problem;
    }
    const puts = branch.filter(({ f }) => f === "put").length;
    if (puts > 1 || (puts === 1 && branch.some(({ f }) => f === "delete")))
      return "one branch of a txn cannot put a key twice, or put and delete it (etcd: duplicate key)";
  }
  return input.compare.map(compareProblem).find((problem) => problem !== undefined);
}

function compareProblem({ target, result, value }: EtcdKeyCompare): string | undefined {
  if (!RESULTS.includes(result))
    return `a compare's result must be =, !=, < or >, not ${JSON.stringify(result)}`;
  switch (target) {
    case "version":
    case "create":
    case "mod":
      return Number.isSafeInteger(value) ? undefined : `a compare of ${target} needs an integer as value`;
    case "value":
      if (!isValue(value)) return "a compare of value needs a value, a string or a number";
      if (typeof value === "number" && (result === "<" || result === ">"))
        return "etcd compares the bytes of values, so < and > need a string";
      return undefined;
    default:
      return `unknown target ${JSON.stringify(target)}; known: value, version, create, mod`;
  }
}

function outputProblem(input: EtcdKeyInput, output: EtcdKeyOutput): string | undefined {
  const { succeeded, responses, revision } = output;
  if (!isCount(revision)) return "revision must be an integer that is not negative";
  const own = answerProblem(input.f, output);
  if (own !== undefined) return own;
  if (input.f !== "txn") {
    if (succeeded === undefined && responses === undefined) return undefined;
    return `the answer of a ${input.f} has neither succeeded nor responses`;
  }
  if (succeeded !== undefined && typeof succeeded !== "boolean") return "succeeded must be true or false";
  if (responses === undefined) return undefined;
  if (succeeded === undefined) return "an answer with responses must say whether the txn succeeded";
  const actions = succeeded ? input.then : input.else;
  if (!Array.isArray(responses) || responses.length !== actions.length)
    return `a txn that did ${actions.length} things must have as many responses`;
  return actions
    .map(({ f }, i) => {
      const answer: unknown = responses[i];
      if (typeof answer !== "object" || answer === null)
        return "a response must be an object, {} if it says nothing";
      return answerProblem(f, answer);
    })
    .find((problem) => problem !== undefined);
}

function answerProblem(f: EtcdKeyInput["f"], answer: EtcdKeyAnswer): string | undefined {
  const { value, version, createRevision, modRevision, prevKv, deleted } = answer;
  const shows = [value, version, createRevision, modRevision].some((field) => field !== undefined);
  if (f !== "get" && shows) return `the answer of a ${f} shows the key only as prevKv`;
  if (f !== "put" && f !== "delete" && prevKv !== undefined) return `the answer of a ${f} has no prevKv`;
  if (f !== "delete" && deleted !== undefined) return `the answer of a ${f} has no deleted`;
  if (deleted !== undefined && deleted !== 0 && deleted !== 1) return "deleted must be 0 or 1: it is one key";
  if (value !== undefined && value !== null && !isValue(value))
    return "a value must be a string or a number, or null for absent";
  if (![version, createRevision, modRevision].every(isCount))
    return "version and revisions must be integers that are not negative";
  if (prevKv === undefined || prevKv === null) return undefined;
  if (typeof prevKv !== "object") return "prevKv must be an object, or null for absent";
  return answerProblem("get", prevKv);
}

/** Or not recorded. */
function isCount(count: unknown): boolean {
  return count === undefined || (Number.isSafeInteger(count) && (count as number) >= 0);
}
