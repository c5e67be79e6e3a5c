import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { MemberId } from "./message.js";
import { majoritySize, reachedByQuorum, tally } from "./quorum.js";

const half = fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { maxLength: 7 });
const decides = (voters: readonly MemberId[], agree: (voter: MemberId) => boolean) =>
  voters.length === 0 || voters.filter(agree).length * 2 > voters.length;

test("a majority is more than half, and two of them meet", () => {
  expect([1, 2, 3, 4, 5].map(majoritySize)).toEqual([1, 2, 2, 3, 3]);
});

test("reached by a quorum is the highest value that enough voters of both halves have passed", () => {
  fc.assert(
    fc.property(
      half,
      half,
      fc.array(fc.nat(9), { minLength: 8, maxLength: 8 }),
      (voters, outgoing, values) => {
        const reached = (voter: MemberId) => values[voter] ?? 0;
        const passed = (value: number) =>
          [voters, outgoing].every((one) => decides(one, (voter) => reached(voter) >= value));
        const all = Array.from({ length: 10 }, (_, value) => value);
        const nobody = voters.length + outgoing.length === 0;
        const expected = nobody ? Number.POSITIVE_INFINITY : Math.max(...all.filter(passed));
        expect(reachedByQuorum({ voters, outgoing }, reached)).toBe(expected);
      },
    ),
  );
});

test("a vote is lost as soon as, and only when, the missing answers cannot win it", () => {
  const answers = fc.array(fc.constantFrom(true, false, null), { minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(half, half, answers, (voters, outgoing, given) => {
      const votes = new Map(
        [...given.entries()].filter((vote): vote is [number, boolean] => vote[1] !== null),
      );
      const wins = (agree: (voter: MemberId) => boolean) =>
        [voters, outgoing].every((one) => decides(one, agree));
      const could = wins((voter) => votes.get(voter) !== false);
      const expected = wins((voter) => votes.get(voter) === true) ? "won" : could ? "pending" : "lost";
      expect(tally({ voters, outgoing }, votes)).toBe(expected);
    }),
  );
});

interface Case {
  readonly name: string;
  readonly command: string;
  readonly voters: readonly MemberId[];
  readonly outgoing: readonly MemberId[];
  readonly inputs: ReadonlyMap<MemberId, string>;
  readonly answer: string;
}

/** The cases of etcd's quorum package. Of the expected output, the last line is the answer; the rest is a drawing. */
function casesOf(file: string): readonly Case[] {
  const blocks = readFileSync(file, "utf8")
    .split(/\n\s*\n/)
    .map((block) => block.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#")));
  return blocks
    .filter((lines) => lines.includes("----"))
    .map((lines) => {
      const name = lines[0] ?? "";
      const list = (argument: string) => {
        const inside = new RegExp(`${argument}=\\(([^)]*)\\)`).exec(name)?.[1] ?? "";
        return inside.split(",").flatMap((item) => (item.trim() === "" ? [] : [item.trim()]));
      };
      const voters = list("cfg").map(Number);
      const outgoing = list("cfgj").map(Number);
      // Values go to the members in the order in which these are first named.
      const values = [...list("idx"), ...list("votes")];
      const members = [...new Set([...voters, ...outgoing])];
      const inputs = new Map(members.map((member, at) => [member, values[at] ?? "_"]));
      const answer = (lines.at(-1) ?? "").replace("<empty majority quorum>", "");
      return { name, command: name.split(" ")[0] ?? "", voters, outgoing, inputs, answer };
    });
}

type Question = Pick<Case, "command" | "voters" | "outgoing" | "inputs">;

function answerTo({ command, voters, outgoing, inputs }: Question): string {
  const halves = { voters: [...new Set(voters)], outgoing: [...new Set(outgoing)] };
  if (command !== "vote") {
    const index = reachedByQuorum(halves, (voter) => Number((inputs.get(voter) ?? "_").replace("_", "0")));
    return index === Number.POSITIVE_INFINITY ? "∞" : String(index);
  }
  const votes = new Map<MemberId, boolean>();
  for (const [voter, answer] of inputs) if (answer !== "_") votes.set(voter, answer === "y");
  return { won: "VoteWon", lost: "VoteLost", pending: "VotePending" }[tally(halves, votes)];
}

function replayed(name: string): readonly Case[] {
  const data = process.env["GAUNTLET_DATA"];
  if (data === undefined) console.log(`skipped: all cases of ${name}, for GAUNTLET_DATA is not set`);
  const cases = data === undefined ? [] : casesOf(join(data, "raft", "quorum", name));
  expect(data === undefined || cases.length > 10).toBe(true);
  return cases;
}

test.each([["majority_commit.txt"], ["majority_vote.txt"], ["joint_commit.txt"], ["joint_vote.txt"]])(
  "etcd's own cases agree, whichever half comes first, and joint with nobody: %s",
  (name) => {
    const cases = replayed(name);
    const expected = cases.map((one) => [one.name, one.answer]);
    expect(cases.map((one) => [one.name, answerTo(one)])).toEqual(expected);
    const swapped = cases.map((one) => ({ ...one, voters: one.outgoing, outgoing: one.voters }));
    expect(swapped.map((one) => [one.name, answerTo(one)])).toEqual(expected);
    for (const one of cases.filter(({ outgoing }) => outgoing.length === 0)) {
      expect(answerTo({ ...one, outgoing: one.voters })).toBe(one.answer);
    }
  },
);

/** Commit by groups of members is not part of this Raft; it only ever holds a commit back. */
test("raft-rs's cases of group commit: none is ahead of the quorum, and one group is no condition", () => {
  const cases = replayed("joint_group_commit.raft-rs.txt");
  const ahead = cases.filter((one) => Number(one.answer) > Number(answerTo(one)));
  expect(ahead).toEqual([]);
  const oneGroup = cases.filter(({ name }) => /gid=\((?<group>\d+)(,\k<group>)*\)/.test(name));
  expect(oneGroup.map(answerTo)).toEqual(oneGroup.map(({ answer }) => answer));
});
