import type { CheckResult, HistoryEvent } from "@gauntlet/histories";
import { checkAppend, STRICT_SERIALIZABILITY } from "./append-check.js";
import { nameOf, violation } from "./evidence.js";
import { KeysInUse } from "./keys-in-use.js";
import type { LiveCheck } from "./workload.js";

type Element = number | string;

/** An operation as a violation names it; not its event, which would hold whole lists. */
interface Named {
  readonly invoke: number;
  readonly name: string;
}

/** One append, and what is known of it. */
interface Append {
  readonly by: Named;
  isAborted: boolean;
  /** Index of the event from which on every read must show it: acknowledged, or read by somebody. Infinity: not known. */
  knownFrom: number;
}

/** A list, as the longest read of it showed it. */
interface List {
  readonly appends: Map<Element, Append>;
  longest: readonly Element[];
  longestRead: Named | undefined;
}

/**
 * From this many events on the whole history so far is searched for cycles, again whenever it has doubled, up to so many:
 * that costs twice as much as searching it once, and what it needs to keep stays small.
 */
const SEARCH = { first: 1_000, last: 128_000 } as const;

/**
 * What a prefix of a history of appends can show: elements that nobody appended, whose transaction failed, or twice in a
 * list; lists of which neither begins with the other; elements that are missing though they were known to be
 * there when the read began. Costs the length of the lists, as long as they are in use. And cycles, in the first part of a run.
 */
export class LiveAppend implements LiveCheck {
  readonly #open = new Map<number, HistoryEvent>();
  readonly #lists = new KeysInUse<List>(() => ({
    appends: new Map(),
    longest: [],
    longestRead: undefined,
  }));
  #searchAt = SEARCH.first;
  /** Undefined once no more will be searched. */
  #history: HistoryEvent[] | undefined = [];

  /** Lists that are remembered. */
  get lists(): number {
    return this.#lists.size;
  }

  push(event: HistoryEvent): CheckResult | undefined {
    const { process, type } = event;
    if (process === "nemesis") return undefined;
    const found = type === "invoke" ? this.#invoked(event, process) : this.#completed(event, process);
    return found ?? this.#search(event);
  }

  #invoked(event: HistoryEvent, process: number): undefined {
    this.#open.set(process, event);
    const by = namedBy(event);
    for (const [f, key, element] of micro(event)) {
      if (f !== "append") continue;
      const append = { by, isAborted: false, knownFrom: Number.POSITIVE_INFINITY };
      this.#lists.use(key)?.appends.set(element as Element, append);
    }
  }

  #completed(event: HistoryEvent, process: number): CheckResult | undefined {
    const invoke = this.#open.get(process);
    this.#open.delete(process);
    if (event.type === "info" || invoke === undefined) return undefined;
    if (event.type === "fail") return this.#aborted(invoke);
    for (const [f, key, value] of micro(event)) {
      const found = f === "r" ? this.#read(event, invoke, key, value as readonly Element[]) : undefined;
      if (found !== undefined) return found;
    }
    for (const [f, key, element] of micro(event))
      if (f === "append") know(this.#lists.use(key), element as Element, event.index);
    return undefined;
  }

  #aborted(invoke: HistoryEvent): CheckResult | undefined {
    for (const [f, key, value] of micro(invoke)) {
      if (f !== "append") continue;
      const element = value as Element;
      const list = this.#lists.use(key);
      const append = list?.appends.get(element);
      if (list === undefined || append === undefined) continue;
      append.isAborted = true;
      if (list.longestRead !== undefined && list.longest.includes(element))
        return wrong(list.longestRead, `read ${element} in ${key}, whose append failed`, append.by);
    }
    return undefined;
  }

  #read(
    { index }: HistoryEvent,
    invoke: HistoryEvent,
    key: string,
    elements: readonly Element[],
  ): CheckResult | undefined {
    const list = this.#lists.use(key);
    if (list === undefined) return undefined;
    const by = namedBy(invoke);
    const present = new Set<Element>();
    for (const [at, element] of elements.entries()) {
      const append = list.appends.get(element);
      if (append === undefined) return wrong(by, `read ${element} in ${key}, which nobody appended`);
      if (append.isAborted) return wrong(by, `read ${element} in ${key}, whose append failed`, append.by);
      if (present.has(element)) return wrong(by, `read ${element} twice in ${key}`, append.by);
      present.add(element);
      const other = list.longest[at];
      if (other !== undefined && other !== element)
        return wrong(by, `read ${element} in ${key} where ${other} had been read`, list.longestRead);
    }
    for (const [element, append] of list.appends) {
      if (append.knownFrom < invoke.index && !present.has(element))
        return wrong(by, `did not read ${element} in ${key}, which was known to be there`, append.by);
    }
    if (elements.length > list.longest.length) {
      list.longest = elements;
      list.longestRead = by;
      for (const element of elements) know(list, element, index);
    }
    return undefined;
  }

  #search(event: HistoryEvent): CheckResult | undefined {
    if (this.#history === undefined) return undefined;
    this.#history.push(event);
    if (this.#history.length < this.#searchAt) return undefined;
    this.#searchAt *= 2;
    const result = checkAppend(this.#history);
    if (this.#searchAt > SEARCH.last) this.#history = undefined;
    return result.verdict === "invalid" ? result : undefined;
  }
}

/** From the event so numbered on, if not before. */
function know(list: List | undefined, element: Element, from: number): void {
  const append = list?.appends.get(element);
  if (append !== undefined) append.knownFrom = Math.min(append.knownFrom, from);
}

function namedBy(invoke: HistoryEvent): Named {
  return { invoke: invoke.index, name: nameOf(invoke) };
}

function wrong(by: Named, what: string, other?: Named): CheckResult {
  const against = other === undefined ? "" : ` (${other.name})`;
  const operations = other === undefined ? [by.invoke] : [by.invoke, other.invoke];
  return violation(STRICT_SERIALIZABILITY, `${by.name} ${what}${against}`, operations);
}

function micro({ value }: HistoryEvent): readonly (readonly [string, string, unknown])[] {
  return value as readonly (readonly [string, string, unknown])[];
}
