import type { Random } from "../generator.js";
import { at, type Operation } from "../operation.js";
import type { AnyCase } from "./model-case.js";

export type AnyOperation = Operation<unknown, unknown>;

/** Intervals and answers drawn blindly on a clock of few ticks: many ties, many contradictions. */
export function blindHistory(drawn: AnyCase, random: Random): AnyOperation[] {
  const place = placer(drawn, random);
  const ticks = 4 + random.below(12);
  return Array.from({ length: 2 + random.below(6) }, (_, process) => {
    const call = random.below(ticks);
    const input = place(drawn.input(random, drawn.model.init(), process + 1));
    if (random.below(4) === 0) return { process, input, call };
    const output = drawn.guess(random, input);
    return { process, input, output, call, return: call + random.below(ticks - call + 1) };
  });
}

/** A few processes, each operation taking effect within its interval, or late or never where it never returns: legal. */
export function simulatedHistory(drawn: AnyCase, random: Random): AnyOperation[] {
  const operations = 2 + random.below(7);
  const clients = 1 + random.below(5);
  const crashes = random.pick([0, 0, 20, 50]);
  const grain = random.pick([1, 5, 20]);
  const planned: Planned[] = [];
  const clocks = Array.from({ length: clients }, () => random.below(10));
  const processes = clocks.map((_, client) => client);
  for (let i = 0; i < operations; i++) {
    const client = random.below(clients);
    const call = at(clocks, client);
    const process = at(processes, client);
    const end = call + 2 + random.below(20);
    const effect = call + 1 + random.below(end - call);
    clocks[client] = end + 1 + random.below(5);
    if (random.below(100) >= crashes) {
      planned.push({ process, call, effect, end });
      continue;
    }
    processes[client] = process + clients;
    planned.push({ process, call, effect: effect + random.pick([0, 30, 100, Infinity]), end: undefined });
  }
  return enact(drawn, random, planned).map(({ call, return: end, ...operation }) =>
    end === undefined
      ? { ...operation, call: coarse(call, grain) }
      : { ...operation, call: coarse(call, grain), return: coarse(end, grain) },
  );
}

/**
 * A few operations that never returned, then one after the other with true answers: what was seen can be explained by
 * this crashed operation or by that, and maybe only one explanation leaves what is needed later.
 */
export function explainedHistory(drawn: AnyCase, random: Random): AnyOperation[] {
  const planned: Planned[] = [];
  const crashed = 2 + random.below(3);
  const answered = 8 - crashed;
  for (let i = 0; i < answered; i++) {
    planned.push({ process: i, call: 10 * i, effect: 10 * i + 4, end: 10 * i + 8 });
  }
  for (let i = 0; i < crashed; i++) {
    const effect = random.below(4) === 0 ? Infinity : 10 * random.below(answered) + random.below(10);
    planned.push({ process: answered + i, call: 0, effect, end: undefined });
  }
  return enact(drawn, random, planned);
}

/** The same with one answer changed: often illegal, not always. Undefined if no answer can be another. */
export function withAnotherAnswer(
  drawn: AnyCase,
  history: readonly AnyOperation[],
  random: Random,
): AnyOperation[] | undefined {
  const changed = history.flatMap((operation, i) => {
    if (operation.output === undefined) return [];
    const output = drawn.guess(random, operation.input);
    if (JSON.stringify(output) === JSON.stringify(operation.output)) return [];
    return [history.with(i, { ...operation, output })];
  });
  return changed.length === 0 ? undefined : random.pick(changed);
}

interface Planned {
  readonly process: number;
  readonly call: number;
  /** Infinity: never. */
  readonly effect: number;
  /** Undefined: never returns. */
  readonly end: number | undefined;
}

/** Lets the operations take effect one after the other, and answers them. */
function enact(drawn: AnyCase, random: Random, planned: readonly Planned[]): AnyOperation[] {
  const { model } = drawn;
  const place = placer(drawn, random);
  const states = new Map<string, unknown>();
  const history: (AnyOperation | undefined)[] = planned.map(() => undefined);
  const inOrder = [...planned.keys()].toSorted(
    (a, b) => at(planned, a).effect - at(planned, b).effect || a - b,
  );
  for (const i of inOrder) {
    const { process, call, effect, end } = at(planned, i);
    // Where the key is drawn after the input, the state that the input was drawn for may be another object's.
    const input = place(drawn.input(random, [...states.values()][0] ?? model.init(), i + 1));
    const key = model.key?.(input) ?? "";
    const state = states.get(key) ?? model.init();
    const output = end === undefined ? undefined : drawn.answer(state, input, random);
    const after = effect === Infinity ? [] : model.step(state, input, output);
    if (after.length > 0) states.set(key, random.pick(after));
    history[i] =
      end === undefined || output === undefined || after.length === 0
        ? { process, input, call }
        : { process, input, output, call, return: end };
  }
  return withFreshProcesses(history as AnyOperation[]);
}

/** An operation that blocked is its process's last: what that process did later is another's. */
function withFreshProcesses(history: readonly AnyOperation[]): AnyOperation[] {
  const byCall = history
    .map((operation, i) => ({ operation, i }))
    .toSorted((a, b) => a.operation.call - b.operation.call);
  const names = new Map<number, number>();
  const result = [...history];
  let next = 1000;
  for (const { operation, i } of byCall) {
    const process = names.get(operation.process) ?? operation.process;
    result[i] = { ...operation, process };
    if (operation.return === undefined) names.set(operation.process, next++);
  }
  return result;
}

/** One history in four is about two objects, where the model can tell them apart. */
function placer({ model }: AnyCase, random: Random): (input: unknown) => unknown {
  if (model.key === undefined || random.below(4) > 0) return (input) => input;
  return (input) => ({ ...(input as object), key: random.pick(["a", "b"]) });
}

function coarse(time: number, grain: number): number {
  return Math.floor(time / grain) * grain;
}
