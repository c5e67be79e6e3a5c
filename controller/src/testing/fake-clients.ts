import type { Client, Found, Outcome, Transaction, TransactionAnswer } from "@gauntlet/workloads";

/** Linearizable registers in memory: each call takes effect at one moment, in the middle of it. */
export class MemoryStore {
  readonly #registers = new Map<string, Found>();

  #revision = 1;

  client(): Client {
    return {
      read: (key) => this.#answer(() => this.#registers.get(key)?.value ?? null),
      write: (key, value) => this.#answer(() => this.set(key, value)),
      compareAndSet: (key, from, to) =>
        this.#answer(() => {
          const holds = this.#registers.get(key)?.value === from;
          if (holds) this.set(key, to);
          return holds;
        }),
      transact: (transaction) => this.#answer(() => this.#transact(transaction)),
    };
  }

  set(key: string, value: string): void {
    this.#revision += 1;
    this.#registers.set(key, { value, modRevision: this.#revision });
  }

  #transact({ guards, then, else: otherwise = [] }: Transaction): TransactionAnswer {
    const succeeded = guards.every((guard) => {
      const found = this.#registers.get(guard.key);
      return "value" in guard
        ? found?.value === guard.value
        : (found?.modRevision ?? 0) === guard.modRevision;
    });
    const steps = succeeded ? then : otherwise;
    const modRevision = this.#revision + 1;
    const reads: (Found | null)[] = [];
    for (const step of steps) {
      if (step.type === "get") reads.push(this.#registers.get(step.key) ?? null);
      else this.#registers.set(step.key, { value: step.value, modRevision });
    }
    if (steps.some(({ type }) => type === "put")) this.#revision = modRevision;
    return { succeeded, reads };
  }

  async #answer<Value>(act: () => Value): Promise<Outcome<Value>> {
    await turn();
    const value = act();
    const revision = this.#revision;
    await turn();
    return { type: "ok", value, revision };
  }
}

/** Reads see each key as it was when this client first read it: stale as soon as somebody writes. */
export function staleReader(client: Client): Client {
  const seen = new Map<string, Outcome<string | null>>();
  return {
    ...client,
    read: async (key) => {
      const outcome = seen.get(key) ?? (await client.read(key));
      seen.set(key, outcome);
      return outcome;
    },
  };
}

/** Takes the rig's own probes and answers nothing else: every operation ends with nobody knowing. */
export function deafClient(client: Client): Client {
  const lost = async (): Promise<Outcome<never>> => {
    await turn();
    return { type: "info", error: { code: "deadline-exceeded", message: "no answer" } };
  };
  const isProbe = (key: string): boolean => key.startsWith("gauntlet-probe/");
  return {
    read: lost,
    compareAndSet: lost,
    transact: lost,
    write: (key, value) => (isProbe(key) ? client.write(key, value) : lost()),
  };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
