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

export interface HistorySize {
  readonly operations: number;
  readonly clients: number;
  readonly crashPercent: number;
}

/** Each operation takes effect within its interval, or late or never where it never returns: legal. Small unless told. */
export function simulatedHistory(drawn: AnyCase, random: Random, size?: HistorySize): AnyOperation[] {
  const {
    operations,
    clients,
    crashPercent: crashes,
  } = size ?? {
    operations: 2 + random.below(7),
    clients: 1 + random.below(5),
    crashPercent: random.pick([0, 0, 20, 50]),
  };
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
 * A few updates that take long or never return, while one process does one thing after the other, mostly looking. What it
 * sees can be explained by this update or by that, and maybe only one explanation leaves what is needed later. Legal.
 */
export function observedHistory(drawn: AnyCase, random: Random): AnyOperation[] {
  const planned: Planned[] = [];
  const pending = 2 + random.below(3);
  const observations = 8 - pending;
  const length = 10 * observations;
  const crashPercent = random.pick([0, 50, 100]);
  // Or in turn: what sets the object back makes room for another explanation of what is seen next.
  const inTurn = random.below(2) === 0;
  for (let i = 0; i < observations; i++) {
    const setBack = inTurn && i % 2 === 0;
    const aim = setBack ? "same" : !inTurn && random.below(4) === 0 ? "update" : "look";
    planned.push({ process: 0, call: 10 * i, effect: 10 * i + 4, end: 10 * i + 8, aim });
  }
  for (let process = 1; process <= pending; process++) {
    const call = random.below(length / 2);
    const effect = call + 1 + random.below(length);
    const end = effect + random.below(length / 2);
    if (random.below(100) >= crashPercent) planned.push({ process, call, effect, end, aim: "update" });
    else {
      const late = random.below(4) === 0 ? Infinity : effect;
      planned.push({ process, call, effect: late, end: undefined, aim: "update" });
    }
  }
  return enact(drawn, random, planned);
}

/** One of a mixture: a quarter drawn blindly, a quarter legal by construction, half of those with one answer changed. */
export function drawHistory(drawn: AnyCase, random: Random): AnyOperation[] {
  const kind = random.below(4);
  if (kind === 0) return blindHistory(drawn, random);
  const legal = random.below(3) === 0 ? simulatedHistory(drawn, random) : observedHistory(drawn, random);
  if (kind === 1) return legal;
  return withAnotherAnswer(drawn, legal, random) ?? blindHistory(drawn, random);
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
    return JSON.stringify(output) === JSON.stringify(operation.output) ? [] : [{ i, operation, output }];
  });
  if (changed.length === 0) return undefined;
  const { i, operation, output } = random.pick(changed);
  return history.with(i, { ...operation, output });
}

interface Planned {
  readonly process: number;
  readonly call: number;
  /** Infinity: never. */
  readonly effect: number;
  /** Undefined: never returns. */
  readonly end: number | undefined;
  /** What it should rather be, if anything; `same`: the update that others of this aim are too. */
  readonly aim?: "update" | "look" | "same";
}

/** Lets the operations take effect one after the other, and answers them. */
function enact(drawn: AnyCase, random: Random, planned: readonly Planned[]): AnyOperation[] {
  const { model } = drawn;
  const place = placer(drawn, random);
  const states = new Map<string, unknown>();
  const history: (AnyOperation | undefined)[] = planned.map(() => undefined);
  let same: unknown;
  const inOrder = [...planned.keys()].toSorted(
    (a, b) => at(planned, a).effect - at(planned, b).effect || a - b,
  );
  for (const i of inOrder) {
    const { process, call, effect, end, aim } = at(planned, i);
    // Where the key is drawn after the input, the state that the input was drawn for may be another object's.
    const drawnFor = [...states.values()][0] ?? model.init();
    const input =
      aim === "same" && same !== undefined ? same : place(drawInput(drawn, random, drawnFor, i + 1, aim));
    if (aim === "same") same = input;
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

/** A few tries to draw one that changes the state, or one that does not. */
function drawInput(
  drawn: AnyCase,
  random: Random,
  state: unknown,
  fresh: number,
  aim: Planned["aim"],
): unknown {
  for (let tries = aim === undefined ? 0 : 4; tries > 0; tries--) {
    const tried = drawn.input(random, state, fresh);
    const output = aim === "look" ? drawn.answer(state, tried, random) : undefined;
    const looks = drawn.model.readOnly?.(tried, output) === true;
    if (looks === (aim === "look")) return tried;
  }
  return drawn.input(random, state, fresh);
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
