import { beforeEach, describe, expect, test } from "vitest";
import { StateDamaged } from "../ports.js";
import type { Effect } from "../raft/event.js";
import type { Message } from "../raft/message.js";
import { mark, noBytes } from "../testing/replica-snapshots.js";
import { OPTIONS, ReplicaWorld, SELF, failureOf, turn } from "../testing/replica-world.js";
import { StateClosed } from "./state.js";

let world: ReplicaWorld;

beforeEach(() => {
  world = new ReplicaWorld();
  world.replica.start();
});

describe("a snapshot for a peer", () => {
  const toPeer = (index: number): Effect => {
    const message: Message = { from: SELF, to: 12, term: 1, type: "snapshot", snapshot: mark(index) };
    return { type: "send", message };
  };
  const sentEvents = () => world.events.filter(({ type }) => type === "snapshot-sent");

  async function chunksOf(at: number): Promise<string> {
    const parts: string[] = [];
    for await (const chunk of world.streams[at]?.chunks ?? noBytes) parts.push(Buffer.from(chunk).toString());
    return parts.join(" ");
  }

  test("goes with the state, and the core is told how it ended", async () => {
    world.effects(toPeer(5));
    expect(world.sent).toEqual([]);
    expect(world.streams.map(({ message }) => message.to)).toEqual([12]);
    expect(await chunksOf(0)).toBe("image 5 end");
    world.streams[0]?.done();
    await turn();
    world.effects(toPeer(6));
    world.streams[1]?.fail(new Error("refused"));
    await turn();
    world.clock.advance(1020);
    expect(sentEvents()).toEqual([
      { type: "snapshot-sent", to: 12, ok: true },
      { type: "snapshot-sent", to: 12, ok: false },
    ]);
    expect(world.told).toEqual(["sent 5 to 12: ok", "sent 6 to 12: refused"]);
  });

  test("that failed is repeated after a pause, which grows until one arrives", async () => {
    async function pauseMs(): Promise<number> {
      const told = sentEvents().length;
      world.effects(toPeer(5));
      world.streams.at(-1)?.fail(new Error("no space left"));
      await turn();
      const { tickIntervalMs } = OPTIONS;
      for (let waitedMs = 0; waitedMs < 100_000; waitedMs += tickIntervalMs) {
        if (sentEvents().length > told) return waitedMs;
        world.clock.advance(tickIntervalMs);
      }
      throw new Error("the core is not told");
    }
    const pauses: number[] = [];
    for (let at = 0; at < 7; at += 1) pauses.push(await pauseMs());
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    world.effects(toPeer(5));
    world.streams.at(-1)?.done();
    await turn();
    expect(sentEvents().at(-1)).toMatchObject({ ok: true });
    expect(await pauseMs()).toBe(1000);
  });

  test("that the core begins within the pause of an earlier one ends that pause unheard", async () => {
    world.effects(toPeer(5));
    world.streams[0]?.fail(new Error("refused"));
    await turn();
    world.effects(toPeer(6));
    world.clock.advance(5000);
    expect(sentEvents()).toEqual([]);
    world.streams[1]?.done();
    await turn();
    expect(sentEvents()).toEqual([{ type: "snapshot-sent", to: 12, ok: true }]);
  });

  test("takes the place of an earlier one to the same peer, which ends unheard", async () => {
    world.effects(toPeer(5));
    world.effects(toPeer(6));
    expect(await failureOf(chunksOf(0))).toBe("a later one takes its place");
    world.streams[0]?.fail(new Error("late"));
    await turn();
    expect(sentEvents()).toEqual([]);
    expect(await chunksOf(1)).toBe("image 6 end");
  });

  test("that nothing moves is given up", async () => {
    world.effects(toPeer(5));
    world.clock.advance(62_100);
    expect(sentEvents()).toEqual([{ type: "snapshot-sent", to: 12, ok: false }]);
    expect(await failureOf(chunksOf(0))).toContain("nothing moved");
    world.streams[0]?.done();
    await turn();
    expect(sentEvents()).toHaveLength(1);
  });

  test("that has left whole may take longer to be read back, by what its size excuses", async () => {
    world.imageBytes = 30_000_000;
    world.effects(toPeer(5));
    await chunksOf(0);
    world.clock.advance(88_000);
    expect(sentEvents()).toEqual([]);
    world.clock.advance(4_000);
    expect(sentEvents()).toEqual([{ type: "snapshot-sent", to: 12, ok: false }]);
    expect(world.told.at(-1)).toContain("nothing moved");
  });

  test("ends the replica when its own state cannot be read, but not when that was replaced", async () => {
    world.fault = new StateClosed("replaced");
    world.effects(toPeer(5));
    await failureOf(chunksOf(0));
    expect(world.fatal).toEqual([]);
    world.fault = new StateDamaged("a bit is wrong");
    world.effects(toPeer(5));
    await failureOf(chunksOf(1));
    expect(world.fatal.map(({ message }) => message)).toEqual(["the state on disk cannot be read"]);
  });

  test("ends with the replica", async () => {
    world.effects(toPeer(5));
    world.replica.stop();
    expect(await failureOf(chunksOf(0))).toBe("the sender stops");
  });
});
