import { setTimeout as sleep } from "node:timers/promises";
import { connect, type EtcdClient, type Member } from "@gauntlet/client";
import type { MemberChange, MemberHosts, Membership, NodeName, NodeView } from "@gauntlet/nemesis";
import { DockerError, messageOf } from "./docker-error.js";
import type { NodeMachine } from "./node-machine.js";
import { peerUrlOf, PORTS, type System } from "./systems/system.js";

const CALL_TIMEOUT_MS = 5_000;
const AGAIN_AFTER_MS = 200;
/** Less than the time that a fault's action has. */
const CHANGE_LIMIT_MS = 8_000;
/**
 * Refusals that pass: a member that has just started, or an earlier change, is not yet seen by whoever was asked. etcd's
 * rules refuse before anything is proposed, so that asking again changes nothing twice.
 */
const NOT_YET = /unhealthy cluster|not enough started members|another change of the membership is under way/;
/** A learner that has not caught up by then never will. */
const PROMOTE_LIMIT_MS = 60_000;

export interface MemberParts {
  readonly nodes: readonly NodeName[];
  readonly spares: readonly NodeName[];
  readonly addresses: ReadonlyMap<NodeName, string>;
  readonly system: System;
  readonly serverArgs: readonly string[];
  readonly machine: (node: NodeName) => NodeMachine;
  readonly view: () => Promise<ReadonlyMap<NodeName, NodeView>>;
}

/**
 * Who the members are, by the cluster's own API, as an operator asks for it: a machine is added, then started empty with
 * as one that joins a cluster; a learner is promoted once the leader takes it.
 */
export class DockerMembers implements MemberHosts {
  readonly spares: readonly NodeName[];
  /** etcd's API makes no learner of a voter. */
  readonly lacks = ["demote"] as const;
  readonly #parts: MemberParts;
  readonly #joined = new Set<NodeName>();
  /** What goes on after change() has resolved. */
  #underWay: string | null = null;
  #closed = false;

  constructor(parts: MemberParts) {
    this.#parts = parts;
    this.spares = parts.spares;
  }

  /** Spares that have joined, as far as it is known here. */
  get joined(): ReadonlySet<NodeName> {
    return this.#joined;
  }

  /** What is under way is let go of. */
  close(): void {
    this.#closed = true;
  }

  async membership(): Promise<Membership> {
    const members = await this.#members();
    const names = (isLearner: boolean): NodeName[] =>
      members.filter((member) => member.isLearner === isLearner).map((member) => this.#nodeOf(member));
    const [voters, learners] = [names(false), names(true)];
    for (const spare of this.spares) {
      if (voters.includes(spare) || learners.includes(spare)) this.#joined.add(spare);
      else if (this.#underWay === null) this.#joined.delete(spare);
    }
    return { voters, learners, settled: this.#underWay === null };
  }

  async change(change: MemberChange): Promise<void> {
    if (this.#underWay !== null) throw new DockerError(`${this.#underWay} is under way`);
    switch (change.type) {
      case "add":
        return this.#add(change.node, change.as);
      case "remove":
        return this.#remove(change.node);
      case "replace":
        // A learner first: no quorum has to wait for a machine that is empty.
        await this.#join(change.by, true);
        this.#goOn(`the replacement of ${change.node} by ${change.by}`, async () => {
          await this.#promote(change.by);
          await this.#remove(change.node);
        });
        return;
      case "demote":
        throw new DockerError(`${change.node}: etcd's API makes no learner of a voter`);
    }
  }

  async transfer(to: NodeName): Promise<void> {
    const { id } = await this.#member(to);
    await this.#asLeader((client) => client.moveLeader({ to: id }));
  }

  async #add(node: NodeName, as: "voter" | "learner" | "promotable"): Promise<void> {
    const present = (await this.#members()).find((member) => this.#nodeOf(member) === node);
    if (present?.isLearner === true && as !== "learner") {
      const { id } = present;
      await this.#asLeader((client) => client.memberPromote({ id }));
      return;
    }
    await this.#join(node, as !== "voter");
    if (as === "promotable") this.#goOn(`the promotion of ${node}`, () => this.#promote(node));
  }

  async #join(node: NodeName, isLearner: boolean): Promise<void> {
    const machine = this.#parts.machine(node);
    const { members } = await this.#change((client) =>
      client.memberAdd({ peerUrls: [peerUrlOf(machine.address)], isLearner }),
    );
    if (this.spares.includes(node)) this.#joined.add(node);
    const present = members.map((member) => {
      const name = this.#nodeOf(member);
      return { node: name, address: this.#parts.addresses.get(name) ?? "" };
    });
    // What is left of an earlier life goes: a member that was removed never comes back under its old id.
    const { system, serverArgs } = this.#parts;
    const member = { node, address: machine.address };
    const command = system.command({ member, members: present, token: null, extra: serverArgs });
    await machine.request<"renew">({ command: "renew", run: [...command] });
    await machine.request<"start">({ command: "start" });
  }

  async #promote(node: NodeName): Promise<void> {
    const { id } = await this.#member(node);
    const deadline = performance.now() + PROMOTE_LIMIT_MS;
    while (!this.#closed && performance.now() < deadline) {
      // Refused until it has caught up; a leader may also be lost meanwhile.
      const answer = await this.#asLeader((client) => client.memberPromote({ id })).catch(() => null);
      if (answer !== null) return;
      const isVoter = await this.#member(node).then(
        (member) => !member.isLearner,
        () => false,
      );
      if (isVoter) return;
      await sleep(AGAIN_AFTER_MS);
    }
    throw new DockerError(`${node} was not promoted within ${PROMOTE_LIMIT_MS / 1000} s`);
  }

  async #remove(node: NodeName): Promise<void> {
    const { id } = await this.#member(node);
    const note = (isRefused: boolean): Promise<unknown> =>
      this.#parts.machine(node).request<"note-removal">({ command: "note-removal", isRefused });
    await note(false);
    try {
      await this.#change((client) => client.memberRemove({ id }));
    } catch (error) {
      // Of whatever else went wrong nobody knows whether the cluster did it all the same.
      if (NOT_YET.test(messageOf(error))) await note(true);
      throw error;
    }
    this.#joined.delete(node);
  }

  /** Whether it was done, `membership` tells. */
  #goOn(what: string, work: () => Promise<void>): void {
    this.#underWay = what;
    void (async () => {
      try {
        await work();
      } catch {
        // The members are then as they are.
      } finally {
        this.#underWay = null;
      }
    })();
  }

  async #members(): Promise<readonly Member[]> {
    return (await this.#asLeader((client) => client.memberList({ linearizable: true }))).members;
  }

  async #member(node: NodeName): Promise<Member> {
    const member = (await this.#members()).find((each) => this.#nodeOf(each) === node);
    if (member === undefined) throw new DockerError(`${node} is no member`);
    return member;
  }

  #nodeOf(member: Member): NodeName {
    const found = [...this.#parts.addresses].find(([, address]) =>
      member.peerUrls.includes(peerUrlOf(address)),
    );
    if (found === undefined) throw new DockerError(`a member at ${member.peerUrls.join(", ")} is no machine`);
    return found[0];
  }

  /** A change that is refused for now is asked for again. */
  async #change<T>(call: (client: EtcdClient) => Promise<T>): Promise<T> {
    const deadline = performance.now() + CHANGE_LIMIT_MS;
    for (;;) {
      try {
        return await this.#asLeader(call);
      } catch (error) {
        if (!NOT_YET.test(messageOf(error)) || performance.now() > deadline) throw error;
        await sleep(AGAIN_AFTER_MS);
      }
    }
  }

  async #asLeader<T>(call: (client: EtcdClient) => Promise<T>): Promise<T> {
    const leaders = [...(await this.#parts.view())].filter(([, { role }]) => role === "leader");
    const [leader] = leaders.toSorted(([, a], [, b]) => (b.term ?? 0) - (a.term ?? 0));
    if (leader === undefined) throw new DockerError("no node says that it leads");
    const address = this.#parts.addresses.get(leader[0]) ?? "";
    const client = connect({ endpoint: `${address}:${PORTS.client}`, deadlineMs: CALL_TIMEOUT_MS });
    try {
      return await call(client);
    } catch (error) {
      throw new DockerError(`${leader[0]}: ${messageOf(error)}`, { cause: error });
    } finally {
      client.close();
    }
  }
}
