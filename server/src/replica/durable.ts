import { StateDamaged } from "../ports.js";
import type { Clock, Disk, StateStorage } from "../ports.js";
import type { Configuration, SnapshotMark } from "../raft/configuration.js";
import type { HardState } from "../raft/entry.js";
import type { MemberId } from "../raft/message.js";
import { KvState } from "./kv-state.js";
import { isMarkedCorrupt, unmarkCorrupt } from "./marker.js";
import { Wal, WalCorruption, hasLog } from "../wal/index.js";
import type { LastConfiguration, OpenedWal, WalOptions } from "../wal/index.js";

/** Where a replica keeps what outlives it, and whose it is. */
export interface Place {
  readonly disk: Disk;
  readonly states: StateStorage;
  readonly clock: Clock;
  readonly self: MemberId;
  /** In force where neither log nor state knows better. */
  readonly initial: Configuration;
  readonly log: WalOptions;
}

/** Log and state, which fit together. */
export interface Durable {
  readonly log: OpenedWal;
  readonly state: KvState;
}

interface Hooks {
  /** Entries up to `lostTo` may have been acknowledged and are lost: this member gets them from the others before it votes again. */
  readonly recovering: (reason: string, lostTo: number) => void;
  /** The disk fails behind the scenes. */
  readonly failed: (error: unknown) => void;
}

/** This replica cannot go on with what it has. Told with what to do; nothing was changed. */
export class ReplicaUnusable extends Error {
  override name = "ReplicaUnusable";
}

const WITHOUT_PROMISES =
  "Put the log back from a copy, or remove this member from the cluster, clear its data directory and add it as a new member";

/** What is known of a log's end. */
interface LogEnd {
  readonly hardState: HardState;
  readonly lastIndex: number;
  readonly generation: number;
  readonly configuration: LastConfiguration;
}

/**
 * Opens log and state. What is damaged is begun anew from what is sound, and the rest is left to the peers; a crash on the
 * way leaves things as they were, or begun anew: the log alone says which state counts. Rejects with ReplicaUnusable, WalError or
 * WalCorruption where this member has to stay down, and with the disk's own errors.
 */
export async function openDurable(place: Place, hooks: Hooks): Promise<Durable> {
  return open(place, hooks, MAX_BEGINNINGS);
}

/** The log is damaged, and then the state; what was made anew can only be damaged where nothing is kept that is written. */
const MAX_BEGINNINGS = 3;

async function open(place: Place, hooks: Hooks, beginnings: number): Promise<Durable> {
  if (await isMarkedCorrupt(place.disk)) {
    throw new ReplicaUnusable(
      "this member's state was found to differ from that of the others, and it took no more part: " +
        "run `gauntlet-server rebuild --data-dir …` there, which throws its state away, and start it: it gets it from the others",
    );
  }
  await refuseWithoutLog(place);
  let log: OpenedWal;
  try {
    log = await Wal.open(place.disk, place.log);
  } catch (error) {
    if (!(error instanceof WalCorruption) || error.provable === null) throw error;
    const state = await openState(place, error.provable.generation, hooks);
    const known = state instanceof KvState ? state : null;
    await known?.close();
    const reason = `the log is damaged: segment ${error.segment}, byte ${error.offset}: ${error.reason}`;
    refuseEndless(reason, beginnings);
    refuseShort(error.provable, known?.checkpoint ?? null);
    await beginAnew(place, hooks, reason, error.provable, known, known?.checkpoint ?? null);
    return open(place, hooks, beginnings - 1);
  }
  let state: KvState | StateDamaged;
  try {
    state = await openState(place, log.generation, hooks);
  } catch (error) {
    await log.wal.close();
    throw error;
  }
  const sound = state instanceof KvState ? state : null;
  let fault: string | null;
  try {
    fault = state instanceof KvState ? gapBetween(log, state.checkpoint) : state.message;
  } catch (error) {
    await log.wal.close();
    await sound?.close();
    throw error;
  }
  if (fault === null && sound !== null) {
    await removeOthers(place.states, log.generation);
    return { log, state: sound };
  }
  await log.wal.close();
  await sound?.close();
  refuseEndless(fault ?? "", beginnings);
  if (sound === null && log.firstIndex === 1) {
    // The log has it all.
    await place.states.remove(log.generation);
    hooks.recovering(fault ?? "", 0);
  } else {
    await beginAnew(place, hooks, fault ?? "", log, sound, sound?.checkpoint ?? null);
  }
  return open(place, hooks, beginnings - 1);
}

function refuseEndless(reason: string, beginnings: number): void {
  if (beginnings > 0) return;
  throw new ReplicaUnusable(
    `${reason}. Log and state were begun anew ${MAX_BEGINNINGS} times, and are no better: the disk does not keep what is written`,
  );
}

/**
 * Throws the state of a member away, and its log; keeps its promises: what it voted, and what it may have acknowledged, which
 * it gets from the others before it votes again. Returns up to which entry that is. May be repeated.
 */
export async function rebuildReplica(place: Place): Promise<number> {
  await refuseWithoutLog(place);
  const log = await endOfLog(place);
  const state = await openState(place, log.generation, { failed: () => undefined });
  const known = state instanceof KvState ? state : null;
  await known?.close();
  const checkpoint = known?.checkpoint ?? null;
  refuseShort(log, checkpoint);
  const lostTo = await beginAnew(place, null, "a rebuild", log, null, checkpoint);
  await unmarkCorrupt(place.disk);
  return lostTo;
}

/** A log is there before its state: where there is a state alone, what this member has promised is gone. */
async function refuseWithoutLog({ disk, states }: Place): Promise<void> {
  if ((await hasLog(disk)) || (await states.list()).length === 0) return;
  throw new ReplicaUnusable(
    "there is a state, but no log: all of it was taken away, and with it votes and entries that this member has " +
      `promised to keep. Nothing was changed. ${WITHOUT_PROMISES}`,
  );
}

async function endOfLog(place: Place): Promise<LogEnd> {
  try {
    const log = await Wal.open(place.disk, place.log);
    await log.wal.close();
    return log;
  } catch (error) {
    if (error instanceof WalCorruption && error.provable !== null) return error.provable;
    throw error;
  }
}

/** The state, or what is wrong with it. */
async function openState(
  { states, clock, log }: Place,
  generation: number,
  { failed }: Pick<Hooks, "failed">,
): Promise<KvState | StateDamaged> {
  try {
    return await KvState.open(generation, { states, clock, owner: log.identity, failed });
  } catch (error) {
    if (error instanceof StateDamaged) return error;
    throw error;
  }
}

/** Null: the log goes on where the state ends. Throws where it can only be that the log has lost its end: nobody knows how much. */
function gapBetween(
  { entries, firstIndex, lastIndex }: OpenedWal,
  checkpoint: SnapshotMark | null,
): string | null {
  refuseShort({ lastIndex }, checkpoint);
  const { index, term } = checkpoint ?? { index: 0, term: 0 };
  const inLog = entries[index - firstIndex];
  if (inLog !== undefined && inLog.term !== term) {
    throw takenAway({ index, term }, `has that entry of term ${inLog.term}`);
  }
  if (firstIndex <= index + 1) return null;
  return `the log begins at entry ${firstIndex}, and the state is as of entry ${index}: what is between them is missing`;
}

/** What is in the state was in the log before: so a log that ends earlier is not the one that belongs to it. */
function refuseShort({ lastIndex }: Pick<LogEnd, "lastIndex">, checkpoint: SnapshotMark | null): void {
  if (checkpoint !== null && lastIndex < checkpoint.index) {
    throw takenAway(checkpoint, `ends at entry ${lastIndex}`);
  }
}

function takenAway({ index, term }: Pick<SnapshotMark, "index" | "term">, found: string): ReplicaUnusable {
  return new ReplicaUnusable(
    `the state is as of entry ${index} of term ${term}, but the log ${found}: a part of the log was taken away or put ` +
      "back from an earlier time, and with it votes and entries that this member has promised to keep. Nothing was changed. " +
      WITHOUT_PROMISES,
  );
}

/**
 * Keeps `state`, where it is sound, and begins a log behind it. `checkpoint`: of the state that was there. Returns up to which entry something may be lost; 0: nothing.
 */
async function beginAnew(
  place: Place,
  hooks: Hooks | null,
  reason: string,
  log: LogEnd,
  state: KvState | null,
  checkpoint: SnapshotMark | null,
): Promise<number> {
  const { disk, states } = place;
  const base = state?.checkpoint ?? null;
  const { lostTo: lostBefore = 0, ...hardState } = log.hardState;
  const lostTo = Math.max(lostBefore, log.lastIndex > (base?.index ?? 0) ? log.lastIndex : 0);
  if (lostTo > 0) refuseAlone(place, reason, lostTo, log.configuration, checkpoint);
  const there = await states.list();
  const generation = state === null ? 1 + Math.max(log.generation, ...there) : log.generation;
  await Wal.beginAnew(disk, place.log, {
    hardState: lostTo > 0 ? { ...hardState, lostTo } : hardState,
    base,
    generation,
  });
  hooks?.recovering(reason, lostTo);
  return lostTo;
}

/**
 * Whoever alone decides in its cluster has nobody to get from what is lost, so it must not begin anew. Where the newest
 * configuration may be among what is missing, the newest one that is known counts. If that has others, the member
 * begins anew: should they have been removed since, it waits for them, and the log is kept under other names. If it
 * has none, the member is refused, though others may have been added since: that changes nothing on disk.
 */
function refuseAlone(
  { self, initial }: Place,
  reason: string,
  lostTo: number,
  { known, missingTo }: LastConfiguration,
  checkpoint: SnapshotMark | null,
): void {
  const inLog = known ?? { index: 0, configuration: initial };
  const { index, configuration } =
    checkpoint !== null && checkpoint.index >= inLog.index ? checkpoint : inLog;
  if (!isAlone(configuration, self)) return;
  if (index >= missingTo) {
    throw new ReplicaUnusable(
      `${reason}. This member alone decides in its cluster, so nobody else has what is lost, up to entry ${lostTo}. ` +
        "Nothing was changed: put the data directory back from a copy",
    );
  }
  throw new ReplicaUnusable(
    `${reason}. As of entry ${index} this member alone decided in its cluster; whether others were added up to entry ` +
      `${missingTo} cannot be told from what is left, and if not, nobody else has what is lost. Nothing was changed. ` +
      "Put the data directory back from a copy, or, where the cluster has other voters, remove this member from it, " +
      "clear its data directory and add it as a new member",
  );
}

function isAlone({ voters, outgoing }: Configuration, self: MemberId): boolean {
  return voters.includes(self) && [...voters, ...outgoing].every((voter) => voter === self);
}

/** Of snapshots that were not taken in whole, or whose predecessor was not removed any more. */
async function removeOthers(states: StateStorage, generation: number): Promise<void> {
  for (const other of await states.list()) if (other !== generation) await states.remove(other);
}
