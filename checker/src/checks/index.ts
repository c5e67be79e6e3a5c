/**
 * The plain checks of a test rig: each goes through a recorded history once and needs no search.
 *
 * | check | proves (verdict `ok`) | cannot see |
 * |---|---|---|
 * | `setFull()` | nothing known to be in the set is missing from the last reads; no read shows an element twice, one that was never added, whose add failed, or before its add began | an element that is missing for a while (counted as stale); losses after the last read |
 * | `setFull({ linearizable: true })` | there is an order of all adds and reads, each between its invoke and completion, that explains every read: exact, and without a search, since the set only grows | what no read shows |
 * | `counterBounds()` | each read is between the least and the greatest value that the counter could have had while it ran | values in between that no choice of the open adds gives; two reads that contradict each other within their bounds; a history without reads is ok |
 * | `uniqueIds()` | no id was acknowledged twice | ids of operations that crashed |
 * | `bank()` | each read has the right accounts and the right sum, none overdrawn: what a consistent snapshot shows | whether a snapshot is recent, whether a transfer took effect at all; a wrong total that the first read shares (give `total`) |
 * | `longFork({ groupSize })` | no two reads of a group saw its writes in contradictory orders | whether reads are recent; forks across groups |
 * | `linearizable(model, toOperations)` | there is an order of all operations in which a sequential object gives these answers | what no answer shows; the search may give up |
 * | `compose(checks)` | all of them | |
 *
 * All take events in order of time and pair them alike (pair.ts): an operation without a completion, or with `info`,
 * may take effect at any time after its invoke or never; `fail` means that it did not happen; processes
 * that are not numbers are passed over. Recordings of completions alone are accepted by `uniqueIds`, `bank` and
 * `longFork`, which compare no times. What makes no sense throws `InputError` with the event's position and index:
 * two operations open on one process, a completion without an invoke, a function that the check does not know.
 *
 * `unknown` says that nothing was there to judge. Evidence is bounded: the first 16 of a kind and how many there are.
 */
export {
  type BankDetails,
  type BankError,
  type BankErrors,
  type BankErrorType,
  type BankOptions,
  bank,
} from "./bank.js";
export { type Check, type CheckReport, type HistoryEvent, merge } from "./check.js";
export { type ComposeDetails, compose } from "./compose.js";
export { type CounterBoundsDetails, type CounterRead, counterBounds } from "./counter-bounds.js";
export { linearizable, type LinearizableDetails } from "./linearizable.js";
export { type Fork, type LongForkDetails, type LongForkOptions, longFork } from "./long-fork.js";
export { type OperationRef, type PairedOperation, type PairOptions, pairOperations } from "./pair.js";
export type { LatencyQuantiles } from "./quantiles.js";
export { EVIDENCE_SHOWN, type Sample } from "./sample.js";
export {
  type LostElement,
  type SetFullDetails,
  type SetFullOptions,
  type StaleElement,
  setFull,
  type UnexpectedElement,
} from "./set-full.js";
export { type DuplicateId, type UniqueIdsDetails, uniqueIds } from "./unique-ids.js";
export type { PlainValue } from "./value.js";
