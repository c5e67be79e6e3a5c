import type { Client, Outcome } from "@gauntlet/workloads";

interface Register {
  readonly value: string;
  readonly revision: number;
}

/** Linearizable registers in memory: each call takes effect at one moment, in the middle of it. */
export class MemoryStore {
  readonly #registers = new Map<string, Register>();

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
    };
  }

  set(key: string, value: string): void {
    this.#revision += 1;
    this.#registers.set(key, { value, revision: this.#revision });
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
    write: (key, value) => (isProbe(key) ? client.write(key, value) : lost()),
  };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
