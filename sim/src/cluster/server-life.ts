import { type Configuration, decodeMeta, type MemberId, type Publisher } from "@gauntlet/server/inside";
import type { ServerSettings } from "../scenario.js";
import type { SimDisk } from "../world/disk.js";
import { Life } from "../world/life.js";
import { SimStates } from "../world/state-engine.js";
import type { Server } from "./boot.js";
import type { Call } from "./call.js";
import type { ClusterObserver } from "./observer.js";
import type { StorageCounts } from "./storage-counts.js";

/** Directories of a machine's disk. */
export const LOG_PATH = "log/";
const STATES_PATH = "states/";

interface LifeWorld {
  readonly observer: ClusterObserver;
  readonly storage: StorageCounts;
  /** Something is being written to a state. */
  readonly commitBegun: () => void;
}

/** One life of the server and what belongs to it alone. */
export class ServerLife extends Life {
  readonly startedAtMs: number;
  /** Null until it has read its log back. */
  server: Server | null = null;
  stopping = false;
  readonly states: SimStates;
  /** Tells the others what this member is called. */
  publisher: Publisher | null = null;
  /** What it knows to be wrong with itself. */
  alarms: readonly string[] = [];
  readonly calls = new Set<Call>();
  ticks = 0;
  lastTickAtMs = 0;
  commitIndex = 0;
  /** Calls of the world's own that the server has not ended. */
  awaited = 0;
  /** Of the last configuration that it applied. */
  configuration: Configuration | null = null;
  readonly settings: ServerSettings;

  constructor(
    member: MemberId,
    startedAtMs: number,
    settings: ServerSettings,
    disk: SimDisk,
    { observer, storage, commitBegun }: LifeWorld,
  ) {
    super();
    this.startedAtMs = startedAtMs;
    this.settings = settings;
    this.states = new SimStates(disk.open(this, STATES_PATH), {
      begun: commitBegun,
      committed: (_generation, meta) => observer.state(member, "checkpoint", decodeMeta(meta)),
      cut: () => storage.note("commits torn"),
    });
  }

  /** Somebody waits for what the server promised. */
  get isAwaited(): boolean {
    return this.calls.size > 0 || this.awaited > 0;
  }
}
