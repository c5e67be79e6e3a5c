import { run } from "./run.js";

/** Both backends would apply at once, and neither clears the other's rules: one is chosen and kept. */
const BACKENDS = ["nft", "legacy"] as const;
export type Backend = (typeof BACKENDS)[number];

/** The backend of this machine: the first that lets a chain be hooked in. */
let chosen: Backend | null = null;

/**
 * Chains of our own in one table. They are hooked in when they are first set, and replaced as a whole, in one
 * transaction, whenever they are set; other tables and other chains are not touched.
 */
export class OwnChains {
  readonly #table: string;
  /** Our chain, by the built-in one that jumps to it. */
  readonly #hooks: Readonly<Record<string, string>>;
  #isHooked = false;

  constructor(table: "filter" | "mangle", hooks: Readonly<Record<string, string>>) {
    this.#table = table;
    this.#hooks = hooks;
  }

  /** The text that makes exactly these rules ours; declaring a chain empties it. */
  transaction(rules: string): string {
    const declared = Object.values(this.#hooks).map((chain) => `:${chain} - [0:0]\n`);
    return `*${this.#table}\n${declared.join("")}${rules}COMMIT\n`;
  }

  /** Replaces all rules (`-A CHAIN …` lines); counters begin at 0. Gives the name of the backend. */
  async set(rules: string): Promise<Backend> {
    const backend = await this.#hook();
    await restore(backend, this.transaction(rules));
    return backend;
  }

  /** The table as `iptables-save -c` prints it. Before the first set() nothing of it is ours: empty. */
  async read(): Promise<string> {
    if (!this.#isHooked || chosen === null) return "";
    return run(`iptables-${chosen}-save`, ["-c", "-t", this.#table], "");
  }

  async #hook(): Promise<Backend> {
    if (this.#isHooked && chosen !== null) return chosen;
    const jumps = Object.entries(this.#hooks).map(([from, chain]) => `-A ${from} -j ${chain}\n`);
    const problems: string[] = [];
    for (const backend of chosen === null ? BACKENDS : [chosen]) {
      try {
        await restore(backend, this.transaction(jumps.join("")));
        chosen = backend;
        this.#isHooked = true;
        return backend;
      } catch (error) {
        problems.push(error instanceof Error ? error.message : String(error));
      }
    }
    throw new Error(problems.join("; "));
  }
}

/** The rules of these chains in what `iptables-save` printed. */
export function rulesIn(saved: string, chains: readonly string[]): string[] {
  return saved.split("\n").filter((line) => chains.includes(/(?:^|\] )-A (\S+) /.exec(line)?.[1] ?? ""));
}

async function restore(backend: Backend, text: string): Promise<void> {
  await run(`iptables-${backend}-restore`, ["-w", "--noflush"], text);
}
