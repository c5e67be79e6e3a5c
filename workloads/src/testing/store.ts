import type { Client, Found, Outcome, Transaction, TransactionAnswer } from "../client.js";

export interface Applied {
  readonly answer: TransactionAnswer;
  /** Of the whole store, afterwards. */
  readonly revision: number;
}

/** What a key held; undefined: nothing. */
type Held = Found | undefined;

/** Keys and values, correct by construction: a transaction takes effect at once, one after the other. */
export class Store {
  readonly #values = new Map<string, Found>();
  #revision = 1;
  /** Of each of the latest changes, what the keys held before, the newest last. */
  readonly #changes: ReadonlyMap<string, Held>[] = [];

  apply(transaction: Transaction): Applied {
    const { answer, puts } = run((key) => this.#values.get(key), transaction, this.#revision + 1);
    if (puts.size > 0) {
      this.#changes.push(new Map([...puts.keys()].map((key) => [key, this.#values.get(key)])));
      if (this.#changes.length > KEPT) this.#changes.shift();
      for (const [key, found] of puts) this.#values.set(key, found);
      this.#revision += 1;
    }
    return { answer, revision: this.#revision };
  }

  /** What would have been answered so many changes ago. */
  answerFrom(changesAgo: number, transaction: Transaction): Applied {
    const held = new Map(
      this.#changes
        .slice(-changesAgo)
        .toReversed()
        .flatMap((change) => [...change]),
    );
    const before = (key: string): Held => (held.has(key) ? held.get(key) : this.#values.get(key));
    return { answer: run(before, transaction, this.#revision).answer, revision: this.#revision };
  }

  /** Takes the latest change back, the revision left aside. */
  undo(): void {
    for (const [key, held] of this.#changes.pop() ?? []) {
      if (held === undefined) this.#values.delete(key);
      else this.#values.set(key, held);
    }
  }
}

const KEPT = 100;

/** Changes nothing: says what is put. */
function run(
  before: (key: string) => Held,
  { guards, then, else: otherwise = [] }: Transaction,
  modRevision: number,
): { readonly answer: TransactionAnswer; readonly puts: ReadonlyMap<string, Found> } {
  const succeeded = guards.every((guard) => {
    const found = before(guard.key);
    return "value" in guard ? found?.value === guard.value : (found?.modRevision ?? 0) === guard.modRevision;
  });
  const puts = new Map<string, Found>();
  const reads: (Found | null)[] = [];
  for (const step of succeeded ? then : otherwise) {
    if (step.type === "put") puts.set(step.key, { value: step.value, modRevision });
    else reads.push(puts.get(step.key) ?? before(step.key) ?? null);
  }
  return { answer: { succeeded, reads }, puts };
}

/** A client whose every call becomes one transaction. */
export function clientOf(
  transact: (transaction: Transaction) => Promise<Outcome<TransactionAnswer>>,
): Client {
  const told = async <Value>(
    transaction: Transaction,
    value: (answer: TransactionAnswer) => Value,
  ): Promise<Outcome<Value>> => {
    const outcome = await transact(transaction);
    return outcome.type === "ok" ? { ...outcome, value: value(outcome.value) } : outcome;
  };
  return {
    transact,
    read: (key) => told({ guards: [], then: [{ type: "get", key }] }, ({ reads }) => reads[0]?.value ?? null),
    write: (key, value) => told({ guards: [], then: [{ type: "put", key, value }] }, () => undefined),
    compareAndSet: (key, from, to) =>
      told(
        { guards: [{ key, value: from }], then: [{ type: "put", key, value: to }] },
        ({ succeeded }) => succeeded,
      ),
  };
}

/** Whether it could change anything. A call that could not is `fail` wherever it does not end well. */
export function isReadOnly({ then, else: otherwise = [] }: Transaction): boolean {
  return [...then, ...otherwise].every(({ type }) => type === "get");
}
