import { Metadata } from "@grpc/grpc-js";
import { maintenanceService, toSafeNumber } from "@gauntlet/proto";
import { StartError } from "./node-directory.js";
import { peerClient } from "./peer/client.js";
import { CONNECTION_OPTIONS } from "./peer/options.js";
import type { AcceptedLoss } from "./replica/accept-loss.js";

/** What people have to write to show that they know. */
export const CONFIRMATION = "--yes-i-may-lose-acknowledged-writes";

export const UNCONFIRMED =
  "accept-loss lets a member vote although it lost entries that it had acknowledged: writes that nobody else has are " +
  "then gone for good. Bring the other members back first; it is for when a majority cannot be had without it, on as few members as " +
  `that takes. Repeat it with ${CONFIRMATION}`;

const ASK_MS = 2000;

/** Rejects with StartError where one of the members that these addresses of clients belong to knows of a leader. */
export async function refuseWhereOneLeads(clientUrls: readonly string[]): Promise<void> {
  const answers = await Promise.all(clientUrls.map(async (url) => ({ url, leader: await leaderBy(url) })));
  const led = answers.find(({ leader }) => leader !== 0);
  if (led === undefined) return;
  throw new StartError(
    `the cluster has a leader, says its member at ${led.url}: nothing was changed. Start this member, and it gets from that one ` +
      "what it lost",
  );
}

/** 0: none, or nobody answers. */
function leaderBy(url: string): Promise<number> {
  const client = peerClient(url, CONNECTION_OPTIONS);
  const { path, requestSerialize, responseDeserialize } = maintenanceService.status;
  return new Promise((resolve) => {
    const deadline = Date.now() + ASK_MS;
    const call = [path, requestSerialize, responseDeserialize, {}, new Metadata(), { deadline }] as const;
    client.makeUnaryRequest(...call, (error, response) => {
      client.close();
      resolve(error !== null || response === undefined ? 0 : toSafeNumber(response.leader ?? 0));
    });
  });
}

/** What the command says; `member`: who it is. */
export function accountOf(member: string, { lostTo, lastIndex, configuration }: AcceptedLoss): string[] {
  const voters = configuration.voters.length;
  const lines = [
    `${member} votes again with what it has: its log ends at entry ${lastIndex}; of the entries up to ${lostTo}, which it had ` +
      "acknowledged, those that no other member has are lost",
  ];
  if (voters === 0) return lines;
  const majority = Math.floor(voters / 2) + 1;
  return [
    ...lines,
    `it knows of ${voters} voters: a leader needs ${majority} that are whole or accepted their loss. Let no more accept it than ` +
      "that takes, or what a whole member has may be lost, too; the others get everything from the leader. Now start it",
  ];
}
