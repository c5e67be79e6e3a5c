import { expect, test } from "vitest";
import type { Disk, DiskFile } from "../ports.js";
import { configurationOf, type Configuration } from "../raft/configuration.js";
import type { Entry } from "../raft/entry.js";
import { MemoryStates } from "../store/testing/memory-engine.js";
import { ManualClock } from "../testing/manual-clock.js";
import { Wal } from "../wal/index.js";
import { findRecord, readRecord, RECORD_TYPES } from "../wal/record.js";
import { segmentName } from "../wal/segment.js";
import { TestDisk } from "../wal/test-disk.js";
import { entry } from "../wal/test-log.js";
import { ReplicaUnusable, openDurable, rebuildReplica, type Place } from "./durable.js";
import { placeOf } from "./open.js";

const ALONE = configurationOf([1]);
const THREE = configurationOf([1, 2, 3]);
const SEGMENT_BYTES = 1 << 14;

interface Machine {
  readonly disk: TestDisk;
  readonly states: MemoryStates;
}

function place({ disk, states }: { disk: Disk; states: MemoryStates }, initial: Configuration): Place {
  const settings = { self: 1, clusterId: 9, initial, segmentBytes: SEGMENT_BYTES };
  return placeOf({ disk, states, clock: new ManualClock() }, settings);
}

function changed(index: number, configuration: Configuration): Entry {
  return { ...entry(index), kind: "configuration", configuration };
}

/** A log of these entries, one a write, and a state that has none of them. */
async function machineWith(entries: readonly Entry[]): Promise<Machine> {
  const machine = { disk: new TestDisk(), states: new MemoryStates() };
  const { log, state } = await openDurable(place(machine, THREE), {
    recovering: () => undefined,
    failed: () => undefined,
  });
  const hardState = { term: 1, vote: 1 };
  await log.wal.append({ hardState, snapshot: null, entries: [] });
  for (const each of entries) await log.wal.append({ hardState: null, snapshot: null, entries: [each] });
  await log.wal.close();
  await state.close();
  return machine;
}

/** One byte of the record of the entry that is written as the `which`th. */
function damage(disk: TestDisk, which: number): void {
  const name = segmentName(1);
  const bytes = disk.contents(name);
  let seen = 0;
  for (let record = readRecord(bytes, 0); record !== null; record = findRecord(bytes, record.end)) {
    if (record.type !== RECORD_TYPES.entry || ++seen !== which) continue;
    bytes.writeUInt8(bytes.readUInt8(record.offset + 30) ^ 1, record.offset + 30);
  }
  disk.plant(name, bytes);
}

/** Up to which entry something is lost. */
async function reopened(machine: Machine, initial: Configuration): Promise<number> {
  let told = -1;
  const recovering = (_reason: string, lostTo: number) => (told = lostTo);
  const { log, state } = await openDurable(place(machine, initial), { recovering, failed: () => undefined });
  await log.wal.close();
  await state.close();
  expect(log.hardState.lostTo ?? -1).toBe(told);
  return told;
}

const SHRUNK = [entry(1), changed(2, ALONE), entry(3), entry(4)];
const GROWN = [entry(1), changed(2, THREE), entry(3), entry(4)];

test.each([
  ["before the damage", 3],
  ["behind the damage", 1],
])(
  "a cluster that shrank to this member does not begin anew without what is lost: known from %s",
  async (_, which) => {
    const machine = await machineWith(SHRUNK);
    damage(machine.disk, which);
    const before = await machine.disk.list();
    const opening = reopened(machine, THREE);
    await expect(opening).rejects.toThrow(ReplicaUnusable);
    await expect(opening).rejects.toThrow(
      which === 1 ? /This member alone decides/ : /As of entry 2 this member alone decided.*up to entry 3/,
    );
    await expect(rebuildReplica(place(machine, THREE))).rejects.toThrow(/alone decide/);
    expect(await machine.disk.list()).toEqual(before);
  },
);

test.each([1, 3, 4])("a cluster that grew gives this member what is lost: entry %d", async (which) => {
  const machine = await machineWith(GROWN);
  damage(machine.disk, which);
  expect(await reopened(machine, ALONE)).toBe(4);
});

test("a configuration that a later leader replaced does not count", async () => {
  const machine = await machineWith([entry(1), changed(2, ALONE), entry(2, 2), entry(3, 2)]);
  damage(machine.disk, 1);
  expect(await reopened(machine, THREE)).toBe(3);
});

test("where the newest configuration may be what is damaged, the one before it counts, and the log is kept", async () => {
  const shrunk = await machineWith(SHRUNK);
  damage(shrunk.disk, 2);
  expect(await reopened(shrunk, THREE)).toBe(4);
  expect(await shrunk.disk.list()).toContain(`${segmentName(1)}.damaged`);
  const grown = await machineWith(GROWN);
  damage(grown.disk, 2);
  await expect(reopened(grown, ALONE)).rejects.toThrow(
    /whether others were added up to entry 2 cannot be told/,
  );
  expect(await grown.disk.list()).not.toContain(`${segmentName(1)}.damaged`);
});

test("a damaged log that ends before the state is one of an earlier time: refused, for votes are missing, too", async () => {
  const old = await machineWith(GROWN);
  damage(old.disk, 1);
  const machine = await machineWith([...GROWN, entry(5)]);
  const { log, state } = await openDurable(place(machine, THREE), {
    recovering: () => undefined,
    failed: () => undefined,
  });
  await state.write({ index: 5, term: 1, configuration: THREE });
  await log.wal.close();
  await state.close();
  expect(await reopened({ disk: machine.disk.copy(), states: machine.states }, THREE)).toBe(-1);
  const opening = reopened({ disk: old.disk, states: machine.states }, THREE);
  await expect(opening).rejects.toThrow(ReplicaUnusable);
  await expect(opening).rejects.toThrow(/as of entry 5 of term 1, but the log ends at entry 4/);
  await expect(rebuildReplica(place({ disk: old.disk, states: machine.states }, THREE))).rejects.toThrow(
    ReplicaUnusable,
  );
});

test("states that the log does not name are gone after a start, older ones and newer ones", async () => {
  const machine = await machineWith(GROWN);
  expect(await rebuildReplica(place(machine, THREE))).toBe(4);
  await (await machine.states.open(7)).close();
  expect(await machine.states.list()).toEqual([0, 7]);
  const hooks = { recovering: () => undefined, failed: () => undefined };
  const { log, state } = await openDurable(place(machine, THREE), hooks);
  expect(await machine.states.list()).toEqual([log.generation]);
  await log.wal.close();
  await state.close();
});

/** A disk that gives back nothing of what is written. */
class Forgetful extends MemoryStates {
  opened = 0;

  override open(generation: number): ReturnType<MemoryStates["open"]> {
    if (++this.opened > 100) throw new Error("it was tried for ever");
    this.damage(generation);
    return super.open(generation);
  }
}

test.each([
  ["whole", 0],
  ["damaged", 1],
])(
  "a state that is damaged as often as it is made is refused, not made for ever: log %s",
  async (_, which) => {
    const { disk } = await machineWith(GROWN);
    damage(disk, which);
    const states = new Forgetful();
    const machine = { disk, states };
    await expect(reopened(machine, THREE)).rejects.toThrow(ReplicaUnusable);
    expect(states.opened).toBeLessThan(6);
  },
);

test("a snapshot in the log tells the configuration when its state is damaged", async () => {
  const withSnapshot = async (configuration: Configuration) => {
    const machine = await machineWith([]);
    const { wal } = await Wal.open(machine.disk, place(machine, THREE).log);
    const mark = { index: 7, term: 1, configuration };
    await wal.append({ hardState: null, snapshot: { mark, generation: 5 }, entries: [entry(8)] });
    await wal.close();
    machine.states.damage(5);
    return machine;
  };
  expect(await reopened(await withSnapshot(THREE), ALONE)).toBe(8);
  await expect(reopened(await withSnapshot(ALONE), THREE)).rejects.toThrow(/This member alone decides/);
});

test("a configuration that may have been compacted away with a damaged state is told as unknown", async () => {
  const machine = { disk: new TestDisk(), states: new MemoryStates() };
  const { log } = place(machine, ALONE);
  await Wal.beginAnew(machine.disk, log, {
    hardState: { term: 1, vote: 1 },
    base: { index: 7, term: 1 },
    generation: 3,
  });
  machine.states.damage(3);
  await expect(reopened(machine, ALONE)).rejects.toThrow(
    /As of entry 0 this member alone decided.*up to entry 7 cannot be told.*remove this member/s,
  );
  expect(await reopened(machine, THREE)).toBe(7);
});

/** Counts what was opened and not closed. */
function counted({ disk, states }: Machine) {
  const open = { files: 0, engines: 0 };
  const through: Disk = {
    list: () => disk.list(),
    remove: (name) => disk.remove(name),
    rename: (from, to) => disk.rename(from, to),
    syncDirectory: () => disk.syncDirectory(),
    open: async (name, mode): Promise<DiskFile> => {
      const file = await disk.open(name, mode);
      open.files++;
      return {
        size: () => file.size(),
        read: (into, offset) => file.read(into, offset),
        write: (buffers, offset) => file.write(buffers, offset),
        writeDurably: (buffers, offset) => file.writeDurably(buffers, offset),
        truncate: (bytes) => file.truncate(bytes),
        sync: () => file.sync(),
        close: () => (open.files--, file.close()),
      };
    },
  };
  const opens = states.open.bind(states);
  states.open = async (generation) => {
    const engine = await opens(generation);
    const close = engine.close.bind(engine);
    open.engines++;
    engine.close = () => (open.engines--, close());
    return engine;
  };
  return { open, machine: { disk: through, states } };
}

test("a log and a state that do not fit together are closed when that is told", async () => {
  const ahead = await machineWith([entry(1)]);
  const hooks = { recovering: () => undefined, failed: () => undefined };
  const { log, state } = await openDurable(place(ahead, THREE), hooks);
  await state.write({ index: 9, term: 1, configuration: THREE });
  await log.wal.close();
  await state.close();
  const { open, machine } = counted(ahead);
  await expect(openDurable(place(machine, THREE), hooks)).rejects.toThrow(/the log ends at entry 1/);
  expect(open).toEqual({ files: 0, engines: 0 });
});
