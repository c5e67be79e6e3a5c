import { isJoint, membersOf } from "../configuration.js";
import type { MemberId } from "../message.js";
import { isQuorum } from "./overlap.js";
import { votes } from "./recovery.js";
import type { World } from "./world.js";

/** What is wrong with one member, and stays so. `rift`: it and the leader do not hear each other; all others hear both. */
export const LASTING_FAULTS = ["dead", "deaf", "mute", "isolated", "stuck-disk", "rift"] as const;
export type LastingFault = (typeof LASTING_FAULTS)[number];

/**
 * All is healed but one member: where the others make a quorum they must find a leader among them, keep it, commit,
 * leave joint configurations and come to one state. False: they make no quorum, and nothing was demanded.
 */
export function demandProgress(world: World, member: MemberId, fault: LastingFault): boolean {
  const others = world.ids.filter((id) => id !== member);
  const run = (ticks: number) => world.run(ticks, world.ids, fault === "stuck-disk" ? member : null);
  const leader = () => world.leaders().find(({ id }) => id !== member);
  const canDecide = () => {
    const deciders = others.filter((id) => votes(world.node(id)));
    const configurations = world.ids.map((id) => world.node(id).status.configuration);
    return configurations.every((one) => one.voters.length === 0 || isQuorum(one, deciders));
  };
  world.heal();
  for (const id of world.ids) world.restart(id);
  if (!canDecide()) return false;
  strike(world, member, fault, others);
  run(RECOVERY_TICKS);
  if (fault === "rift") {
    const led = world.leaders()[0]?.id ?? member;
    if (led === member) return false;
    world.cut(led, member);
    world.cut(member, led);
    run(RECOVERY_TICKS);
  }
  if (fault === "stuck-disk" && leader() === undefined) {
    // It has not written since its disk stands still, and so did not notice.
    world.propose(member);
    run(RECOVERY_TICKS);
  }
  // Changes that were under way may be done by now.
  if (!canDecide()) return false;
  const first = leader();
  if (first === undefined) return fail(world, "there is no leader");
  const { term } = first.status;
  const proposals = world.propose(first.id, 2);
  run(RECOVERY_TICKS);
  if (!canDecide()) return false;
  const last = leader();
  if (last?.status.term !== term) return fail(world, `the leader of term ${term} did not stay`);
  if (!proposals.every((one) => world.oracle.isCommitted(one))) return fail(world, "nothing is committed");
  const { configuration, appliedIndex } = last.status;
  if (isJoint(configuration)) return fail(world, "the configuration is still joint");
  for (const id of membersOf(configuration)) {
    if (id !== member && world.node(id).appliedIndex !== appliedIndex)
      return fail(world, `member ${id} lags`);
  }
  return true;
}

function strike(world: World, member: MemberId, fault: LastingFault, others: readonly MemberId[]): void {
  if (fault === "dead") world.crash(member);
  for (const other of others) {
    if (fault === "deaf" || fault === "isolated") world.cut(other, member);
    if (fault === "mute" || fault === "isolated") world.cut(member, other);
  }
}

function fail(world: World, what: string): never {
  const statuses = world.ids.map((id) => JSON.stringify(world.node(id).status)).join("\n");
  throw new Error(`one member is not well, but ${what}:\n${statuses}`);
}

const RECOVERY_TICKS = 80;
