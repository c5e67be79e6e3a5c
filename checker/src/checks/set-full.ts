import { at } from "../operation.js";
import type { CheckVerdict } from "../result.js";
import type { Check, CheckReport, HistoryEvent } from "./check.js";
import { describeRef, type OperationRef, type PairedOperation, refOf } from "./pair.js";
import { type LatencyQuantiles, latencyQuantiles } from "./quantiles.js";
import { type Sample, Sampler } from "./sample.js";
import { readSetHistory, type SetElement, type SetHistory } from "./set-history.js";
import { orderOfSet } from "./set-order.js";
import { describeValue, type PlainValue, plainValue } from "./value.js";
import { counted } from "./words.js";

export interface SetFullOptions {
  /** Also a stale element is a violation, and the reads must be those of one linearizable set: exact. */
  readonly linearizable?: boolean;
}

/** Acknowledged or read once, and in no read that began after the last one with it. */
export interface LostElement {
  readonly element: PlainValue;
  readonly add: OperationRef | null;
  /** The operation from whose completion on the element was known: an acknowledged add or a read. */
  readonly known: OperationRef;
  readonly lastSeenIn: OperationRef | null;
  readonly firstMissingFrom: OperationRef;
}

/** Known, missing from a read that began later, in a read that began after that one. */
export interface StaleElement {
  readonly element: PlainValue;
  readonly known: OperationRef;
  readonly lastMissingFrom: OperationRef;
  readonly seenAgainIn: OperationRef;
}

export interface UnexpectedElement {
  readonly element: PlainValue;
  readonly cause: "never added" | "its add failed" | "read before its add began";
  readonly read: OperationRef;
  readonly add: OperationRef | null;
}

export interface SetFullDetails {
  readonly linearizable: boolean;
  /** Distinct elements whose add was invoked, acknowledged, read. */
  readonly attempted: number;
  readonly acknowledged: number;
  readonly read: number;
  readonly reads: { readonly attempted: number; readonly answered: number };
  readonly lost: Sample<LostElement>;
  readonly stale: Sample<StaleElement>;
  /** In no read, and no read owed it. An element whose adds failed is not counted. */
  readonly neverRead: Sample<{ readonly element: PlainValue; readonly add: OperationRef }>;
  readonly duplicated: Sample<{
    readonly element: PlainValue;
    readonly times: number;
    readonly read: OperationRef;
  }>;
  readonly unexpected: Sample<UnexpectedElement>;
  /** Null unless `linearizable`: reads of which each shows an element that the other lacks. */
  readonly incomparable: Sample<{
    readonly reads: readonly [OperationRef, OperationRef];
    readonly onlyIn: readonly [PlainValue, PlainValue];
  }> | null;
  /** Null unless `linearizable`: `read` shows `shown` without `missing`, acknowledged before that was added. */
  readonly reordered: Sample<{
    readonly read: OperationRef;
    readonly shown: PlainValue;
    readonly missing: PlainValue;
    readonly acknowledged: OperationRef;
    readonly add: OperationRef;
  }> | null;
  /** From the moment it was known to the begin of the last read without it; 0 if none lacked it. Null without times. */
  readonly stableLatency: LatencyQuantiles | null;
  /** Of lost elements, from the moment it was known to the begin of the last read with it; 0 if there is none. */
  readonly lostLatency: LatencyQuantiles | null;
}

/**
 * A set that only grows, `add` of an element and `read` of all, initially empty. Illegal: an element lost,
 * twice in a read, or read though it cannot be there; with `linearizable` exactly the histories that no
 * linearizable set has. Unknown: no read showed anything. Linear in the recording, elements of reads included.
 * After Jepsen's set-full, which passes over elements that cannot be there, and over staleness of less than a
 * millisecond (here the order of events counts). The decision for linearizable sets is in set-order.ts.
 */
export function setFull({ linearizable = false }: SetFullOptions = {}): Check<SetFullDetails> {
  return {
    name: "set-full",
    run(history: readonly HistoryEvent[]): CheckReport<SetFullDetails> {
      const set = readSetHistory(history, linearizable);
      const details = {
        linearizable,
        ...countsOf(set),
        ...outcomesOf(set),
        ...orderDetails(set, linearizable),
      };
      const violation = violationOf(details);
      const verdict: CheckVerdict =
        violation !== undefined ? "illegal" : details.read === 0 ? "unknown" : "ok";
      return { name: "set-full", verdict, reason: violation ?? praise(details), details };
    },
  };
}

function countsOf({
  elements,
  reads,
  readsAttempted,
}: SetHistory): Pick<SetFullDetails, "attempted" | "acknowledged" | "read" | "reads"> {
  return {
    attempted: elements.filter(({ add, failedAdd }) => (add ?? failedAdd) !== undefined).length,
    acknowledged: elements.filter(({ acknowledged }) => acknowledged !== undefined).length,
    read: elements.filter(({ lastPresent }) => lastPresent >= 0).length,
    reads: { attempted: readsAttempted, answered: reads.length },
  };
}

type Outcomes = Pick<
  SetFullDetails,
  "lost" | "stale" | "neverRead" | "duplicated" | "unexpected" | "stableLatency" | "lostLatency"
>;

function outcomesOf({ elements, reads, duplicates }: SetHistory): Outcomes {
  const lost = new Sampler<LostElement>();
  const stale = new Sampler<StaleElement>();
  const neverRead = new Sampler<{ element: PlainValue; add: OperationRef }>();
  const unexpected = new Sampler<UnexpectedElement>();
  const stableNs: (number | undefined)[] = [];
  const lostNs: (number | undefined)[] = [];
  for (const element of elements) {
    const { seenFirst, add, lastPresent } = element;
    const cause = unexpectedCause(element);
    if (cause !== undefined && seenFirst !== undefined)
      unexpected.add(() => unexpectedElement(element, cause, seenFirst));
    const known = knownBy(element);
    if (known === undefined || (lastPresent < 0 && !isOwed(known, reads))) {
      if (add !== undefined) neverRead.add(() => ({ element: plainValue(element.value), add: refOf(add) }));
      continue;
    }
    const lastAbsent = lastPresent < reads.length - 1 ? reads.length - 1 : element.lastGap;
    const absent = lastAbsent >= 0 && at(reads, lastAbsent).begin > known.end ? lastAbsent : -1;
    if (absent > lastPresent) {
      lost.add(() => lostElement(element, known, reads));
      lostNs.push(elapsedNs(known, reads[lastPresent]));
      continue;
    }
    stableNs.push(elapsedNs(known, reads[absent]));
    if (absent >= 0) stale.add(() => staleElement(element, known, absent, reads));
  }
  return {
    lost: lost.sample(),
    stale: stale.sample(),
    neverRead: neverRead.sample(),
    duplicated: {
      count: duplicates.count,
      first: duplicates.sample().first.map(({ element, times, read }) => ({
        element: plainValue(element.value),
        times,
        read: refOf(read),
      })),
    },
    unexpected: unexpected.sample(),
    stableLatency: quantilesOf(stableNs),
    lostLatency: quantilesOf(lostNs),
  };
}

/** The operation whose completion was the first to show that the element is in the set. */
function knownBy({ acknowledged, seenFirst }: SetElement): PairedOperation | undefined {
  if (acknowledged === undefined || seenFirst === undefined) return acknowledged ?? seenFirst;
  return acknowledged.end < seenFirst.end ? acknowledged : seenFirst;
}

function isOwed(known: PairedOperation, reads: readonly PairedOperation[]): boolean {
  const last = reads.at(-1);
  return last !== undefined && last.begin > known.end;
}

function unexpectedCause({ add, failedAdd, seenFirst }: SetElement): UnexpectedElement["cause"] | undefined {
  if (seenFirst === undefined) return undefined;
  if (add === undefined) return failedAdd === undefined ? "never added" : "its add failed";
  return seenFirst.end < add.begin ? "read before its add began" : undefined;
}

function unexpectedElement(
  { value, add, failedAdd }: SetElement,
  cause: UnexpectedElement["cause"],
  read: PairedOperation,
): UnexpectedElement {
  const tried = add ?? failedAdd;
  return {
    element: plainValue(value),
    cause,
    read: refOf(read),
    add: tried === undefined ? null : refOf(tried),
  };
}

function lostElement(
  { value, add, lastPresent }: SetElement,
  known: PairedOperation,
  reads: readonly PairedOperation[],
): LostElement {
  const lastSeen = reads[lastPresent];
  const missing = reads[Math.max(lastPresent + 1, firstBegunAfter(reads, known.end))];
  if (missing === undefined) throw new Error("an element is lost that no read lacks");
  return {
    element: plainValue(value),
    add: add === undefined ? null : refOf(add),
    known: refOf(known),
    lastSeenIn: lastSeen === undefined ? null : refOf(lastSeen),
    firstMissingFrom: refOf(missing),
  };
}

function staleElement(
  { value }: SetElement,
  known: PairedOperation,
  absent: number,
  reads: readonly PairedOperation[],
): StaleElement {
  return {
    element: plainValue(value),
    known: refOf(known),
    lastMissingFrom: refOf(at(reads, absent)),
    // No gap is later, so the next read shows it.
    seenAgainIn: refOf(at(reads, absent + 1)),
  };
}

/** Rank of the first read that began after a position. */
function firstBegunAfter(reads: readonly PairedOperation[], position: number): number {
  let [low, high] = [0, reads.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at(reads, middle).begin > position) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** From the completion of `known` to the begin of a read; 0 without a read, undefined without times. */
function elapsedNs(known: PairedOperation, read: PairedOperation | undefined): number | undefined {
  const from = known.completion?.time;
  if (from === undefined) return undefined;
  if (read === undefined) return 0;
  const to = read.invoke?.time;
  return to === undefined ? undefined : Math.max(0, to - from);
}

function quantilesOf(elapsed: readonly (number | undefined)[]): LatencyQuantiles | null {
  const known = elapsed.filter((ns) => ns !== undefined);
  return known.length === elapsed.length ? latencyQuantiles(known) : null;
}

function orderDetails(
  set: SetHistory,
  linearizable: boolean,
): Pick<SetFullDetails, "incomparable" | "reordered"> {
  if (!linearizable) return { incomparable: null, reordered: null };
  const { incomparable, reordered } = orderOfSet(set);
  const read = (rank: number): OperationRef => refOf(at(set.reads, rank));
  const value = (id: number): PlainValue => plainValue(at(set.elements, id).value);
  const forks = new Sampler<NonNullable<SetFullDetails["incomparable"]>["first"][number]>();
  for (const { left, right, onlyLeft, onlyRight } of incomparable) {
    forks.add(() => ({
      reads: [read(left), read(right)],
      onlyIn: [value(onlyLeft), value(onlyRight)],
    }));
  }
  const swaps = new Sampler<NonNullable<SetFullDetails["reordered"]>["first"][number]>();
  for (const { missing, shown, read: rank } of reordered) {
    const { acknowledged } = missing;
    const { add } = shown;
    if (acknowledged === undefined || add === undefined) throw new Error("adds without an order");
    swaps.add(() => ({
      read: read(rank),
      shown: plainValue(shown.value),
      missing: plainValue(missing.value),
      acknowledged: refOf(acknowledged),
      add: refOf(add),
    }));
  }
  return { incomparable: forks.sample(), reordered: swaps.sample() };
}

/** The worst violation in a sentence. */
function violationOf(details: SetFullDetails): string | undefined {
  const { lost, unexpected, duplicated, stale, incomparable, reordered, linearizable } = details;
  const [gone, strange, double] = [lost.first[0], unexpected.first[0], duplicated.first[0]];
  if (gone !== undefined) {
    const seen =
      gone.lastSeenIn === null ? "no read ever showed it" : `last seen in ${name(gone.lastSeenIn)}`;
    return `${counted(lost.count, "element is lost", "elements are lost")}: ${show(gone.element)} was ${knownWords(gone.known)}, but ${name(gone.firstMissingFrom)} and every read that began later lack it (${seen})`;
  }
  if (strange !== undefined)
    return `${counted(unexpected.count, "element was read that cannot be there", "elements were read that cannot be there")}: ${name(strange.read)} showed ${show(strange.element)} (${strange.cause}${strange.add === null ? "" : `: operation ${strange.add.index}, process ${strange.add.process}`})`;
  if (double !== undefined)
    return `${counted(duplicated.count, "element is", "elements are")} more than once in a read: ${name(double.read)} showed ${show(double.element)} ${double.times} times`;
  if (!linearizable) return undefined;
  const [late, fork, swap] = [stale.first[0], incomparable?.first[0], reordered?.first[0]];
  if (late !== undefined)
    return `${counted(stale.count, "element was", "elements were")} stale: ${show(late.element)} was ${knownWords(late.known)}, but ${name(late.lastMissingFrom)} began later and lacks it`;
  if (fork !== undefined)
    return `reads contradict each other: ${name(fork.reads[0])} showed ${show(fork.onlyIn[0])} without ${show(fork.onlyIn[1])}, ${name(fork.reads[1])} the other way round`;
  if (swap !== undefined)
    return `${name(swap.read)} showed ${show(swap.shown)} without ${show(swap.missing)}, though ${describeRef(swap.acknowledged, swap.missing)} was acknowledged before ${describeRef(swap.add, swap.shown)} began`;
  return undefined;
}

function knownWords(known: OperationRef): string {
  return `${known.f === "add" ? "acknowledged" : "shown"} by ${name(known)}`;
}

function praise({ read, reads, acknowledged, attempted, stale, linearizable }: SetFullDetails): string {
  if (reads.answered === 0) return `no read was answered (${reads.attempted} tried), so nothing was checked`;
  const answered = counted(reads.answered, "read");
  const elements = `of ${counted(attempted, "element")} (${acknowledged} acknowledged)`;
  if (read === 0) return `${answered} showed none ${elements}, so nothing was checked`;
  if (linearizable) return `${answered} showed ${read} ${elements}, as one linearizable set would`;
  const late = stale.count === 0 ? "none stale" : `${stale.count} stale for a while`;
  return `${answered} showed ${read} ${elements}; none is lost, ${late}`;
}

const name = (operation: OperationRef): string => describeRef(operation);
const show = describeValue;
