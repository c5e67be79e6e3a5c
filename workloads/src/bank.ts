import type { HistoryEvent } from "@gauntlet/histories";
import { type BankAccounts, checkBalances, checkBank, liveBalances } from "./bank-check.js";
import type { Client, Outcome } from "./client.js";
import { notPossible } from "./contention.js";
import { numberOf } from "./counter.js";
import { eachByItself } from "./each-by-itself.js";
import { zipf } from "./generators/zipf.js";
import { readAll, sameValue, writeGuarded } from "./guarded.js";
import { liveAll } from "./live-all.js";
import { LiveBank } from "./live-bank.js";
import { checkRevisions, RevisionOrder } from "./revisions.js";
import type { Answer, Draw, Generator, Next, Operation, Workload, WorkloadOptions } from "./workload.js";

export interface BankOptions {
  readonly accounts: number;
  /** What every account holds before anything is written to it. */
  readonly opening: number;
  /** The most that one transfer moves. */
  readonly largest: number;
}

export const BANK_DEFAULTS: BankOptions = { accounts: 8, opening: 50, largest: 5 };

interface Transfer {
  readonly from: string;
  readonly to: string;
  readonly amount: number;
}

/**
 * Transfers between accounts: both are read, then written on condition that they hold the same still. A read shows all
 * accounts at one moment: the total is always the same, and nobody is overdrawn. An account that was never written holds
 * the opening balance.
 */
export function bankWorkload(options: Partial<BankOptions> = {}): Workload {
  const all = { ...BANK_DEFAULTS, ...options };
  const accounts: BankAccounts = { names: namesOf(all), opening: all.opening };
  return {
    name: "bank",
    functions: ["transfer", "read"],
    callsPerOperation: 2,
    start: (workloadOptions, draw) => new BankGenerator(all, workloadOptions, draw),
    perform: (client, operation) => perform(accounts, client, operation),
    check: async (history) =>
      eachByItself("bank", [
        () => checkBank(accounts, history),
        () => checkBalances(accounts, history),
        () => checkRevisions(history, transfers),
      ]),
    live: () => liveAll([new RevisionOrder(transfers), new LiveBank(accounts), liveBalances(accounts)]),
  };
}

function transfers({ f }: HistoryEvent): boolean {
  return f === "transfer";
}

async function perform(
  accounts: BankAccounts,
  client: Client,
  { f, value }: Operation,
): Promise<Outcome<Answer>> {
  if (f === "transfer") return transfer(accounts, client, value as Transfer);
  const outcome = await readAll(client, accounts.names);
  if (outcome.type !== "ok") return outcome;
  const balances = [...outcome.value].map(([name, found]) => [name, found && numberOf(found.value)] as const);
  return { ...outcome, value: { value: Object.fromEntries(balances) } };
}

async function transfer(
  { opening }: BankAccounts,
  client: Client,
  { from, to, amount }: Transfer,
): Promise<Outcome<Answer>> {
  const read = await readAll(client, [from, to]);
  if (read.type !== "ok") return read;
  const [source, target] = [read.value.get(from) ?? null, read.value.get(to) ?? null];
  const balances = [source, target].map((found) => (found === null ? opening : numberOf(found.value)));
  const [has, gets] = balances;
  if (typeof has !== "number" || typeof gets !== "number")
    return notPossible(`${from} or ${to} holds no number: ${balances.join(", ")}`);
  if (has < amount) return notPossible(`${from} holds ${has}, less than ${amount}`);
  const puts = new Map([
    [from, String(has - amount)],
    [to, String(gets + amount)],
  ]);
  return writeGuarded(client, [sameValue(from, source), sameValue(to, target)], puts, {});
}

/** Half of the workers only read. */
class BankGenerator implements Generator {
  readonly #options: BankOptions;
  /** Of the workers, and of as many more each time where more are hired. */
  readonly #readers: number;
  readonly #workers: number;
  readonly #draw: Draw;
  readonly #rank: (draw: Draw) => number;

  constructor(options: BankOptions, { concurrency, keySkew }: WorkloadOptions, draw: Draw) {
    this.#options = options;
    this.#workers = concurrency;
    this.#readers = Math.floor(concurrency / 2);
    this.#draw = draw;
    this.#rank = zipf(options.accounts, keySkew ?? 0);
  }

  next(worker: number): Next {
    return {
      type: "operation",
      operation: worker % this.#workers < this.#readers ? read() : this.#transfer(),
    };
  }

  finalOperations(): readonly Operation[] {
    return [read()];
  }

  #transfer(): Operation {
    const { accounts, largest } = this.#options;
    const from = this.#rank(this.#draw);
    const drawn = this.#rank(this.#draw);
    const to = drawn === from ? (from + 1 + this.#draw.below(accounts - 1)) % accounts : drawn;
    const value: Transfer = { from: nameOf(from), to: nameOf(to), amount: 1 + this.#draw.below(largest) };
    return { f: "transfer", value };
  }
}

/** Each operation is an object of its own. */
function read(): Operation {
  return { f: "read" };
}

function namesOf({ accounts }: BankOptions): readonly string[] {
  return Array.from({ length: accounts }, (_, account) => nameOf(account));
}

function nameOf(account: number): string {
  return `b${account}`;
}
