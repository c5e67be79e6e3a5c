import type { Client, Found, Outcome, Transaction, TransactionAnswer } from "../client.js";

export interface Applied {
  readonly answer: TransactionAnswer;
  /** Of the whole store, afterwards. */
  readonly revision: number;
}

/** Keys and values, correct by construction: a transaction takes effect at once, one after the other. */
export class Store {
  #values: ReadonlyMap<string, Found> = new Map();
  #revision = 1;
  /** As it was before each of the latest changes, the newest last. */
  readonly #earlier: ReadonlyMap<string, Found>[] = [];

  apply(transaction: Transaction): Applied {
    const { answer, values } = run(this.#values, transaction, this.#revision + 1);
    if (values !== this.#values) {
      this.#earlier.push(this.#values);
      if (this.#earlier.length > KEPT) this.#earlier.shift();
      this.#values = values;
      this.#revision += 1;
    }
    return { answer, revision: this.#revision };
  }

  /** What would have been answered so many changes ago. */
  answerFrom(changesAgo: number, transaction: Transaction): Applied {
    const values = this.#earlier.at(-changesAgo) ?? this.#values;
    return { answer: run(values, transaction, this.#revision).answer, revision: this.#revision };
  }

  /** Takes the latest change back, the revision left aside. */
  undo(): void {
    this.#values = this.#earlier.pop() ?? this.#values;
  }
}

const KEPT = 100;

/** Does not change the values: they are others if anything was put. */
function run(
  before: ReadonlyMap<string, Found>,
  { guards, then, else: otherwise = [] }: Transaction,
  modRevision: number,
): { readonly answer: TransactionAnswer; readonly values: ReadonlyMap<string, Found> } {
  const succeeded = guards.every((guard) => {
    const found = before.get(guard.key);
    return "value" in guard ? found?.value === guard.value : (found?.modRevision ?? 0) === guard.modRevision;
  });
  let values = before;
  const reads: (Found | null)[] = [];
  for (const step of succeeded ? then : otherwise) {
    if (step.type === "get") {
      reads.push(values.get(step.key) ?? null);
      continue;
    }
    if (values === before) values = new Map(before);
    (values as Map<string, Found>).set(step.key, { value: step.value, modRevision });
  }
  return { answer: { succeeded, reads }, values };
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
