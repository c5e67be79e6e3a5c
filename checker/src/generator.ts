import type {
  CasRegisterInput,
  CasRegisterOutput,
  RegisterState,
  RegisterValue,
} from "./models/cas-register.js";
import { at, type Operation } from "./operation.js";

export type CasRegisterOperation = Operation<CasRegisterInput, CasRegisterOutput>;

export interface GeneratorOptions {
  readonly seed: number;
  readonly operations: number;
  readonly clients: number;
  /** Each written value new, or one of this many. */
  readonly values: "unique" | number;
  /** Share of operations that never return; some take effect, at once or much later, some never. */
  readonly crashRate?: number;
  /** Share of reads, of compare-and-sets; the rest are writes. A third each if absent. */
  readonly reads?: number;
  readonly cas?: number;
  readonly keys?: number;
  /** Times are rounded down to multiples of this many microseconds: a coarse clock makes equal times. */
  readonly grainUs?: number;
}

/**
 * A history of a simulated register: legal by construction, since every operation took effect at one
 * instant between its call and its return. The same options give the same history.
 */
export function generateHistory(options: GeneratorOptions): CasRegisterOperation[] {
  return new Simulation(options).run();
}

/**
 * The same history with one answer changed: another value read, a success turned into a failure or the
 * other way round. Often illegal, not always. Undefined if there is no answer to change.
 */
export function breakOneAnswer(
  history: readonly CasRegisterOperation[],
  seed: number,
): CasRegisterOperation[] | undefined {
  const random = new Random(seed);
  const answered = history.flatMap(({ input, output }, position) =>
    input.f !== "write" && output !== undefined ? [position] : [],
  );
  if (answered.length === 0) return undefined;
  const position = random.pick(answered);
  const operation = at(history, position);
  const output =
    operation.input.f === "read"
      ? { value: otherValue(history, operation, random) }
      : { succeeded: operation.output?.succeeded !== true };
  return history.with(position, { ...operation, output });
}

function otherValue(
  history: readonly CasRegisterOperation[],
  { input, output }: CasRegisterOperation,
  random: Random,
): RegisterState {
  const values = new Set<RegisterState>([null]);
  for (const other of history) {
    if (other.input.key !== input.key) continue;
    if (other.input.f === "write") values.add(other.input.value);
    if (other.input.f === "cas") values.add(other.input.to);
  }
  values.delete(output?.value ?? null);
  return values.size === 0 ? 0 : random.pick([...values]);
}

interface Client {
  process: number;
  /** When it does the next thing. */
  time: number;
  /** The history's index of what it has open; -1: nothing. */
  open: number;
  effectAt: number;
  returnAt: number;
  crashes: boolean;
}

class Simulation {
  readonly #options: GeneratorOptions;
  readonly #random: Random;
  readonly #history: { -readonly [K in keyof CasRegisterOperation]: CasRegisterOperation[K] }[] = [];
  readonly #registers = new Map<string, RegisterState>();
  /** Effects of crashed operations that are still to come. */
  readonly #late: { readonly time: number; readonly operation: number }[] = [];
  readonly #written: RegisterValue[] = [];

  constructor(options: GeneratorOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
  }

  run(): CasRegisterOperation[] {
    const clients = Array.from(
      { length: this.#options.clients },
      (_, process): Client => ({
        process,
        time: this.#random.below(1000),
        open: -1,
        effectAt: -1,
        returnAt: -1,
        crashes: false,
      }),
    );
    while (this.#history.length < this.#options.operations || clients.some(({ open }) => open !== -1)) {
      const idleAllowed = this.#history.length < this.#options.operations;
      const active = clients.filter(({ open }) => idleAllowed || open !== -1);
      const client = active.reduce((first, other) => (other.time < first.time ? other : first));
      this.#applyLate(client.time);
      if (client.open === -1) this.#call(client);
      else if (client.time === client.effectAt) this.#takeEffect(client);
      else this.#return(client);
    }
    return this.#history;
  }

  #call(client: Client): void {
    const { crashRate = 0, grainUs = 1, clients } = this.#options;
    client.open = this.#history.length;
    client.crashes = this.#random.fraction() < crashRate;
    client.effectAt = client.time + 1 + this.#random.below(1000);
    client.returnAt = client.effectAt + 1 + this.#random.below(1000);
    const call = Math.floor(client.time / grainUs) * grainUs;
    this.#history.push({ process: client.process, input: this.#input(), call });
    client.time = client.effectAt;
    if (!client.crashes) return;
    const fate = this.#random.below(4);
    if (fate === 0) client.effectAt = -1;
    if (fate === 1) {
      this.#late.push({
        time: client.effectAt + this.#random.below(20_000 * clients),
        operation: client.open,
      });
      client.effectAt = -1;
    }
  }

  #takeEffect(client: Client): void {
    const output = this.#apply(client.open);
    if (!client.crashes) at(this.#history, client.open).output = output;
    client.time = client.returnAt;
  }

  #return(client: Client): void {
    const { grainUs = 1, clients } = this.#options;
    if (client.crashes) client.process += clients;
    else at(this.#history, client.open).return = Math.floor(client.time / grainUs) * grainUs;
    client.open = -1;
    client.time += 1 + this.#random.below(1000);
  }

  #applyLate(now: number): void {
    const due = this.#late.filter(({ time }) => time < now).toSorted((a, b) => a.time - b.time);
    for (const effect of due) {
      this.#apply(effect.operation);
      this.#late.splice(this.#late.indexOf(effect), 1);
    }
  }

  #apply(operation: number): CasRegisterOutput {
    const { input } = at(this.#history, operation);
    const key = input.key ?? "";
    const value = this.#registers.get(key) ?? null;
    if (input.f === "read") return { value };
    if (input.f === "write") {
      this.#registers.set(key, input.value);
      return {};
    }
    if (value === input.from) this.#registers.set(key, input.to);
    return { succeeded: value === input.from };
  }

  #input(): CasRegisterInput {
    const { reads = 1 / 3, cas = 1 / 3, keys = 1 } = this.#options;
    const key = keys === 1 ? undefined : `r${this.#random.below(keys)}`;
    const draw = this.#random.fraction();
    if (draw < reads) return { f: "read", key };
    const value = this.#newValue();
    if (draw >= reads + cas) return { f: "write", key, value };
    const present = this.#registers.get(key ?? "") ?? null;
    const guess = present !== null && this.#random.below(3) > 0 ? present : this.#oldValue();
    return { f: "cas", key, from: guess, to: value };
  }

  #newValue(): RegisterValue {
    const { values } = this.#options;
    const value = values === "unique" ? this.#written.length + 1 : this.#random.below(values);
    this.#written.push(value);
    return value;
  }

  #oldValue(): RegisterValue {
    const recent = this.#written.slice(-8);
    return recent.length === 0 ? 0 : this.#random.pick(recent);
  }
}

/** mulberry32: small, good enough to make tests, the same everywhere. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** In [0, 1). */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.fraction() * bound);
  }

  pick<T>(list: readonly T[]): T {
    return at(list, this.below(list.length));
  }
}
