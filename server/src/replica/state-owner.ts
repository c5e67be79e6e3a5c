import { gauntletpeer, toSafeNumber } from "@gauntlet/proto";
import { StateDamaged } from "../ports.js";
import type { WalIdentity } from "../wal/index.js";

/** Whose a state is: the same as whose log it belongs to. */
export type StateOwner = WalIdentity;

/** The state on disk is another member's. Nothing was changed. */
export class StateForeign extends Error {
  override name = "StateForeign";
}

/**
 * An engine's `meta`, with whose it is. The state itself is equal at all members, and is sent without it: who takes it in
 * puts a name of its own to it.
 */
export function signed(meta: Uint8Array, { clusterId, memberId }: StateOwner): Uint8Array {
  const message = gauntletpeer.StateMeta.decode(meta);
  message.cluster_id = clusterId;
  message.member_id = memberId;
  return gauntletpeer.StateMeta.encode(message).finish();
}

/**
 * Throws StateForeign where `meta`, of the state of that generation, is another's. One without a name is from before states had
 * any, and gets it with the next checkpoint.
 */
export function checkOwner(meta: Uint8Array | null, owner: StateOwner, generation: number): void {
  const found = meta === null ? null : ownerOf(meta);
  if (found === null || (found.clusterId === owner.clusterId && found.memberId === owner.memberId)) return;
  const shown = (whose: StateOwner) =>
    `member ${whose.memberId.toString(16)} of cluster ${whose.clusterId.toString(16)}`;
  throw new StateForeign(
    `the state state-${generation} belongs to ${shown(found)}, and log and flags make this ${shown(owner)}. Nothing was changed: ` +
      "put this member's own state back, or take the foreign one away; then it gets its state from its log or from the other members",
  );
}

/** Null: it was written before states had a name. */
export function ownerOf(meta: Uint8Array): StateOwner | null {
  try {
    const { cluster_id, member_id } = gauntletpeer.StateMeta.decode(meta);
    const owner = { clusterId: toSafeNumber(cluster_id), memberId: toSafeNumber(member_id) };
    return owner.clusterId === 0 && owner.memberId === 0 ? null : owner;
  } catch (error) {
    throw new StateDamaged("the state's meta cannot be read", { cause: error });
  }
}
