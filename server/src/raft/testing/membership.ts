import type { RaftConfig } from "../config.js";
import { configurationOf } from "../configuration.js";
import type { Configuration, ConfigurationChange } from "../configuration.js";
import { ENTRY_VERSION } from "../entry.js";
import type { ConfigurationEntry } from "../entry.js";
import type { Effect } from "../event.js";
import type { MemberId } from "../message.js";
import { only, sent, Solo } from "./solo.js";

export const voter = (member: MemberId) => ({ type: "add-voter", member }) as const;
export const learner = (member: MemberId, promote = false) =>
  ({ type: "add-learner", member, promote }) as const;
export const removal = (member: MemberId) => ({ type: "remove", member }) as const;
export const bytes = (text: string) => new TextEncoder().encode(text);

export function configured(
  index: number,
  term: number,
  part: Partial<Configuration>,
  data = "",
): ConfigurationEntry {
  const configuration = { ...configurationOf([1, 2, 3]), ...part };
  const slot = { index, term, version: ENTRY_VERSION, timestampMs: 0, data: bytes(data) };
  return { ...slot, kind: "configuration", configuration };
}

export function change(solo: Solo, changes: readonly ConfigurationChange[], id = 70): readonly Effect[] {
  return solo.step({ type: "change", id, changes, data: bytes("asked") });
}

export function accept(solo: Solo, from: number, matchIndex: number): readonly Effect[] {
  return solo.receive(from, solo.core.status().term, { type: "append-accepted", matchIndex });
}

/** All named hold the whole log, and so does the leader's disk. */
export function acceptAll(solo: Solo, members: readonly number[]): readonly Effect[] {
  const effects = [...solo.sync()];
  const { lastIndex } = solo.core.status();
  for (const member of members) effects.push(...accept(solo, member, lastIndex));
  return effects;
}

export function elect(solo: Solo, voters: readonly number[]): void {
  while (solo.core.status().role === "follower") solo.tick();
  const term = solo.core.status().term + 1;
  for (const from of voters) solo.receive(from, term, { type: "vote-response", pre: true, granted: true });
  solo.sync();
  if (solo.core.status().role !== "candidate") return;
  for (const from of voters) solo.receive(from, term, { type: "vote-response", pre: false, granted: true });
}

/** Of {1, 2, 3}, with its first entry committed. */
export function leaderOfThree(config: Partial<RaftConfig> = {}): Solo {
  const solo = new Solo(config);
  elect(solo, [2]);
  acceptAll(solo, [2, 3]);
  const { role, commitIndex } = solo.core.status();
  if (role !== "leader" || commitIndex !== 1) throw new Error(`${role}, commit index ${commitIndex}`);
  return solo;
}

export const refusals = (effects: readonly Effect[]) =>
  only(effects, "proposals-refused").map(({ id, reason }) => `${id} ${reason}`);

/** Kind and voters of the configurations in what is sent to `to`. */
export const configurationsTo = (to: number, effects: readonly Effect[]) =>
  sent(effects)
    .flatMap((message) => (message.type === "append" && message.to === to ? message.entries : []))
    .filter((one): one is ConfigurationEntry => one.kind === "configuration");
