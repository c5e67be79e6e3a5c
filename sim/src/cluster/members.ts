import type { MemberChange, MemberHosts, Membership, NodeName } from "@gauntlet/nemesis";
import type { Configuration, ConfigurationChange, MemberId } from "@gauntlet/server/inside";
import { configurationOf } from "@gauntlet/server/inside";
import { asError } from "../errors.js";
import { nodeName } from "../node-names.js";
import type { Cluster } from "./cluster.js";
import type { Machine } from "./machine.js";
import { addressOf } from "./registry.js";

/** How long a change may take to come into the leader's log, and between two looks. */
const TAKEN_WITHIN_MS = 2000;
const LOOK_EVERY_MS = 1;

/** Changes of the cluster's members and of its leader, asked of the leader itself. */
export class SimMembers implements MemberHosts {
  readonly spares: readonly NodeName[];
  private readonly cluster: Cluster;
  private configuration: Configuration;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
    this.spares = cluster.machines.slice(cluster.firstMembers.length).map(({ name }) => name);
    this.configuration = configurationOf(cluster.firstMembers.map(({ id }) => id));
  }

  /** The machines that are members, by the newest configuration that a leader was seen to have. */
  present(): readonly Machine[] {
    const leader = this.leader();
    if (leader !== null) this.configuration = leader.configuration;
    const { voters, outgoing, learners } = this.configuration;
    const members = new Set([...voters, ...outgoing, ...learners]);
    return this.cluster.machines.filter(({ id }) => members.has(id));
  }

  async membership(): Promise<Membership> {
    const { machine, configuration } = this.someLeader();
    const applied = machine.appliedConfiguration ?? configurationOf(machine.voters);
    return {
      voters: this.names(configuration.voters),
      learners: this.names(configuration.learners),
      settled: configuration.outgoing.length === 0 && same(configuration, applied),
    };
  }

  async change(change: MemberChange): Promise<void> {
    const { machine, configuration } = this.someLeader();
    const { server } = machine;
    if (server === null) throw new Error("the leader is gone");
    const changes = this.changesFor(change);
    if (change.type === "add") this.startJoiner(change.node);
    if (change.type === "replace") this.startJoiner(change.by);
    const added = changes.flatMap((each) => (each.type === "remove" ? [] : [addressOf(each.member)]));
    const asked = watched(machine.awaits(server.replica.changeMembership(changes, added)));
    const untilMs = this.cluster.loop.nowMs + TAKEN_WITHIN_MS;
    while (asked.refusal === null && this.cluster.loop.nowMs < untilMs) {
      await this.cluster.loop.sleep(LOOK_EVERY_MS);
      if (machine.server !== server) throw new Error("the leader is gone");
      if (!same(server.replica.status().configuration, configuration)) return;
    }
    throw asked.refusal ?? new Error("the leader did not take the change");
  }

  async transfer(to: NodeName): Promise<void> {
    const { machine } = this.someLeader();
    const { server } = machine;
    if (server === null) throw new Error("the leader is gone");
    const asked = watched(machine.awaits(server.replica.transferLeadership(this.cluster.machine(to).id)));
    // Refused or begun in one of the leader's next turns.
    await this.cluster.loop.sleep(2 * LOOK_EVERY_MS);
    if (asked.refusal !== null) throw asked.refusal;
  }

  private startJoiner(node: NodeName): void {
    const machine = this.cluster.machine(node);
    // One that was a member before comes back with what it has: an id never comes back without its data.
    if (machine.state === "exited") machine.start();
  }

  private changesFor(change: MemberChange): readonly ConfigurationChange[] {
    const member = this.cluster.machine(change.node).id;
    switch (change.type) {
      case "add":
        if (change.as === "voter") return [{ type: "add-voter", member }];
        return [{ type: "add-learner", member, promote: change.as === "promotable" }];
      case "remove":
        return [{ type: "remove", member }];
      case "demote":
        return [{ type: "add-learner", member, promote: false }];
      case "replace":
        return [
          { type: "remove", member },
          { type: "add-voter", member: this.cluster.machine(change.by).id },
        ];
      default:
        throw new Error(`no such change: ${JSON.stringify(change satisfies never)}`);
    }
  }

  private someLeader() {
    const leader = this.leader();
    if (leader === null) throw new Error("nobody known leads");
    return leader;
  }

  /** The machine that leads the latest term, of those that run. */
  private leader(): { readonly machine: Machine; readonly configuration: Configuration } | null {
    let found: { machine: Machine; configuration: Configuration; term: number } | null = null;
    for (const machine of this.cluster.machines) {
      if (machine.server === null || machine.state !== "running") continue;
      const { role, term } = machine.server.replica.view;
      if (role !== "leader" || (found !== null && found.term >= term)) continue;
      found = { machine, term, configuration: machine.server.replica.status().configuration };
    }
    return found;
  }

  private names(ids: readonly MemberId[]): readonly NodeName[] {
    return ids.map(nodeName);
  }
}

/** Whether it was rejected so far, and with what. */
function watched(promise: Promise<void>): { readonly refusal: Error | null } {
  const state: { refusal: Error | null } = { refusal: null };
  promise.catch((error: unknown) => {
    state.refusal = asError(error);
  });
  return state;
}

function same(a: Configuration, b: Configuration): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
