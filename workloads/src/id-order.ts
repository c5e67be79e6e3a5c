import type { CheckResult, HistoryEvent } from "@gauntlet/histories";
import { nameOf, violation } from "./evidence.js";
import type { LiveCheck } from "./workload.js";

const NAME = "id-order";

/** An answered operation, with the number of its sequence that it answered. */
interface Answered {
  readonly number: number;
  readonly event: HistoryEvent;
  readonly invoke: number;
}

interface Open {
  readonly key: string;
  readonly invoke: number;
  /** Of the same sequence, the highest number that had been answered when the operation began. */
  readonly floor: Answered | undefined;
}

/**
 * A sequence only goes up: who asks for an id after another one was handed out gets a higher one, a read then
 * shows at least that. And no two are alike, whenever they were asked for.
 */
export class IdOrder implements LiveCheck {
  /** Ids that were handed out. */
  ids = 0;
  #answers = 0;
  readonly #open = new Map<number, Open>();
  readonly #highest = new Map<string, Answered>();
  readonly #handedOut = new Map<string, Answered>();

  /** Ids that are remembered. */
  get remembered(): number {
    return this.#handedOut.size;
  }

  push(event: HistoryEvent): CheckResult | undefined {
    const { process, key, f, type, value } = event;
    if (process === "nemesis" || key === undefined) return undefined;
    if (type === "invoke") {
      this.#open.set(process, { key, invoke: event.index, floor: this.#highest.get(key) });
      return undefined;
    }
    const open = this.#open.get(process);
    this.#open.delete(process);
    if (type !== "ok" || open === undefined) return undefined;
    this.#answers += 1;
    if (this.#answers % FORGET_EVERY === 0) this.#forget(open);
    const number = f === "read" ? Number(value) : Number(String(value).slice(key.length + 1));
    const answered = { number, event, invoke: open.invoke };
    if (!Number.isSafeInteger(number)) return wrong(answered, answered, "which nobody ever wrote");
    const twin = f === "generate" ? this.#handedOut.get(String(value)) : undefined;
    if (twin !== undefined) return wrong(answered, twin, "and no id may be handed out twice");
    const { floor } = open;
    if (floor !== undefined && (f === "generate" ? number <= floor.number : number < floor.number))
      return wrong(answered, floor, "which had ended before it began");
    if (f === "generate") {
      this.#handedOut.set(String(value), answered);
      this.ids += 1;
    }
    if (number > (this.#highest.get(key)?.number ?? -1)) this.#highest.set(key, answered);
    return undefined;
  }

  /** An id at or below the floors of all open operations of its sequence is never compared again: the floor would be found. */
  #forget(current: Open): void {
    const least = new Map([...this.#highest].map(([key, { number }]) => [key, number]));
    for (const { key, floor } of [current, ...this.#open.values()])
      least.set(key, Math.min(least.get(key) ?? -1, floor?.number ?? -1));
    for (const [id, { number, event }] of this.#handedOut)
      if (number <= (least.get(event.key ?? "") ?? -1)) this.#handedOut.delete(id);
  }
}

/** Answers. */
const FORGET_EVERY = 1_000;

/** Over a whole history: undefined where no id was handed out. */
export function checkIdOrder(history: readonly HistoryEvent[]): CheckResult | undefined {
  const order = new IdOrder();
  for (const event of history) {
    const found = order.push(event);
    if (found !== undefined) return found;
  }
  if (order.ids === 0) return undefined;
  const reason = `${order.ids} ids, each higher than those that had been handed out before it was asked for`;
  return { name: NAME, kind: "safety", verdict: "valid", reason };
}

function wrong(answered: Answered, other: Answered, why: string): CheckResult {
  const against = other === answered ? "" : `, but ${textOf(other)}`;
  return violation(NAME, `${textOf(answered)}${against}, ${why}`, [answered.invoke, other.invoke]);
}

function textOf({ event }: Answered): string {
  return `${nameOf(event)} answered ${JSON.stringify(event.value)}`;
}
