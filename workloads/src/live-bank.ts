import type { CheckResult, HistoryEvent } from "@gauntlet/histories";
import { BANK, type BankAccounts, balancesOf, WrittenAccounts } from "./bank-check.js";
import { nameOf, violation } from "./evidence.js";
import type { LiveCheck } from "./workload.js";

/** What one read shows by itself: a wrong total, an overdrawn account, one that is gone. */
export class LiveBank implements LiveCheck {
  readonly #accounts: BankAccounts;
  readonly #open = new Map<number, HistoryEvent>();
  readonly #written = new WrittenAccounts();

  constructor(accounts: BankAccounts) {
    this.#accounts = accounts;
  }

  push(event: HistoryEvent): CheckResult | undefined {
    const { process, type } = event;
    if (process === "nemesis") return undefined;
    if (type === "invoke") {
      this.#open.set(process, event);
      return undefined;
    }
    const invoke = this.#open.get(process);
    this.#open.delete(process);
    if (type !== "ok" || invoke === undefined) return undefined;
    return (event.f === "read" ? this.#read(invoke, event) : undefined) ?? this.#written.push(invoke, event);
  }

  #read(invoke: HistoryEvent, ok: HistoryEvent): CheckResult | undefined {
    const { names, opening } = this.#accounts;
    const shown = balancesOf(ok);
    const balances = names.map((name) => Number(shown[name] ?? opening));
    const total = balances.reduce((sum, balance) => sum + balance, 0);
    if (total !== names.length * opening)
      return violation(BANK, `${nameOf(invoke)} sums up to ${total}, not ${names.length * opening}`, [
        invoke.index,
      ]);
    const overdrawn = names.find((_, at) => (balances[at] ?? 0) < 0);
    if (overdrawn === undefined) return undefined;
    return violation(BANK, `${nameOf(invoke)} showed ${overdrawn} overdrawn`, [invoke.index]);
  }
}
