import { expect, test } from "vitest";
import { configurationOf } from "../raft/configuration.js";
import { MemoryStates } from "../store/testing/memory-engine.js";
import { nodeClock } from "../runtime/clock.js";
import { KvState } from "./kv-state.js";

const MARK = { index: 3, term: 1, configuration: configurationOf([1, 2]) };

function open(states: MemoryStates, memberId: number): Promise<KvState> {
  return KvState.open(0, {
    states,
    clock: nodeClock,
    owner: { clusterId: 9, memberId },
    failed: (error) => expect.fail(String(error)),
  });
}

test("a state that a snapshot takes the place of is removed at once, not with the next start", async () => {
  const sender = await open(new MemoryStates(), 1);
  expect(await sender.write(MARK)).toBe("written");
  const states = new MemoryStates();
  const state = await open(states, 2);
  const staged = await state.stage(sender.image(MARK.index));
  expect(await states.list()).toEqual([0, staged.generation]);
  staged.adopt();
  await expect.poll(() => states.list()).toEqual([staged.generation]);
  await state.close();
  await sender.close();
});

test("the state as of the checkpoint before the newest can still be sent: the core hears of a new one later", async () => {
  const state = await open(new MemoryStates(), 1);
  for (const index of [3, 5, 8]) expect(await state.write({ ...MARK, index })).toBe("written");
  expect(() => state.image(8)).not.toThrow();
  expect(() => state.image(5)).not.toThrow();
  expect(() => state.image(3)).toThrow("there is no checkpoint of entry 3");
  await state.close();
});
