import type { Entry, MemberId } from "@gauntlet/server/inside";
import type { Book } from "./book.js";
import type { Slot } from "./entry-tree.js";
import type { StepView } from "./invariants.js";
import type { NodeImage } from "./node-image.js";
import { describeVoters, isQuorum, type Voters } from "./quorums.js";
import { broken } from "./violation.js";

/** Who may lead, what may be committed, and what may be made of it. */

/** `deciders`: the configuration before the step; a leader may leave it as soon as it has committed something. */
export function moved(book: Book, image: NodeImage, view: StepView, deciders: Voters): void {
  if (view.term < image.term) broken("term-monotonic", `${image.title} goes back to term ${view.term}`);
  if (view.commitIndex < image.commitIndex) {
    broken(
      "commit-monotonic",
      `${image.title} goes back from commit index ${image.commitIndex} to ${view.commitIndex}`,
    );
  }
  const isElected = view.role === "leader" && (image.role !== "leader" || view.term !== image.term);
  const voters = image.role === "leader" ? deciders : image.configuration;
  image.term = view.term;
  image.role = view.role;
  if (isElected) elected(book, image);
  if (view.commitIndex > image.commitIndex) commit(book, image, view.commitIndex, voters);
}

function elected(book: Book, image: NodeImage): void {
  book.elections += 1;
  const { term } = image;
  const other = book.leaders[term];
  if (other !== undefined && (other.image !== image || other.life !== image.life)) {
    broken(
      "election-safety",
      `${image.title} leads term ${term}, which ${other.image.name} led in its life ${other.life}`,
    );
  }
  book.leaders[term] = { image, life: image.life };
  // A leader of an old term may be elected late, when newer ones have committed more: it need not have that.
  const before = book.progress.findLast((committed) => committed.term < term);
  const last = before === undefined ? undefined : book.committed[before.index - 1];
  if (last !== undefined && image.memory[last.index - 1] !== last) incomplete(image, last);
}

/** One slot stands for the log up to it. */
function commit(book: Book, image: NodeImage, index: number, voters: Voters): void {
  const slot = image.memory[index - 1];
  if (slot === undefined) {
    broken(
      "state-machine-safety",
      `${image.title} commits up to ${index}, but its log ends at ${image.memory.length}`,
    );
  }
  if (image.role === "leader" && slot.term !== image.term) {
    broken(
      "commit-of-current-term",
      `${image.title} leads and commits entry ${index}, which is of term ${slot.term}`,
    );
  }
  image.commitIndex = index;
  const known = Math.min(index, book.committed.length);
  if (known > 0 && image.memory[known - 1] !== book.committed[known - 1]) divergent(book, image, known);
  if (index <= book.committed.length) return;
  checkQuorum(book, image, slot, voters);
  for (let next = book.committed.length; next < index; next++)
    book.committed.push(image.memory[next] as Slot);
  const latest = book.progress.at(-1);
  if (latest?.term === image.term) latest.index = index;
  else book.progress.push({ term: image.term, index });
  for (const other of book.images.values()) {
    if (other.role !== "leader" || !other.alive || other.term <= image.term) continue;
    if (other.memory[index - 1] !== slot) incomplete(other, slot);
  }
}

/** Nobody else had it committed: then it must be safe already, on the disks of a quorum. */
function checkQuorum(book: Book, image: NodeImage, slot: Slot, voters: Voters): void {
  const holds = (member: MemberId): boolean => book.images.get(member)?.vouchesFor(slot) === true;
  if (isQuorum(voters, holds)) return;
  const holders = [...book.images.values()].filter(({ member }) => holds(member)).map(({ name }) => name);
  broken(
    "committed-is-durable-on-a-quorum",
    `${image.title} commits entry ${slot.index} of term ${slot.term}, which is on the disks of ${holders.join(", ") || "nobody"} only (configuration ${describeVoters(voters)})`,
  );
}

function incomplete(image: NodeImage, { index, term }: Slot): never {
  const mine = image.memory[index - 1];
  return broken(
    "leader-completeness",
    `${image.title} leads without the committed entry ${index} of term ${term}; it has ${mine === undefined ? `a log up to ${image.memory.length}` : `one of term ${mine.term}`}`,
  );
}

/** Says where the two first differ, which is before or at `upTo`. */
function divergent(book: Book, image: NodeImage, upTo: number): never {
  let index = upTo;
  while (index > 1 && image.memory[index - 2] !== book.committed[index - 2]) index -= 1;
  return broken(
    "state-machine-safety",
    `${image.title} commits entry ${index} of term ${image.memory[index - 1]?.term}, elsewhere the one of term ${book.committed[index - 1]?.term} is committed`,
  );
}

export function applied(book: Book, image: NodeImage, entries: readonly Entry[]): void {
  for (const { index, term } of entries) {
    if (index !== image.appliedIndex + 1) {
      broken("applied-in-order", `${image.title} applies entry ${index} after ${image.appliedIndex}`);
    }
    const slot = book.committed[index - 1];
    if (index > image.commitIndex || slot?.term !== term) {
      broken(
        "state-machine-safety",
        `${image.title} applies entry ${index} of term ${term}, but committed is ${slot === undefined || index > image.commitIndex ? `up to ${Math.min(image.commitIndex, book.committed.length)}` : `the one of term ${slot.term}`}`,
      );
    }
    if (image.durable[index - 1] !== slot) {
      broken("applied-is-durable", `${image.title} applies entry ${index} before its disk has it`);
    }
    image.appliedIndex = index;
  }
}

export function readReady(book: Book, image: NodeImage, id: number, index: number): void {
  const floor = image.reads.get(id);
  if (floor === undefined) {
    broken("read-sees-what-was-committed", `${image.title} answers read ${id}, which is not open`);
  }
  image.reads.delete(id);
  if (index < floor || index > book.committed.length) {
    broken(
      "read-sees-what-was-committed",
      `${image.title} gives read ${id} the index ${index}; ${floor} was committed when it began, ${book.committed.length} is now`,
    );
  }
}
