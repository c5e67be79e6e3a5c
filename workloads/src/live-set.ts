import type { CheckResult, HistoryEvent } from "@gauntlet/histories";
import { nameOf, violation } from "./evidence.js";
import { KeysInUse } from "./keys-in-use.js";
import { AppliedOnce, elementsOf, SET } from "./set-check.js";
import type { LiveCheck } from "./workload.js";

interface Element {
  /** Index of its add's invoke. */
  readonly add: number;
  hasFailed: boolean;
  /** Index of the event from which on every read must show it: acknowledged, or read. Infinity: not known. */
  knownFrom: number;
  /** The first read that showed it. */
  shownBy: number | null;
}

type Elements = Map<unknown, Element>;

/**
 * What a prefix can show: an element that a read lacks though it was there when the read began; one that was never added
 * or whose add failed; one that was written twice. Each read costs the size of its set.
 */
export class LiveSet implements LiveCheck {
  readonly #open = new Map<number, HistoryEvent>();
  readonly #sets = new KeysInUse(() => ({ elements: new Map() as Elements, once: new AppliedOnce() }));

  /** Sets that are remembered. */
  get sets(): number {
    return this.#sets.size;
  }

  push(event: HistoryEvent): CheckResult | undefined {
    const { process, key = "", type } = event;
    if (process === "nemesis") return undefined;
    const set = this.#sets.use(key);
    if (type === "invoke") {
      this.#open.set(process, event);
      if (event.f === "add")
        set?.elements.set(event.value, {
          add: event.index,
          hasFailed: false,
          knownFrom: Number.POSITIVE_INFINITY,
          shownBy: null,
        });
      return undefined;
    }
    const invoke = this.#open.get(process);
    this.#open.delete(process);
    if (set === undefined || invoke === undefined || type === "info") return undefined;
    const { elements, once } = set;
    const found = event.f === "add" ? added(elements, invoke, event) : readOf(elements, invoke, event);
    return found ?? (type === "ok" ? once.push(invoke, event) : undefined);
  }
}

function added(set: Elements, invoke: HistoryEvent, event: HistoryEvent): CheckResult | undefined {
  const element = set.get(invoke.value);
  if (element === undefined) return undefined;
  if (event.type === "ok") {
    element.knownFrom = Math.min(element.knownFrom, event.index);
    return undefined;
  }
  element.hasFailed = true;
  if (element.shownBy === null) return undefined;
  const reason = `${nameOf(invoke)} failed, but its element ${String(invoke.value)} had been read`;
  return violation(SET, reason, [element.shownBy, element.add]);
}

function readOf(set: Elements, invoke: HistoryEvent, event: HistoryEvent): CheckResult | undefined {
  if (event.type !== "ok") return undefined;
  const shown = new Set<unknown>();
  for (const value of elementsOf(event.value)) {
    shown.add(value);
    const element = set.get(value);
    if (element !== undefined && !element.hasFailed) continue;
    const why = element === undefined ? "which nobody added" : "whose add failed";
    const operations = element === undefined ? [invoke.index] : [invoke.index, element.add];
    return violation(SET, `${nameOf(invoke)} showed ${String(value)}, ${why}`, operations);
  }
  for (const [value, element] of set) {
    if (shown.has(value)) {
      element.knownFrom = Math.min(element.knownFrom, event.index);
      element.shownBy ??= invoke.index;
    } else if (element.knownFrom < invoke.index) {
      const reason = `${nameOf(invoke)} lacks ${String(value)}, which was known to be there when it began`;
      return violation(SET, reason, [invoke.index, element.add]);
    }
  }
  return undefined;
}
