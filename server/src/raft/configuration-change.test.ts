import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { change, changeSimply, enterJoint, flawOf, leaveJoint, mayFollow } from "./configuration-change.js";
import type { Changed, ChangeError } from "./configuration-change.js";
import { configurationOf, isJoint, membersOf } from "./configuration.js";
import type { Configuration, ConfigurationChange } from "./configuration.js";
import { Member } from "./member.js";
import type { MemberId } from "./message.js";
import { Replication } from "./replication.js";
import { entry } from "./testing/solo.js";
import { WORLD_CONFIG } from "./testing/world.js";

const MEMBERS = [1, 2, 3, 4, 5, 6];
const one = fc.constantFrom(...MEMBERS);
const wish: fc.Arbitrary<ConfigurationChange> = fc.oneof(
  fc.record({ type: fc.constant("add-voter"), member: one }),
  fc.record({ type: fc.constant("add-learner"), member: one, promote: fc.boolean() }),
  fc.record({ type: fc.constant("remove"), member: one }),
);
const wishes = fc.array(wish, { maxLength: 5 });

/** What changes lead to from three voters on; each step may be left joint. */
const reached: fc.Arbitrary<Configuration> = fc
  .array(fc.tuple(wishes, fc.boolean(), fc.boolean()), { maxLength: 6 })
  .map((steps) => {
    let configuration = configurationOf([1, 2, 3]);
    for (const [list, joint, autoLeave] of steps) {
      const next = isJoint(configuration)
        ? leaveJoint(configuration)
        : joint
          ? enterJoint(configuration, list, autoLeave)
          : change(configuration, list);
      configuration = next.configuration ?? configuration;
    }
    return configuration;
  });

function isQuorum({ voters, outgoing }: Configuration, members: ReadonlySet<MemberId>): boolean {
  return [voters, outgoing].every((half) => {
    return half.length === 0 || half.filter((member) => members.has(member)).length * 2 > half.length;
  });
}

/** Tried for every set of members and the set of all others. */
function canDecideApart(a: Configuration, b: Configuration): boolean {
  return Array.from({ length: 2 ** MEMBERS.length }, (_, bits) => bits).some((bits) => {
    const has = (member: MemberId) => (bits & (2 ** (member - 1))) !== 0;
    const side = MEMBERS.filter(has);
    const others = MEMBERS.filter((member) => !has(member));
    return isQuorum(a, new Set(side)) && isQuorum(b, new Set(others));
  });
}

test("no step lets two disjoint quorums decide, and each makes a configuration without flaw", () => {
  let simple = 0;
  let joint = 0;
  fc.assert(
    fc.property(reached, wishes, (before, list) => {
      const steps = [changeSimply(before, list), enterJoint(before, list, true), leaveJoint(before)];
      for (const { configuration: after } of steps) {
        if (after === null) continue;
        if (isJoint(after)) joint += 1;
        else simple += 1;
        expect(flawOf(after)).toBe(null);
        expect(mayFollow(before, after)).toBe(true);
        expect(canDecideApart(before, after)).toBe(false);
      }
    }),
    { numRuns: 400 },
  );
  expect(Math.min(simple, joint)).toBeGreaterThan(50);
});

test("whatever may follow shares a member of every quorum", () => {
  let followed = 0;
  fc.assert(
    fc.property(reached, reached, (before, after) => {
      if (!mayFollow(before, after)) return;
      followed += 1;
      expect(canDecideApart(before, after)).toBe(false);
    }),
    { numRuns: 1000 },
  );
  expect(followed).toBeGreaterThan(50);
});

test("a change comes to what was wished for, by a joint configuration where several voters differ", () => {
  fc.assert(
    fc.property(reached, wishes, (before, list) => {
      fc.pre(!isJoint(before));
      const { configuration, error } = change(before, list);
      expect([null, "no-voters-left"]).toContain(error);
      if (configuration === null) return;
      const left = isJoint(configuration) ? leaveJoint(configuration).configuration : configuration;
      const last = new Map(list.map((each) => [each.member, each]));
      for (const member of MEMBERS) {
        const present = (lists: Configuration) =>
          lists.voters.includes(member) ? "voter" : lists.learners.includes(member) ? "learner" : null;
        const type = last.get(member)?.type;
        const wanted = { "add-voter": "voter", "add-learner": "learner", remove: null };
        expect(left && present(left)).toBe(type === undefined ? present(before) : wanted[type]);
      }
      // Once more, it changes nothing.
      expect(left && change(left, list)).toEqual({ configuration: left, error: null });
    }),
  );
});

test("who is to be promoted is so until it is voter, removed, or wished for otherwise", () => {
  const learner = (promote: boolean) => ({ type: "add-learner", member: 4, promote }) as const;
  const start = change(configurationOf([1, 2, 3]), [learner(true)]).configuration;
  expect(start).toMatchObject({ learners: [4], promotable: [4] });
  if (start === null) return;
  for (const other of [
    { type: "add-voter", member: 4 },
    { type: "remove", member: 4 },
    learner(false),
  ] as const) {
    expect(change(start, [other]).configuration).toMatchObject({ promotable: [] });
  }
  // A voter that gives way to another learns when the joint configuration is left, and is promotable then.
  const replaced = change(start, [
    { type: "add-voter", member: 5 },
    { ...learner(true), member: 3 },
  ]);
  expect(replaced.configuration).toMatchObject({ learners: [4], learnersNext: [3], promotable: [3, 4] });
});

test.each<[Partial<Configuration>, string]>([
  [{ voters: [] }, "there are no voters"],
  [{ voters: [2, 1] }, "a list does not ascend"],
  [{ voters: [1, 1] }, "a list does not ascend"],
  [{ learners: [3] }, "a learner votes"],
  [{ outgoing: [4], learners: [4] }, "a learner votes"],
  [{ learnersNext: [4] }, "a learner-to-be is not among those who vote for the last time"],
  [{ outgoing: [3, 4], learnersNext: [3] }, "a learner-to-be is not among those who vote for the last time"],
  [{ promotable: [4] }, "one to be promoted does not learn"],
  [{ autoLeave: true }, "nothing joint is there to leave"],
])("a flaw is named: %o", (part, flaw) => {
  expect(flawOf({ ...configurationOf([1, 2, 3]), ...part })).toBe(flaw);
});

// ---- etcd's cases

/** Changes a configuration as a file's commands say, and follows it with a real leader's progress. */
class Script {
  private readonly member = new Member(
    { ...WORLD_CONFIG, self: 99, initial: configurationOf([]) },
    { hardState: { term: 1, vote: null }, snapshot: null, entries: [] },
  );
  private readonly replication = new Replication(this.member, []);
  private configuration = configurationOf([]);
  private commands = 0;

  run(command: string, tokens: readonly string[]): string {
    const wishesOf = tokens.flatMap(wishOf);
    const result = this.apply(command, wishesOf);
    // Each command is an entry, but the first.
    if (this.commands > 0) this.member.replaceLogFrom([entry(this.commands, 1)]);
    this.commands += 1;
    if (result.error !== null) return textOf(result.error, command);
    this.configuration = result.configuration;
    this.replication.setPeers(membersOf(this.configuration));
    return this.print();
  }

  private apply(command: string, list: readonly ConfigurationChange[]): Changed {
    if (command.startsWith("simple")) return changeSimply(this.configuration, list);
    if (command.startsWith("leave-joint")) return leaveJoint(this.configuration);
    return enterJoint(this.configuration, list, command.includes("autoleave=true"));
  }

  private print(): string {
    const { voters, outgoing, learners, learnersNext, autoLeave } = this.configuration;
    const named = (name: string, list: readonly MemberId[]) =>
      list.length === 0 ? "" : ` ${name}=(${list.join(" ")})`;
    const old = outgoing.length === 0 ? "" : `&&(${outgoing.join(" ")})`;
    const head = `voters=(${voters.join(" ")})${old}${named("learners", learners)}${named("learners_next", learnersNext)}`;
    const peers = [...this.replication.progress].map(([member, { state, matchIndex, nextIndex }]) => {
      const names = { probe: "StateProbe", replicate: "StateReplicate", snapshot: "StateSnapshot" };
      const role = learners.includes(member) ? " learner" : "";
      return `${member}: ${names[state]} match=${matchIndex} next=${nextIndex}${role}`;
    });
    return [head + (autoLeave ? " autoleave" : ""), ...peers].join("\n");
  }
}

/** `u`, an update of what the member is called, and member 0 are no change of the configuration. */
function wishOf(token: string): readonly ConfigurationChange[] {
  const member = Number(token.slice(1));
  if (member === 0) return [];
  if (token.startsWith("v")) return [{ type: "add-voter", member }];
  if (token.startsWith("l")) return [{ type: "add-learner", member, promote: false }];
  return token.startsWith("r") ? [{ type: "remove", member }] : [];
}

function textOf(error: ChangeError, command: string): string {
  const texts = {
    "already-joint": command.startsWith("simple")
      ? "can't apply simple config change in joint config"
      : "config is already joint",
    "not-joint": "can't leave a non-joint config",
    "no-voters": "can't make a zero-voter config joint",
    "no-voters-left": "removed all voters",
    "needs-joint": "more than one voter changed without entering joint config",
  };
  return texts[error];
}

test.each([
  ["joint_autoleave.txt", 4],
  ["joint_idempotency.txt", 3],
  ["joint_learners_next.txt", 3],
  ["joint_safety.txt", 15],
  ["simple_idempotency.txt", 11],
  ["simple_promote_demote.txt", 7],
  ["simple_safety.txt", 11],
  ["update.txt", 3],
  ["zero.txt", 1],
])("etcd's own cases agree: %s", (name, count) => {
  const data = process.env["GAUNTLET_DATA"];
  if (data === undefined) return console.log(`skipped: ${name}, for GAUNTLET_DATA is not set`);
  const script = new Script();
  const blocks = readFileSync(join(data, "raft", "confchange", name), "utf8")
    .split(/\n\s*\n/)
    .map((block) => block.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#")))
    .filter((lines) => lines.includes("----"));
  expect(blocks).toHaveLength(count);
  for (const lines of blocks) {
    const line = lines.indexOf("----");
    const tokens = lines.slice(1, line).flatMap((input) => input.split(" "));
    expect(script.run(lines[0] ?? "", tokens)).toBe(lines.slice(line + 1).join("\n"));
  }
});
