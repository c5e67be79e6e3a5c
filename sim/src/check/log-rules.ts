import type { Effect, Entry, HardState, SnapshotMark } from "@gauntlet/server/inside";
import type { Book } from "./book.js";
import type { Slot } from "./entry-tree.js";
import type { RestoredView, StepView } from "./invariants.js";
import type { NodeImage, Placed } from "./node-image.js";
import { describeVoters, overlap, type Voters, votersIn } from "./quorums.js";
import { broken } from "./violation.js";

/** What a log may come to hold, in memory and over restarts. */

export function start(book: Book, image: NodeImage, { hardState, entries, snapshot }: RestoredView): void {
  const log = snapshot ? behind(book, image, snapshot) : [];
  const configurations: Placed[] = [{ index: 0, voters: book.initial }];
  if (snapshot) configurations.push({ index: snapshot.index, voters: snapshot.configuration });
  for (const entry of entries) {
    if (book.tree.find(entry.index, entry.term) === null) {
      broken(
        "durable-survives-restart",
        `${image.name} comes back with entry ${entry.index} of term ${entry.term}, which nobody ever wrote`,
      );
    }
    log.push(book.tree.take(entry, log.at(-1)?.term ?? 0, image.name));
    const voters = votersIn(entry);
    if (voters !== null) configurations.push({ index: entry.index, voters });
  }
  checkLog(image, log, hardState);
  checkState(image, hardState);
  image.startLife(hardState, log, configurations);
  image.commitIndex = snapshot?.index ?? 0;
  image.appliedIndex = image.commitIndex;
}

/** Nothing is missing that was durable; but a disk that was harmed may have lost it, and then the member says so. */
function checkLog(image: NodeImage, log: readonly Slot[], { lostTo = 0 }: HardState): void {
  const { durable, certainIndex, name } = image;
  const last = durable[certainIndex - 1];
  if (last === undefined || log[certainIndex - 1] === last) return;
  const what = `${name} comes back with a log up to ${log.length} without entry ${certainIndex} of term ${last.term}, which was durable`;
  if (!image.isDamaged) broken("durable-survives-restart", what);
  if (lostTo < certainIndex) {
    const said = lostTo === 0 ? "does not say so" : `says that it lost entries up to ${lostTo}`;
    broken("losses-are-owned-up-to", `${what}; its disk was harmed, and it ${said}`);
  }
  image.lost = [...image.lost, durable.slice(0, certainIndex)];
}

function checkState(image: NodeImage, state: HardState): void {
  const { durableState, isDamaged, name } = image;
  const isKnown = isDamaged
    ? isAsLate(state, durableState)
    : image.possibleStates.some((possible) => isSameState(possible, state));
  if (isKnown) return;
  broken(
    "durable-survives-restart",
    `${name} comes back in ${stateText(state)}, but ${stateText(durableState)} was durable`,
  );
}

/** Neither term nor vote went back, and what was lost and is not back is still known to be. */
function isAsLate(state: HardState, durable: HardState): boolean {
  if ((state.lostTo ?? 0) < (durable.lostTo ?? 0)) return false;
  if (state.term !== durable.term) return state.term > durable.term;
  return durable.vote === null || state.vote === durable.vote;
}

function isSameState(a: HardState, b: HardState): boolean {
  return a.term === b.term && a.vote === b.vote && a.lostTo === b.lostTo;
}

function stateText({ term, vote, lostTo }: HardState): string {
  const losses = lostTo === undefined ? "" : ` and losses up to ${lostTo}`;
  return `term ${term} with vote ${vote}${losses}`;
}

/** It says that it lost nothing any more: then it has all that was committed of what it once had. */
function recovered(book: Book, image: NodeImage): void {
  for (const lost of image.lost) {
    const index = agreement(lost, book.committed);
    const slot = book.committed[index - 1];
    if (slot === undefined || image.durable[index - 1] === slot) continue;
    broken(
      "losses-are-owned-up-to",
      `${image.title} forgets that it lost entries, but its disk has not got entry ${index} of term ${slot.term} back, which it once acknowledged and which is committed`,
    );
  }
  image.lost = [];
  image.isRecovering = false;
  book.recoveries += 1;
}

/** Up to which index two logs are one: a slot stands for all before it. */
function agreement(a: readonly Slot[], b: readonly Slot[]): number {
  let low = 0;
  let high = Math.min(a.length, b.length);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (a[middle - 1] === b[middle - 1]) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The slots that a snapshot stands for: always committed ones. */
function behind(book: Book, image: NodeImage, { index, term }: SnapshotMark): Slot[] {
  const last = book.committed[index - 1];
  if (last?.term !== term) {
    broken(
      "state-machine-safety",
      `${image.title} has a snapshot up to entry ${index} of term ${term}, committed is ${last === undefined ? "nothing" : `term ${last.term}`} there`,
    );
  }
  return book.committed.slice(0, index);
}

export function persist(
  book: Book,
  image: NodeImage,
  effect: Extract<Effect, { type: "persist" }>,
  view: StepView,
): void {
  const { sequence, hardState, snapshot, entries } = effect;
  if (hardState !== null && hardState.lostTo === undefined && image.isRecovering) recovered(book, image);
  let first = entries[0]?.index ?? null;
  if (snapshot !== null) {
    const before = image.memory;
    image.memory = behind(book, image, snapshot);
    image.configurations = [{ index: snapshot.index, voters: snapshot.configuration }];
    // Where both agree the disk has it, whether the snapshot comes to be there or not.
    first = agreement(before, image.memory) + 1;
    book.installs += 1;
  } else if (first !== null) cut(image, first, view);
  for (const entry of entries) append(book, image, entry, view);
  const slots = first === null ? [] : image.memory.slice(first - 1);
  image.ask({ sequence, hardState, snapshotIndex: snapshot?.index ?? 0, first, slots });
}

function cut(image: NodeImage, first: number, view: StepView): void {
  const { memory, configurations } = image;
  if (first === memory.length + 1) return;
  if (first > memory.length + 1) {
    broken("log-matching", `${image.title} writes entry ${first}, but its log ends at ${memory.length}`);
  }
  if (view.role === "leader" && image.role === "leader" && view.term === image.term) {
    broken("leader-append-only", `${image.title} replaces its log from ${first} on while it leads`);
  }
  if (first <= image.commitIndex) {
    broken(
      "state-machine-safety",
      `${image.title} replaces its log from ${first} on, but has committed up to ${image.commitIndex}`,
    );
  }
  memory.length = first - 1;
  while ((configurations.at(-1)?.index ?? 0) >= first) configurations.pop();
}

function append(book: Book, image: NodeImage, entry: Entry, view: StepView): Slot {
  const { memory } = image;
  if (entry.index !== memory.length + 1) {
    broken("log-matching", `${image.title} writes entry ${entry.index} in the place of ${memory.length + 1}`);
  }
  const previousTerm = memory.at(-1)?.term ?? 0;
  const isNew = book.tree.find(entry.index, entry.term) === null;
  const slot = book.tree.take(entry, previousTerm, image.name);
  if (isNew) {
    if (view.role !== "leader" || view.term !== entry.term) {
      broken(
        "leader-append-only",
        `entry ${entry.index} of term ${entry.term} comes into being at ${image.title}, which does not lead that term`,
      );
    }
    if (book.refused.size > 0) checkNotRefused(book, slot);
    checkOnce(book, slot, image.title);
  }
  const voters = votersIn(entry);
  if (voters !== null) {
    if (isNew) checkChange(image, slot, voters, view);
    image.configurations.push({ index: entry.index, voters });
  }
  memory.push(slot);
  return slot;
}

/** A leader leaves no configuration before it is committed, and begins no change before its own term is. */
function checkChange(image: NodeImage, { index, term }: Slot, voters: Voters, view: StepView): void {
  const present = image.configurations.at(-1) as Placed;
  const what = `${image.title} makes ${describeVoters(voters)} the configuration with entry ${index} of term ${term}`;
  if (!overlap(present.voters, voters)) {
    broken(
      "configurations-overlap",
      `${what} after ${describeVoters(present.voters)}, and they have quorums that do not meet`,
    );
  }
  if (present.index > view.commitIndex) {
    broken(
      "configurations-overlap",
      `${what} while ${describeVoters(present.voters)} (entry ${present.index}) is not committed`,
    );
  }
  if (image.memory[view.commitIndex - 1]?.term !== term) {
    broken("configurations-overlap", `${what} before it has committed an entry of its term`);
  }
}

export function checkNotRefused(book: Book, { index, term, entry, creator }: Slot): void {
  if (book.refused.has(contentOf(entry.data))) {
    broken(
      "refused-is-not-in-a-log",
      `entry ${index} of term ${term}, made by ${creator}, is a proposal whose caller was told that it is in no log`,
    );
  }
}

/** A command has its sender and a number, and is handed over once: so equal contents are one proposal. */
function checkOnce(book: Book, { index, term, entry }: Slot, name: string): void {
  if (entry.kind !== "normal") return;
  const content = contentOf(entry.data);
  const earlier = book.proposals.get(content);
  if (earlier !== undefined) {
    broken(
      "proposal-enters-once",
      `${name} makes entry ${index} of term ${term} of a proposal that is entry ${earlier.index} of term ${earlier.term} already`,
    );
  }
  book.proposals.set(content, { index, term });
}

export function contentOf(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("latin1");
}
