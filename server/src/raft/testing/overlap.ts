import type { Configuration } from "../configuration.js";
import { membersOf } from "../configuration.js";
import { tally } from "../quorum.js";
import type { MemberId } from "../message.js";

/** Decides under the configuration: a majority of each half. */
export function isQuorum(configuration: Configuration, members: Iterable<MemberId>): boolean {
  return tally(configuration, new Map([...members].map((member) => [member, true]))) === "won";
}

/** No quorum of the one is without a member of every quorum of the other. By trying all. */
export function overlap(one: Configuration, other: Configuration): boolean {
  const key = JSON.stringify([one, other]);
  const known = decided.get(key);
  if (known !== undefined) return known;
  const members = membersOf(one);
  const others = membersOf(other);
  let overlaps = true;
  for (let subset = 0; subset < 2 ** members.length && overlaps; subset++) {
    const chosen = members.filter((_, at) => (subset & (1 << at)) !== 0);
    overlaps = !(
      isQuorum(one, chosen) &&
      isQuorum(
        other,
        others.filter((member) => !chosen.includes(member)),
      )
    );
  }
  decided.set(key, overlaps);
  return overlaps;
}

const decided = new Map<string, boolean>();
