import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { majoritySize, reachedByMajority, tally } from "./quorum.js";

const values = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 7 });

test("a majority is more than half, and two of them meet", () => {
  expect([1, 2, 3, 4, 5].map(majoritySize)).toEqual([1, 2, 2, 3, 3]);
});

test("reached by a majority is the highest value that enough voters have passed", () => {
  fc.assert(
    fc.property(values, (reached) => {
      const passed = (value: number) => reached.filter((own) => own >= value).length * 2 > reached.length;
      const expected = Math.max(...Array.from({ length: 10 }, (_, value) => value).filter(passed));
      expect(reachedByMajority(reached)).toBe(expected);
    }),
  );
});

test("a vote is lost as soon as, and only when, the missing answers cannot win it", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(true, false, null), { minLength: 1, maxLength: 7 }), (answers) => {
      const granted = answers.filter((answer) => answer === true).length;
      const missing = answers.filter((answer) => answer === null).length;
      const wins = (votes: number) => votes * 2 > answers.length;
      const expected = wins(granted) ? "won" : wins(granted + missing) ? "pending" : "lost";
      expect(tally(answers.length, granted, answers.length - granted - missing)).toBe(expected);
    }),
  );
});

interface Case {
  readonly name: string;
  readonly command: string;
  readonly voters: number;
  readonly inputs: readonly string[];
  readonly answer: string;
}

/** The cases of etcd's quorum package. Of the expected output, the last line is the answer; the rest is a drawing. */
function casesOf(file: string): readonly Case[] {
  const text = readFileSync(file, "utf8");
  const blocks = text.split(/\n\s*\n/).map((block) => {
    return block.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
  });
  return blocks
    .filter((lines) => lines.includes("----"))
    .map((lines) => {
      const name = lines[0] ?? "";
      const list = (argument: string) => {
        const inside = new RegExp(`${argument}=\\(([^)]*)\\)`).exec(name)?.[1] ?? "";
        return inside.split(",").flatMap((item) => (item.trim() === "" ? [] : [item.trim()]));
      };
      const answer = (lines.at(-1) ?? "").replace("<empty majority quorum>", "");
      const command = name.split(" ")[0] ?? "";
      return {
        name,
        command,
        voters: new Set(list("cfg")).size,
        inputs: [...list("idx"), ...list("votes")],
        answer,
      };
    });
}

function answerTo({ command, voters, inputs }: Case): string {
  const given = Array.from({ length: voters }, (_, at) => inputs[at] ?? "_");
  if (command === "committed") {
    const index = reachedByMajority(given.map((value) => (value === "_" ? 0 : Number(value))));
    return index === Number.POSITIVE_INFINITY ? "∞" : String(index);
  }
  const count = (answer: string) => given.filter((value) => value === answer).length;
  return { won: "VoteWon", lost: "VoteLost", pending: "VotePending" }[tally(voters, count("y"), count("n"))];
}

test.each([["majority_commit.txt"], ["majority_vote.txt"]])("etcd's own cases agree: %s", (name) => {
  const data = process.env["GAUNTLET_DATA"];
  const cases = data === undefined ? [] : casesOf(join(data, "raft", "quorum", name));
  if (data === undefined) console.log(`skipped: all cases of ${name}, for GAUNTLET_DATA is not set`);
  expect(data === undefined || cases.length > 10).toBe(true);
  expect(cases.map((one) => [one.name, answerTo(one)])).toEqual(
    cases.map(({ name, answer }) => [name, answer]),
  );
});
