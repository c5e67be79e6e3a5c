import { gauntletpeer } from "@gauntlet/proto";
import { beforeEach, expect, test } from "vitest";
import { configurationOf } from "../raft/configuration.js";
import { MemoryStates } from "../store/testing/memory-engine.js";
import { ManualClock } from "../testing/manual-clock.js";
import { TestDisk } from "../wal/test-disk.js";
import { entry } from "../wal/test-log.js";
import { openDurable } from "./durable.js";
import type { KvState } from "./kv-state.js";
import { placeOf } from "./open.js";
import { StateForeign, ownerOf } from "./state-owner.js";

const THREE = configurationOf([1, 2, 3]);
const OWNER = { clusterId: 9, memberId: 1 };

let disk: TestDisk;
let states: MemoryStates;

beforeEach(() => {
  disk = new TestDisk();
  states = new MemoryStates();
});

function open({ clusterId, memberId } = OWNER) {
  const settings = { self: memberId, clusterId, initial: THREE, segmentBytes: 1 << 14 };
  const hooks = { recovering: () => undefined, failed: () => undefined };
  return openDurable(placeOf({ disk, states, clock: new ManualClock() }, settings), hooks);
}

/** A member's log of one entry, and a checkpoint of it. */
async function checkpointed(owner = OWNER): Promise<void> {
  const { log, state } = await open(owner);
  await log.wal.append({ hardState: { term: 1, vote: 1 }, snapshot: null, entries: [entry(1)] });
  await checkpoint(state);
  await log.wal.close();
  await state.close();
}

function checkpoint(state: KvState): Promise<unknown> {
  return state.write({ index: 1, term: 1, configuration: THREE });
}

async function rewritten(change: (meta: gauntletpeer.StateMeta) => void): Promise<void> {
  const engine = await states.open(0);
  const meta = gauntletpeer.StateMeta.decode(engine.meta ?? new Uint8Array());
  change(meta);
  await engine.commit([], gauntletpeer.StateMeta.encode(meta).finish());
}

const ownerOnDisk = async (generation = 0) =>
  ownerOf((await states.open(generation)).meta ?? new Uint8Array());

test("a checkpoint bears the name of its member, and opens for it", async () => {
  await checkpointed();
  expect(await ownerOnDisk()).toEqual(OWNER);
  expect((await open()).state.checkpoint?.index).toBe(1);
});

test.each([
  ["another member", { clusterId: 9, memberId: 2 }, "belongs to member 2 of cluster 9"],
  ["another cluster", { clusterId: 16, memberId: 1 }, "belongs to member 1 of cluster 10"],
])("the state of %s is refused, and nothing is changed", async (_whose, whose, text) => {
  await checkpointed(whose);
  const foreign = states;
  disk = new TestDisk();
  states = new MemoryStates();
  await checkpointed();
  states = foreign;
  const before = [...disk.contents("0000000000000001.wal")];
  const opening = open();
  await expect(opening).rejects.toThrow(StateForeign);
  await expect(opening).rejects.toThrow(text);
  await expect(opening).rejects.toThrow("take the foreign one away");
  expect(await ownerOnDisk()).toEqual(whose);
  expect([...disk.contents("0000000000000001.wal")]).toEqual(before);
  // As it says: without the foreign state, the log that begins with entry 1 has it all.
  await states.remove(0);
  expect((await open()).log.lastIndex).toBe(1);
});

test("a state from before states had names is read, and gets its name with the next checkpoint", async () => {
  await checkpointed();
  await rewritten((meta) => {
    [meta.cluster_id, meta.member_id, meta.hash_format] = [0, 0, 0];
  });
  expect(await ownerOnDisk()).toBeNull();
  const { state } = await open();
  expect(state.checkpoint?.index).toBe(1);
  expect(await checkpoint(state)).toBe("written");
  expect(await ownerOnDisk()).toEqual(OWNER);
});

test("a state with another kind of hash is refused", async () => {
  await checkpointed();
  await rewritten((meta) => {
    meta.hash_format = 2;
  });
  await expect(open()).rejects.toThrow(/the state's hash is of kind 2; this server knows 1 only: upgrade it/);
});

test("a snapshot from another member bears the name of who took it in", async () => {
  await checkpointed({ clusterId: 9, memberId: 2 });
  const sender = (await open({ clusterId: 9, memberId: 2 })).state;
  disk = new TestDisk();
  states = new MemoryStates();
  const { state } = await open();
  const staged = await state.stage(sender.image(1));
  expect(await ownerOnDisk(staged.generation)).toEqual(OWNER);
});
