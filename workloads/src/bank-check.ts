import { type CheckResult, type HistoryEvent, pairEvents } from "@gauntlet/histories";
import { bank } from "porcupine-ts/checks";
import { checkBoundsOf } from "./counter-bounds.js";
import { type Counters, LiveBounds } from "./live-bounds.js";
import type { LiveCheck } from "./workload.js";
import { nameOf, resultOf, runCheck, violation } from "./evidence.js";

export const BANK = "bank";
export const BALANCES = "balances";

export interface BankAccounts {
  readonly names: readonly string[];
  /** What an account holds that was never written. */
  readonly opening: number;
}

/**
 * Each read has all accounts, the right total and nobody overdrawn: each is of one moment. No account that was written is gone.
 */
export function checkBank(accounts: BankAccounts, history: readonly HistoryEvent[]): CheckResult {
  const { names, opening } = accounts;
  const total = names.length * opening;
  const report = runCheck(
    bank({ total, accounts: names }),
    history.map((event) => opened(accounts, event)),
  );
  const result = resultOf(BANK, report, ({ errors }) =>
    Object.values(errors).flatMap(({ first, worst }) => [first.read.index, worst.read.index]),
  );
  if (result.verdict === "invalid") return result;
  const written = new WrittenAccounts();
  const byEnd = pairEvents(history).toSorted(
    (a, b) => (a.completion?.index ?? 0) - (b.completion?.index ?? 0),
  );
  for (const { invoke, completion } of byEnd) {
    const gone = completion?.type === "ok" ? written.push(invoke, completion) : undefined;
    if (gone !== undefined) return gone;
  }
  return result;
}

/** The same read with the opening balance for what was never written. */
function opened({ names, opening }: BankAccounts, event: HistoryEvent): HistoryEvent {
  if (event.type !== "ok" || event.f !== "read") return event;
  const balances = balancesOf(event);
  const value = names.map((name) => {
    const balance = balances[name] ?? opening;
    // What is no number, nobody wrote: such an account has no balance.
    return [name, typeof balance === "number" ? balance : null];
  });
  return { ...event, value: Object.fromEntries(value) };
}

/** By account; null: never written. */
export function balancesOf({ value }: HistoryEvent): Readonly<Record<string, number | string | null>> {
  return typeof value === "object" && value !== null ? (value as Record<string, number | null>) : {};
}

/** Accounts that are known to have been written, so that each later read must show them. Takes operations in the order of their completions. */
export class WrittenAccounts {
  /** By account: index of the completion that showed it first, and of its operation's invoke. */
  readonly #written = new Map<string, { readonly from: number; readonly by: number }>();

  push(invoke: HistoryEvent, ok: HistoryEvent): CheckResult | undefined {
    if (ok.f === "transfer") {
      const { from, to } = transferOf(ok);
      this.#know(from, ok.index, invoke.index);
      this.#know(to, ok.index, invoke.index);
      return undefined;
    }
    for (const [account, balance] of Object.entries(balancesOf(ok))) {
      const known = this.#written.get(account);
      if (balance !== null) this.#know(account, ok.index, invoke.index);
      else if (known !== undefined && known.from < invoke.index) {
        const reason = `${nameOf(invoke)} has nothing of account ${account}, which had been written before it began`;
        return violation(BANK, reason, [invoke.index, known.by]);
      }
    }
    return undefined;
  }

  #know(account: string, from: number, by: number): void {
    if (!this.#written.has(account)) this.#written.set(account, { from, by });
  }
}

export function transferOf({ value }: HistoryEvent): {
  readonly from: string;
  readonly to: string;
  readonly amount: number;
} {
  return value as { readonly from: string; readonly to: string; readonly amount: number };
}

/**
 * Each balance that was read is one that the account can have had: acknowledged transfers count, failed ones do not, of the
 * others nobody knows. Finds what a right total hides: a transfer that is lost, or applied twice.
 */
export function checkBalances(accounts: BankAccounts, history: readonly HistoryEvent[]): CheckResult {
  const byAccount = new Map<string, HistoryEvent[]>(accounts.names.map((name) => [name, []]));
  for (const event of history) {
    if (event.process === "nemesis") continue;
    if (event.f === "read") {
      const balances = event.type === "ok" ? balancesOf(event) : undefined;
      for (const [name, events] of byAccount) {
        const balance = Number(balances?.[name] ?? accounts.opening);
        events.push(balances === undefined ? event : { ...event, value: balance - accounts.opening });
      }
      continue;
    }
    const { from, to, amount } = transferOf(event);
    byAccount.get(from)?.push({ ...event, f: "add", value: -amount });
    byAccount.get(to)?.push({ ...event, f: "add", value: amount });
  }
  return checkBoundsOf(BALANCES, byAccount);
}

/** The same while the history grows. */
export function liveBalances({ names, opening }: BankAccounts): LiveCheck {
  const counters: Counters = {
    added: (invoke) => {
      if (invoke.f === "read") return null;
      const { from, to, amount } = transferOf(invoke);
      return [
        [from, -amount],
        [to, amount],
      ];
    },
    readBy: () => names,
    read: (ok) => {
      const balances = balancesOf(ok);
      return names.map((name) => [name, Number(balances[name] ?? opening) - opening]);
    },
  };
  return new LiveBounds(BALANCES, counters);
}
