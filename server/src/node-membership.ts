import type { Logger } from "pino";
import type { Config } from "./config.js";
import type { Identity } from "./identity.js";
import { noteOf } from "./joining.js";
import { MemberNotes } from "./member-notes.js";
import type { NodeEnds } from "./node.js";
import type { PeerTransport } from "./peer/transport.js";
import type { Disk } from "./ports.js";
import { Publisher } from "./publishing.js";
import { membersOf } from "./raft/configuration.js";
import type { Configuration } from "./raft/configuration.js";
import type { Replica } from "./replica/replica.js";
import { Roster } from "./roster.js";
import { nodeClock } from "./runtime/clock.js";
import type { KvStore, MemberAttributes, MemberRegistry, Result, WriteResponse } from "./store/index.js";

interface Followed {
  readonly transport: Pick<PeerTransport, "setMembers">;
  readonly replica: Replica<Result<WriteResponse>>;
  readonly store: KvStore;
}

const UNKNOWN: MemberRegistry = { members: [], removed: [] };

/**
 * What a node does about who is a member: it dials whom the log names, notes them in its directory, tells what it is
 * called itself, and ends when it is none any more.
 */
export class Membership {
  readonly roster: Roster;

  readonly #config: Config;

  readonly #identity: Identity;

  readonly #notes: MemberNotes;

  readonly #ends: NodeEnds;

  #followed: Followed | null = null;

  #publisher: Publisher | null = null;

  #registry: MemberRegistry = UNKNOWN;

  #configuration: Configuration;

  #isNoted = false;

  #isRemoved = false;

  readonly #logger: Logger;

  #resolveRemoved: () => void = () => undefined;

  readonly whenRemoved = new Promise<void>((resolve) => (this.#resolveRemoved = resolve));

  constructor(config: Config, identity: Identity, disk: Disk, logger: Logger, ends: NodeEnds) {
    this.#config = config;
    this.#identity = identity;
    this.#logger = logger;
    this.#ends = ends;
    this.roster = new Roster(identity, () => this.#followed?.store.members ?? UNKNOWN);
    this.#configuration = this.roster.configuration;
    this.#notes = new MemberNotes(disk, (err) => logger.warn({ err }, "the members could not be noted"));
  }

  /** The state that a replica begins with, and all that it applies from now on. */
  follow(
    transport: Followed["transport"],
    replica: Followed["replica"],
    state: { readonly store: KvStore; readonly checkpoint: { readonly configuration: Configuration } | null },
  ): void {
    this.#followed = { transport, replica, store: state.store };
    if (state.checkpoint !== null) this.roster.configurationApplied(state.checkpoint.configuration);
    this.#update();
  }

  configurationApplied(configuration: Configuration): void {
    this.roster.configurationApplied(configuration);
  }

  /** Looks whether anything has changed. */
  ticked(): void {
    const { store } = this.#followed ?? {};
    const isSame =
      this.#configuration === this.roster.configuration &&
      (store === undefined || store.members === this.#registry);
    if (!isSame || !this.#isNoted) this.#update();
  }

  publish(): void {
    if (this.#followed === null) return;
    const { replica } = this.#followed;
    const { self } = this.#identity;
    const own = { ...self, clientUrls: [this.#config.advertiseClientUrl] };
    this.#publisher = new Publisher({
      own,
      known: () => this.#known(),
      publish: (attributes) => replica.updateMember(attributes),
      clock: nodeClock,
      failed: (err) => this.#logger.error({ err }, "the cluster could not be told where this member is"),
    });
    this.#publisher.start();
  }

  stop(): void {
    this.#publisher?.stop();
  }

  /**
   * The log or another member says that this one is none any more. Those who have the log from it, and those who
   * asked for this, are given the time to hear of it. Other calls are not kept waiting: only what is applied in this turn can
   * still answer one.
   */
  wasRemoved(reason: string): void {
    if (this.#isRemoved) return;
    this.#isRemoved = true;
    this.#resolveRemoved();
    nodeClock.soon(() => this.#followed?.replica.retire());
    nodeClock.after(this.#config.electionTimeoutMs, () => this.#ends.removed(reason));
  }

  #known(): MemberAttributes | null {
    if (this.#followed === null) return null;
    const { replica, store } = this.#followed;
    const { id } = this.#identity.self;
    const isKnown = membersOf(this.roster.configuration).includes(id);
    if (!isKnown || !replica.isReplayed || replica.view.leader === null) return null;
    const told = store.members.members.find((member) => member.id === id);
    return told ?? { id, name: "", peerUrls: [], clientUrls: [] };
  }

  #update(): void {
    if (this.#followed === null) return;
    const { transport, replica, store } = this.#followed;
    this.#registry = store.members;
    this.#configuration = this.roster.configuration;
    transport.setMembers(this.roster.toDial(), this.roster.removed);
    // What is replayed is older than what is noted already.
    this.#isNoted = replica.isReplayed;
    if (!this.#isNoted) return;
    const members = this.roster.list();
    this.#notes.keep(noteOf(this.#config, { ...this.#identity, members, removed: this.roster.removed }));
  }
}
