import type { Clock } from "./ports.js";
import type { MemberId } from "./raft/message.js";
import type { View } from "./replica/parts.js";
import type { Alarm } from "./replica/report.js";

/** How long a healthy member may take for a linearizable read of nothing. */
const LIMIT_MS = 1000;

interface Reader {
  readonly view: View;
  /** Of all members. */
  readonly alarms: readonly { readonly member: MemberId; readonly alarm: Alarm }[];
  readBarrier(): Promise<void>;
}

/**
 * Why this member cannot serve, in etcd's words; "" when it can. To know a leader is not enough: one that
 * lost its quorum believes in itself for an election timeout.
 */
export async function faultOf(replica: Reader, self: MemberId, clock: Clock): Promise<string> {
  const own = replica.alarms.find(({ member }) => member === self);
  if (own !== undefined) return `ALARM ${own.alarm}`;
  if (replica.view.leader === null) return "RAFT NO LEADER";
  let cancel: () => void = () => undefined;
  const late = new Promise<string>((resolve) => {
    cancel = clock.after(LIMIT_MS, () => resolve("QGET ERROR:etcdserver: request timed out"));
  });
  const read = replica.readBarrier().then(
    () => "",
    (error: unknown) => `QGET ERROR:${error instanceof Error ? error.message : String(error)}`,
  );
  const fault = await Promise.race([read, late]);
  cancel();
  return fault;
}
