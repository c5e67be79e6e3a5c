import type { CheckResult, HistoryEvent } from "@gauntlet/histories";
import type { LiveCheck } from "./workload.js";

/** `details` of a failed revision check. */
export interface RevisionEvidence {
  readonly kind: "revisions";
  /** Key of the answer that broke the order. */
  readonly key: string | null;
  /** Index of the completion event that is wrong, and of the one that it contradicts. */
  readonly event: number;
  readonly contradicts: number;
}

interface Answered {
  readonly revision: number;
  readonly event: HistoryEvent;
}

/**
 * The store's revision never goes back in real time, and each write has a revision of its own.
 *
 * Why this is sound: the revision counts the writes applied to the whole store, so it is a part of the
 * store's state that every answer shows. A write takes effect when it is applied, and answers the revision it
 * made (a compare-and-set that changed nothing: the revision it found). A linearizable read answers the
 * revision of the state it read, and that state holds everything that was committed when the read began.
 * An operation that begins after another one ended is therefore applied to a state that has at least the other's
 * revision, on whatever key and node; if it changes something, to one that has more. Operations without
 * an answer only add to the revision. It would not hold for serializable reads: they may be stale by right.
 *
 * Undefined for a history whose answers carry no revisions.
 */
export function checkRevisions(history: readonly HistoryEvent[]): CheckResult | undefined {
  const order = new RevisionOrder();
  for (const event of history) {
    const found = order.push(event);
    if (found !== undefined) return found;
  }
  if (order.answers === 0) return undefined;
  const reason = `the revisions of ${order.answers} answers agree with the order of the operations`;
  return { name: "revisions", kind: "safety", verdict: "valid", reason };
}

/** The same, event by event while a history grows. */
export class RevisionOrder implements LiveCheck {
  /** How many answers carried a revision. */
  answers = 0;
  /** By process: the highest revision that had been answered when its open operation began. */
  readonly #floors = new Map<number | "nemesis", Answered | undefined>();
  readonly #writers = new Map<number, HistoryEvent>();
  #highest: Answered | undefined;

  push(event: HistoryEvent): CheckResult | undefined {
    if (event.type === "invoke") this.#floors.set(event.process, this.#highest);
    const { revision } = event;
    if (event.type !== "ok" || revision === undefined) return undefined;
    this.answers += 1;
    const floor = this.#floors.get(event.process);
    const changes = event.f === "write" || (event.f === "cas" && event.succeeded !== false);
    if (floor !== undefined && (changes ? revision <= floor.revision : revision < floor.revision))
      return violation(event, floor.event, "which had ended before it began");
    const twin = changes ? this.#writers.get(revision) : undefined;
    if (twin !== undefined) return violation(event, twin, "and two writes never share a revision");
    if (changes) this.#writers.set(revision, event);
    if (this.#highest === undefined || revision > this.#highest.revision) this.#highest = { revision, event };
    return undefined;
  }
}

function violation(event: HistoryEvent, other: HistoryEvent, why: string): CheckResult {
  const details: RevisionEvidence = {
    kind: "revisions",
    key: event.key ?? null,
    event: event.index,
    contradicts: other.index,
  };
  const reason =
    `${event.f} of ${event.key} (event ${event.index}, ${where(event)}) answered revision ${event.revision}, ` +
    `but ${other.f} of ${other.key} (event ${other.index}, ${where(other)}) answered ${other.revision}, ${why}`;
  return { name: "revisions", kind: "safety", verdict: "invalid", reason, details };
}

function where(event: HistoryEvent): string {
  return event.node === undefined ? `process ${event.process}` : `process ${event.process} on ${event.node}`;
}
