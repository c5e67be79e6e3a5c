import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Interaction, parseInteraction } from "./testing/interaction.js";
import type { Command } from "./testing/interaction.js";

/** Plays a file of etcd's raft library; null, and a word about it, where the files are not. */
function replay(name: string, after: (command: Command, play: Interaction) => void): Interaction | null {
  const data = process.env["GAUNTLET_DATA"];
  if (data === undefined) {
    console.log(`skipped: ${name}, for GAUNTLET_DATA is not set`);
    return null;
  }
  const play = new Interaction();
  const commands = parseInteraction(readFileSync(join(data, "raft", "interaction", name), "utf8"));
  expect(commands.length).toBeGreaterThan(40);
  for (const command of commands) {
    const shown = play.run(command);
    expect(shown ?? command.output, `line ${command.line}`).toBe(command.output);
    expectStates(command, play);
    after(command, play);
  }
  return play;
}

/** What the file says of terms, votes, commit indexes and leaders. */
function expectStates(command: Command, play: Interaction): void {
  let id = Number(command.args[0]);
  const last = new Map<number, { term: number; vote?: number; commitIndex: number }>();
  for (const line of command.output.split("\n")) {
    const ready = /^> (\d+) handling Ready/.exec(line);
    if (ready !== null) id = Number(ready[1]);
    const state = /^ *HardState Term:(\d+) (?:Vote:(\d+) )?Commit:(\d+)$/.exec(line);
    if (state !== null) {
      const vote = state[2] === undefined ? {} : { vote: Number(state[2]) };
      last.set(id, { term: Number(state[1]), ...vote, commitIndex: Number(state[3]) });
    }
    const leader = /^ *INFO (\d+) became leader at term (\d+)$/.exec(line);
    if (leader !== null) {
      const status = play.node(Number(leader[1])).core.status();
      expect(status, `line ${command.line}`).toMatchObject({ role: "leader", term: Number(leader[2]) });
    }
  }
  for (const [member, { vote, ...state }] of last) {
    const node = play.node(member);
    expect(node.core.status(), `member ${member}, line ${command.line}`).toMatchObject(state);
    const written = [...node.writes.flat(), ...node.persists].findLast(({ hardState }) => hardState !== null);
    if (vote !== undefined) expect((written?.hardState ?? node.hardState).vote).toBe(vote);
  }
}

test("etcd's case of writes that are overtaken while they are under way (ABA)", () => {
  let done = 0;
  const play = replay("async_storage_writes_append_aba_race.txt", (command, { node }) => {
    if (command.name !== "process-append-thread" || command.args.join() !== "1") return;
    done += 1;
    // Entries 12 of terms 1 and 2 reach the disk while the log has that of term 3: they do not count.
    expect(node(1).core.status().durableIndex, `line ${command.line}`).toBe(done < 4 ? 11 : 12);
    const acknowledged = node(1).acknowledged.filter((index) => index >= 12);
    expect(acknowledged, `line ${command.line}`).toEqual(done < 4 ? [] : [12]);
  });
  expect(done).toBe(play === null ? 0 : 4);
});

test("etcd's case of the Raft paper's figure 7: a new leader finds where seven logs part", () => {
  const play = replay("probe_and_replicate.txt", () => {});
  if (play === null) return;
  const { node } = play;
  // The file ends with news of the last commit on its way.
  play.run({ name: "stabilize", args: [], output: "", line: 0 });
  const log = node(1).disk.entries.map(({ index, term }) => `${term}/${index}`);
  expect(log.at(-1)).toBe("8/21");
  for (const id of play.ids) {
    expect(node(id).disk.entries.map(({ index, term }) => `${term}/${index}`)).toEqual(log);
    expect(node(id).core.status().commitIndex).toBe(21);
  }
  const peers = node(1).core.status().peers ?? [];
  expect(peers.map(({ member, state, matchIndex }) => [member, state, matchIndex])).toEqual(
    [2, 3, 4, 5, 6, 7].map((member) => [member, "replicate", 21]),
  );
});
