import type { FaultRecord, HistoryEvent } from "@gauntlet/histories";
import { z } from "zod";

/** What the nemesis records of a fault: at its begin, at its end, or once when it is skipped. */
const VALUE = z.looseObject({
  index: z.int(),
  target: z.union([z.string(), z.array(z.string())]),
  nodes: z.array(z.string()),
  args: z.record(z.string(), z.unknown()).default({}),
  roles: z.record(z.string(), z.string()).default({}),
  outcome: z
    .discriminatedUnion("type", [
      z.object({ type: z.literal("proved"), proof: z.string() }),
      z.object({ type: z.literal("unproved"), reason: z.string() }),
      z.object({ type: z.literal("skipped"), reason: z.string() }),
    ])
    .optional()
    .catch(undefined),
});

/**
 * The faults as a history alone tells them. One without an outcome that can be read is unproved. Events
 * without a phase, as other recorders write them, are left out: nothing is known of what they did.
 */
export function faultsOf(history: readonly HistoryEvent[]): readonly FaultRecord[] {
  const faults = new Map<number, FaultRecord>();
  for (const event of history) {
    const { phase } = event;
    if (event.process !== "nemesis" || typeof phase !== "string") continue;
    const value = VALUE.safeParse(event.value).data;
    if (value === undefined) {
      faults.set(-event.index - 1, unreadable(event));
      continue;
    }
    const { outcome, ...told } = value;
    const atMs = event.time / 1e6;
    const begun = faults.get(value.index);
    const unknown = { type: "unproved", reason: `the history does not tell its outcome` } as const;
    faults.set(value.index, {
      ...told,
      fault: event.f,
      roles: begun?.roles ?? told.roles,
      outcome: outcome ?? unknown,
      startedAtMs: begun?.startedAtMs ?? (phase === "begin" ? atMs : null),
      endedAtMs: phase === "end" ? atMs : null,
      healed: null,
    });
  }
  return [...faults.values()];
}

function unreadable({ f, index, time }: HistoryEvent): FaultRecord {
  return {
    fault: f,
    target: "unknown",
    nodes: [],
    roles: {},
    outcome: { type: "unproved", reason: `event ${index} cannot be read` },
    startedAtMs: time / 1e6,
    endedAtMs: null,
    healed: null,
  };
}
