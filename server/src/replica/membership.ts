import type { Configuration } from "../raft/configuration.js";
import type { MemberId } from "../raft/message.js";

/** Whether the configuration gives the member a part, be it to listen, now or when a joint one is left. */
export function isMemberOf(configuration: Configuration, member: MemberId): boolean {
  const { voters, outgoing, learners, learnersNext } = configuration;
  return [voters, outgoing, learners, learnersNext].some((list) => list.includes(member));
}
