import { isJoint, membersOf } from "../configuration.js";
import { isQuorum } from "./overlap.js";
import type { Observed } from "./oracle.js";
import type { World } from "./world.js";

/** It has not lost anything that it may have acknowledged. */
export function votes({ disk, status }: Observed): boolean {
  return disk.hardState.lostTo === undefined && status.lostTo === null;
}

/** Members that lost entries do not elect: those who did not can do so, whatever configuration anybody believes in. */
function canElect(world: World): boolean {
  const sound = world.ids.filter((id) => votes(world.node(id)));
  const configurations = world.ids.map((id) => world.node(id).status.configuration);
  return configurations.every((one) => one.voters.length === 0 || isQuorum(one, sound));
}

/**
 * With everything healed, the cluster must elect, commit and answer, and all members must agree. False: there is no
 * leader, and after what was lost nobody can be elected; nothing was demanded.
 */
export function demandRecovery(world: World): boolean {
  const demand = (holds: boolean, what: string) => {
    if (holds) return;
    const statuses = world.ids.map((id) => JSON.stringify(world.node(id).status)).join("\n");
    throw new Error(`healed, but ${what}:\n${statuses}`);
  };
  const { oracle } = world;
  world.heal();
  for (const id of world.ids) world.restart(id);
  const couldElect = canElect(world);
  world.run(80);
  const [leader, second] = world.leaders();
  if (leader === undefined && !couldElect) return false;
  if (leader === undefined || second !== undefined) {
    demand(false, "not one leader");
    return false;
  }
  const { configuration } = leader.status;
  demand(!isJoint(configuration), "the configuration is still joint");
  demand(oracle.openReads === 0, `${oracle.openReads} reads were not answered`);
  const members = membersOf(configuration);
  // In the term of its loss a member is whole again when the leader's log is as long as its own was.
  const lostTo = Math.max(...members.map((id) => world.node(id).status.lostTo ?? 0));
  while (leader.status.lastIndex < lostTo) {
    world.propose(leader.id);
    world.settle();
  }
  for (const id of members) demand(votes(world.node(id)), `member ${id} still lacks what it lost`);
  const ready = oracle.counts.readsReady;
  const proposals = members.flatMap((id) => [...world.propose(id)]);
  for (const id of members) world.read(id);
  world.run(20);
  const lost = proposals.filter((proposal) => !oracle.isCommitted(proposal));
  demand(lost.length === 0, `proposals ${lost.join(", ")} were not committed`);
  demand(oracle.counts.readsReady === ready + members.length, "reads were refused");
  for (const id of members) {
    const { status, machine } = world.node(id);
    const complete =
      status.appliedIndex === oracle.committed.length && status.lastIndex === status.appliedIndex;
    demand(complete, `member ${id} lags`);
    demand(machine.digest === leader.machine.digest, `member ${id} has another state machine`);
  }
  return true;
}
