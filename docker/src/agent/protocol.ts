import { z } from "zod";

/** What rig and agent say to each other: one JSON object a line, a reply for each request, matched by id. */

/** Longest line in either direction, bytes. */
export const MAX_LINE_BYTES = 1024 * 1024;

const port = z.int().min(1).max(65_535);

/** Drops packets of one direction and one peer: all of them, or TCP with the given port at one end. */
export const packetRule = z.object({
  direction: z.enum(["in", "out"]),
  peer: z.ipv4(),
  tcpPort: z.object({ end: z.enum(["source", "destination"]), number: port }).nullable(),
});
export type PacketRule = z.infer<typeof packetRule>;

const countedRule = packetRule.extend({ packets: z.int().nonnegative() });
export type CountedRule = z.infer<typeof countedRule>;

const MAX_RULES = 1000;
const MAX_ARGUMENTS = 100;
/** Longest that a packet may be held up, by each of the reasons to. */
const MAX_HOLD_MS = 60_000;
const MAX_BYTES_PER_SECOND = 1e9;
const share = z.number().min(0).max(1);
const holdMs = z.number().min(0).max(MAX_HOLD_MS);

/** What becomes of the packets for one peer. */
const packetShape = z.object({
  lossShare: share,
  delayMs: holdMs,
  jitterMs: holdMs,
  reorderShare: share,
  reorderMs: holdMs,
  duplicateShare: share,
  bytesPerSecond: z.number().min(1).max(MAX_BYTES_PER_SECOND).nullable(),
});
const linkShape = z.object({ peer: z.ipv4(), shape: packetShape });
export type LinkShape = z.infer<typeof linkShape>;

const natural = z.int().nonnegative();
const countedLink = linkShape.extend({
  counts: z.object({
    lost: natural,
    delayed: natural,
    reordered: natural,
    duplicated: natural,
    slowed: natural,
  }),
});
export type CountedLink = z.infer<typeof countedLink>;
const MAX_PEERS = 64;

/** A hundred years. */
const MAX_WALL_OFFSET_MS = 100 * 365.25 * 86_400_000;

export const clockSetting = z.object({
  wallOffsetMs: z.number().min(-MAX_WALL_OFFSET_MS).max(MAX_WALL_OFFSET_MS),
  wallRate: z.number().min(0.01).max(100),
  monotonicRate: z.number().min(0.01).max(100),
});

/** Longest that a sync may be asked to take longer. */
const MAX_SYNC_DELAY_MS = 60_000;

export const diskSetting = z.object({
  syncDelayMs: z.int().min(0).max(MAX_SYNC_DELAY_MS),
  stalled: z.boolean(),
  writeErrorShare: share,
  syncErrorShare: share,
  full: z.boolean(),
});

export const request = z.discriminatedUnion("command", [
  z.object({ command: z.literal("ping") }),
  z.object({ command: z.literal("start") }),
  z.object({ command: z.literal("signal"), signal: z.enum(["SIGKILL", "SIGTERM", "SIGSTOP", "SIGCONT"]) }),
  z.object({ command: z.literal("process") }),
  z.object({ command: z.literal("set-rules"), rules: z.array(packetRule).max(MAX_RULES) }),
  z.object({ command: z.literal("read-rules") }),
  z.object({ command: z.literal("reset-connections"), peers: z.array(z.ipv4()).max(MAX_PEERS) }),
  z.object({ command: z.literal("shape-packets"), links: z.array(linkShape).max(MAX_PEERS) }),
  z.object({ command: z.literal("read-packets") }),
  z.object({ command: z.literal("dial"), host: z.ipv4(), port, timeoutMs: z.int().min(1).max(10_000) }),
  z.object({ command: z.literal("set-clock"), setting: clockSetting }),
  z.object({ command: z.literal("read-clock") }),
  z.object({ command: z.literal("set-disk"), setting: diskSetting }),
  z.object({ command: z.literal("read-disk") }),
  z.object({ command: z.literal("power-loss") }),
  z.object({
    command: z.literal("harm"),
    kind: z.enum(["bit-flip", "truncate"]),
    area: z.enum(["wal", "checkpoint", "any", "tail"]),
  }),
  z.object({ command: z.literal("read-damages") }),
  z.object({ command: z.literal("probe-disk") }),
  /** Only for the log: the server may be told from now on that it is no member any more, and may end. Or that was refused. */
  z.object({ command: z.literal("note-removal"), isRefused: z.boolean() }),
  z.object({ command: z.literal("renew"), run: z.array(z.string()).min(1).max(MAX_ARGUMENTS) }),
]);
export type Request = z.infer<typeof request>;
export type Command = Request["command"];

export const requestLine = z.object({ id: z.int().nonnegative(), request });

const starts = z.int().nonnegative();
const processState = z.discriminatedUnion("state", [
  z.object({ state: z.literal("running"), pid: z.int(), starts }),
  z.object({ state: z.literal("paused"), pid: z.int(), starts }),
  z.object({ state: z.literal("exited"), code: z.int().nullable(), signal: z.string().nullable(), starts }),
]);

const diskCounts = z.object({
  slowSyncs: natural,
  stalledSyncs: natural,
  ioErrors: natural,
  spaceErrors: natural,
});
const damage = z.object({
  kind: z.enum(["bit-flip", "truncate"]),
  area: z.enum(["wal", "checkpoint"]),
  file: z.string(),
  offset: natural,
  bytes: natural,
});
const tried = z.discriminatedUnion("available", [
  z.object({ available: z.literal(true), detail: z.string() }),
  z.object({ available: z.literal(false), reason: z.string() }),
]);

/** What each command answers. */
export const results = {
  ping: z.object({ agentPid: z.int() }),
  start: processState,
  signal: processState,
  process: processState,
  "set-rules": z.object({ backend: z.string() }),
  /** As the kernel has them, each with the packets that it dropped since it was set. */
  "read-rules": z.object({ rules: z.array(countedRule) }),
  /** How many were established. */
  "reset-connections": z.object({ destroyed: natural }),
  "shape-packets": z.object({}),
  /** As rule and program have them, with what was done to packets since they were set. */
  "read-packets": z.object({ links: z.array(countedLink) }),
  /** `refused` proves that packets went both ways. */
  dial: z.object({ outcome: z.enum(["open", "refused", "timeout"]) }),
  "set-clock": z.object({}),
  "read-clock": z.object({ setting: clockSetting }),
  "set-disk": z.object({}),
  "read-disk": z.object({ setting: diskSetting, counts: diskCounts }),
  "power-loss": z.object({ lostBytes: natural, lostEntries: natural, tornWrites: natural }),
  /** Null: no file of the server in that area is long enough to be harmed. */
  harm: z.object({ damage: damage.nullable() }),
  "read-damages": z.object({ damages: z.array(damage) }),
  "note-removal": z.object({}),
  renew: z.object({}),
  "probe-disk": z.object({
    delay: tried,
    errors: tried,
    damage: tried,
    truncate: tried,
    tail: tried,
    powerLoss: tried,
    /** Its power losses are the doing of a shim, which a server may go past. */
    losesPowerByShim: z.boolean(),
  }),
} as const satisfies Record<Command, z.ZodType>;
export type Result<C extends Command> = z.infer<(typeof results)[C]>;

export const replyLine = z.discriminatedUnion("ok", [
  z.object({ id: z.int(), ok: z.literal(true), result: z.unknown() }),
  z.object({ id: z.int(), ok: z.literal(false), error: z.string() }),
]);
export type Reply = z.infer<typeof replyLine>;
