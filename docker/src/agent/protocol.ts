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
/** A hundred years. */
const MAX_WALL_OFFSET_MS = 100 * 365.25 * 86_400_000;

export const clockSetting = z.object({
  wallOffsetMs: z.number().min(-MAX_WALL_OFFSET_MS).max(MAX_WALL_OFFSET_MS),
  monotonicRate: z.number().min(0.01).max(100),
});

export const request = z.discriminatedUnion("command", [
  z.object({ command: z.literal("ping") }),
  z.object({ command: z.literal("start") }),
  z.object({ command: z.literal("signal"), signal: z.enum(["SIGKILL", "SIGTERM", "SIGSTOP", "SIGCONT"]) }),
  z.object({ command: z.literal("process") }),
  z.object({ command: z.literal("set-rules"), rules: z.array(packetRule).max(MAX_RULES) }),
  z.object({ command: z.literal("read-rules") }),
  z.object({ command: z.literal("reset-connections"), peer: z.ipv4() }),
  z.object({ command: z.literal("dial"), host: z.ipv4(), port, timeoutMs: z.int().min(1).max(10_000) }),
  z.object({ command: z.literal("set-clock"), setting: clockSetting }),
  z.object({ command: z.literal("read-clock") }),
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

/** What each command answers. */
export const results = {
  ping: z.object({ agentPid: z.int() }),
  start: processState,
  signal: processState,
  process: processState,
  "set-rules": z.object({ backend: z.string() }),
  /** As the kernel has them, each with the packets that it dropped since it was set. */
  "read-rules": z.object({ rules: z.array(countedRule) }),
  "reset-connections": z.object({}),
  /** `refused` proves that packets went both ways. */
  dial: z.object({ outcome: z.enum(["open", "refused", "timeout"]) }),
  "set-clock": z.object({}),
  "read-clock": z.object({ setting: clockSetting }),
} as const satisfies Record<Command, z.ZodType>;
export type Result<C extends Command> = z.infer<(typeof results)[C]>;

export const replyLine = z.discriminatedUnion("ok", [
  z.object({ id: z.int(), ok: z.literal(true), result: z.unknown() }),
  z.object({ id: z.int(), ok: z.literal(false), error: z.string() }),
]);
export type Reply = z.infer<typeof replyLine>;
