import type { MemberId, Message, MessageOf } from "@gauntlet/server/inside";
import type { Book } from "./book.js";
import type { Slot } from "./entry-tree.js";
import type { NodeImage, Placed } from "./node-image.js";
import { describeVoters } from "./quorums.js";
import { broken } from "./violation.js";

/** What may leave a node. */

export function sent(book: Book, image: NodeImage, message: Message): void {
  const { durableState } = image;
  if (message.term > durableState.term && !isForecast(message)) {
    broken(
      "term-durable-before-it-leaves",
      `${image.title} sends ${message.type} of term ${message.term} to ${book.nameOf(message.to)}, but term ${durableState.term} is on its disk`,
    );
  }
  switch (message.type) {
    case "append":
    case "heartbeat":
    case "snapshot":
    case "timeout-now":
      if (book.leaders[message.term]?.image !== image) {
        broken(
          "election-safety",
          `${image.title} speaks as the leader of term ${message.term}, which it is not`,
        );
      }
      if (message.type === "heartbeat" && image.role === "leader") checkBelongs(image);
      break;
    case "append-accepted":
      if (message.term === image.term) acknowledged(book, image, message);
      break;
    case "vote-request":
      checkWhole(image, "asks for votes");
      if (!message.pre) voted(book, image, message.term, image.member);
      break;
    case "vote-response":
      if (message.granted) checkWhole(image, "gives a vote");
      if (!message.pre && message.granted) voted(book, image, message.term, message.to);
      break;
    case "append-rejected":
    case "heartbeat-response":
    case "propose":
    case "propose-change":
    case "proposals-refused":
    case "read-request":
    case "read-response":
      break;
  }
}

/** In the step in which its removal is committed a leader says so to the others, and leads no more after it. */
function checkBelongs(image: NodeImage): void {
  const { index, voters } = image.configurations.at(-1) as Placed;
  if (index > image.commitIndex || voters.voters.includes(image.member)) return;
  if (voters.outgoing.includes(image.member)) return;
  broken(
    "removed-leader-steps-down",
    `${image.title} still leads, though entry ${index} made ${describeVoters(voters)} the configuration and is committed`,
  );
}

function checkWhole(image: NodeImage, does: string): void {
  const { lostTo } = image.durableState;
  if (lostTo === undefined) return;
  broken(
    "losses-are-owned-up-to",
    `${image.title} ${does}, but lost entries up to ${lostTo} and may not have them back`,
  );
}

function voted(book: Book, image: NodeImage, term: number, candidate: MemberId): void {
  const earlier = image.votes.get(term) ?? candidate;
  if (earlier !== candidate) {
    broken(
      "one-vote-a-term",
      `${image.title} votes for ${book.nameOf(candidate)} in term ${term}, and voted for ${book.nameOf(earlier)}`,
    );
  }
  image.votes.set(term, candidate);
  const { durableState } = image;
  if (durableState.term < term || (durableState.term === term && durableState.vote !== candidate)) {
    broken(
      "term-durable-before-it-leaves",
      `${image.title} votes for ${book.nameOf(candidate)} in term ${term}, but its disk has term ${durableState.term} and vote ${durableState.vote}`,
    );
  }
}

function acknowledged(book: Book, image: NodeImage, { matchIndex, to }: MessageOf<"append-accepted">): void {
  if (matchIndex === 0) return;
  const slot = image.durable[matchIndex - 1];
  if (slot === undefined || slot !== image.memory[matchIndex - 1]) {
    const has =
      slot === undefined
        ? `its log up to ${image.durable.length} only`
        : `one of term ${slot.term} there, and its memory ${textOf(image.memory[matchIndex - 1])}`;
    broken(
      "acknowledged-is-durable",
      `${image.title} acknowledges entries up to ${matchIndex} to ${book.nameOf(to)}, but its disk has ${has}`,
    );
  }
  const leader = book.images.get(to);
  if (leader === undefined || !leader.alive || leader.role !== "leader" || leader.term !== image.term) return;
  const theirs = leader.memory[matchIndex - 1];
  if (theirs !== slot) {
    broken(
      "acknowledged-is-durable",
      `${image.title} acknowledges entry ${matchIndex} of term ${slot.term} to ${leader.name}, which has ${textOf(theirs)} there`,
    );
  }
}

function textOf(slot: Slot | undefined): string {
  return slot === undefined ? "none" : `one of term ${slot.term}`;
}

/** A pre-vote names a term that nobody is in yet, and binds nobody. */
function isForecast(message: Message): boolean {
  return (
    (message.type === "vote-request" && message.pre) ||
    (message.type === "vote-response" && message.pre && message.granted)
  );
}
