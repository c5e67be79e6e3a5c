import { isJoint, membersOf } from "../configuration.js";
import type { World } from "./world.js";

/** With everything healed, the cluster must elect, commit and answer, and all members must agree. */
export function demandRecovery(world: World): void {
  const demand = (holds: boolean, what: string) => {
    if (holds) return;
    const statuses = world.ids.map((id) => JSON.stringify(world.node(id).status)).join("\n");
    throw new Error(`healed, but ${what}:\n${statuses}`);
  };
  const { oracle } = world;
  world.heal();
  for (const id of world.ids) world.restart(id);
  world.run(80);
  const [leader, second] = world.leaders();
  if (leader === undefined || second !== undefined) return demand(false, "not one leader");
  const { configuration } = leader.status;
  demand(!isJoint(configuration), "the configuration is still joint");
  demand(oracle.openReads === 0, `${oracle.openReads} reads were not answered`);
  const members = membersOf(configuration);
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
}
