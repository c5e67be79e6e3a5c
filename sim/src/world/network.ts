import type { PacketCounts, PacketShape } from "@gauntlet/nemesis";
import { gauntletpeer } from "@gauntlet/proto";
import { approximateBytes, fromWire, reportFromWire, reportToWire, toWire } from "@gauntlet/server/inside";
import type { MemberId, Message, Report } from "@gauntlet/server/inside";
import type { NetworkProfile } from "../scenario.js";
import type { Parcel, Wire } from "./channel.js";
import { type Batch, Link, type LinkCut, noCounts, Port, type Receiver } from "./link.js";
import { Alarm, type Loop, type Task } from "./loop.js";
import type { Stream } from "./random.js";
import type { TraceLog } from "./trace-log.js";
import { Transfer } from "./transfer.js";

export type { LinkCut, Receiver } from "./link.js";

export const PLAIN: PacketShape = {
  lossShare: 0,
  delayMs: 0,
  jitterMs: 0,
  reorderShare: 0,
  reorderMs: 0,
  duplicateShare: 0,
  bytesPerSecond: null,
};

/** A link of limited rate clogs: so long may a message wait in its queue, and a longer queue loses what comes. */
const MAX_QUEUE_MS = 10_000;

/** Roughly, as framed. */
const REPORT_BYTES = 512;
const RESET_BYTES = 64;

/** Messages that arrive together over one link. */
class Delivery implements Task, Batch {
  readonly link: Link;
  readonly messages: Message[];
  /** When it is due. */
  timeUs = 0;
  /** Of the link when it left. */
  readonly era: number;
  private readonly network: SimNetwork;

  constructor(network: SimNetwork, link: Link, message: Message) {
    this.network = network;
    this.link = link;
    this.era = link.era;
    this.messages = [message];
  }

  run(): void {
    if (this.link.newest === this) this.link.newest = null;
    this.network.arrive(this);
  }
}

/** One parcel on its way over a link. */
class Carriage implements Task {
  private readonly network: SimNetwork;
  private readonly link: Link;
  private readonly parcel: Parcel;

  constructor(network: SimNetwork, link: Link, parcel: Parcel) {
    this.network = network;
    this.link = link;
    this.parcel = parcel;
  }

  run(): void {
    const { link, parcel } = this;
    const { receiver } = link.to;
    if (link.cutIn) {
      link.to.drop(link.from.id);
      parcel.lost();
    } else if (receiver.reception === "open") parcel.arrive();
    else if (receiver.reception === "paused") receiver.hold(this);
    else this.network.returnToSender(link, parcel);
  }
}

/** The network between the machines of one world. Whatever left a machine is on its way, whoever dies. */
export class SimNetwork implements Wire {
  readonly loop: Loop;
  /** Of snapshots, so far. */
  readonly transfers = { begun: 0, done: 0, failed: 0 };
  private readonly random: Stream;
  private readonly trace: TraceLog;
  private readonly profile: NetworkProfile;
  private readonly ports: (Port | undefined)[] = [];
  /** By sender, then receiver. */
  private readonly links: (Link | undefined)[][] = [];
  /** False: no losses, doubles or overtaking of the network's own. */
  private readonly rough: boolean;
  private open: Transfer[] = [];

  constructor(loop: Loop, random: Stream, trace: TraceLog, profile: NetworkProfile) {
    this.loop = loop;
    this.random = random;
    this.trace = trace;
    this.profile = profile;
    this.rough = profile.loss > 0 || profile.duplicate > 0 || profile.reorder > 0;
  }

  /** Ids are small integers. */
  attach(id: MemberId, receiver: Receiver): void {
    const port = new Port(id, receiver);
    this.ports[id] = port;
    this.links[id] = [];
    for (const other of this.ports) {
      if (other === undefined || other === port) continue;
      this.linksFrom(id)[other.id] = new Link(port, other);
      this.linksFrom(other.id)[id] = new Link(other, port);
    }
  }

  /** From a process that lives. */
  send(from: MemberId, messages: readonly Message[]): void {
    const links = this.linksFrom(from);
    for (const given of messages) {
      const message = this.profile.encoded ? throughWire(given) : given;
      const link = links[message.to];
      if (link === undefined) throw new Error(`member ${from} writes to ${message.to}, which has no machine`);
      if (link.cutOut) {
        link.from.drop(message.to);
        this.trace.lost(message, "cut");
      } else if (link.shape !== null) {
        this.transmitShaped(link, link.shape, message);
      } else {
        this.transmit(link, message);
      }
    }
  }

  /** From a process that lives, to all others. */
  report(from: MemberId, given: Report): void {
    const report = this.profile.encoded ? reportThroughWire(given) : given;
    for (const link of this.linksFrom(from)) {
      if (link === undefined) continue;
      const ignore = (): void => undefined;
      const arrive = (): void => {
        this.trace.reported(from, link.to.id, report);
        link.to.receiver.receiveReport(from, report);
      };
      this.carry(from, link.to.id, REPORT_BYTES, { arrive, lost: ignore, unwanted: ignore });
    }
  }

  /** From a process that lives: resolves or rejects as the port says, never once that process is gone. */
  stream(message: Message, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const { from, to } = message;
    this.link(from, to);
    this.transfers.begun++;
    this.trace.snapshot(message, "begun");
    const carried = this.profile.encoded ? throughWire(message) : message;
    const transfer = new Transfer(
      this,
      [from, to],
      carried,
      (given, parts) => this.port(to).receiver.receiveSnapshot(given, parts),
      (end) => {
        this.transfers[end.type]++;
        this.trace.snapshot(message, end.type === "done" ? "done" : `failed: ${end.reason}`);
      },
    );
    this.open = this.open.filter(({ isClosed }) => !isClosed);
    this.open.push(transfer);
    this.loop.settle();
    return transfer.send(chunks);
  }

  /** The process of a machine is gone, and with it its connections, so many; without power nothing says so. */
  disconnect(member: MemberId, hasPower: boolean): number {
    const ended = this.open.filter(
      ({ from, to, isClosed }) => !isClosed && (from === member || to === member),
    );
    for (const transfer of ended) transfer.processEnded(member, hasPower);
    this.open = this.open.filter(({ isClosed }) => !isClosed);
    return ended.length;
  }

  carry(from: MemberId, to: MemberId, bytes: number, parcel: Parcel): void {
    const link = this.link(from, to);
    const { shape } = link;
    const { random, profile } = this;
    if (link.cutOut) {
      link.from.drop(to);
      return parcel.lost();
    }
    if (shape !== null && random.chance(shape.lossShare)) {
      link.counts.lost++;
      return parcel.lost();
    }
    if (random.chance(profile.loss)) return parcel.lost();
    let delayMs = this.delay();
    if (shape !== null) {
      const waitMs = this.queueing(link, shape, bytes);
      if (waitMs > MAX_QUEUE_MS) return parcel.lost();
      delayMs += waitMs + Math.max(0, shape.delayMs + random.between(-shape.jitterMs, shape.jitterMs));
    }
    this.loop.schedule(new Carriage(this, link, parcel), delayMs);
  }

  /** The machine says that nobody listens, if the way back lets it. */
  returnToSender(link: Link, parcel: Parcel): void {
    const { from, to } = link;
    const ignore = (): void => undefined;
    const told = { arrive: () => parcel.unwanted(), lost: () => parcel.lost(), unwanted: ignore };
    this.carry(to.id, from.id, RESET_BYTES, told);
  }

  inProcess(member: MemberId, callback: () => void): void {
    const { receiver } = this.port(member);
    if (receiver.reception === "paused") receiver.hold(new Alarm(() => this.inProcess(member, callback)));
    else if (receiver.reception === "open") callback();
  }

  /**
   * Destroys the connections between two machines, one each way: what is on its way over them is lost, snapshots fail
   * at both ends. They are dialled anew at once. How many there were.
   */
  reset(a: MemberId, b: MemberId): number {
    const between = this.open.filter(
      ({ from, to, isClosed }) => !isClosed && ((from === a && to === b) || (from === b && to === a)),
    );
    for (const link of [this.link(a, b), this.link(b, a)]) {
      link.era++;
      link.newest = null;
    }
    for (const transfer of between) transfer.connectionReset();
    return 2 + between.length;
  }

  /** Replaces all rules of a machine; counts begin at 0. */
  setCuts(id: MemberId, cuts: readonly LinkCut[]): void {
    const port = this.port(id);
    port.cuts = cuts;
    port.dropped = new Map(cuts.map(({ peer }) => [peer, 0]));
    for (const link of this.linksFrom(id)) {
      if (link === undefined) continue;
      const rules = cuts.filter(({ peer }) => peer === link.to.id);
      link.cutOut = rules.some(({ direction }) => direction !== "in");
      this.link(link.to.id, id).cutIn = rules.some(({ direction }) => direction !== "out");
    }
  }

  cuts(id: MemberId): readonly LinkCut[] {
    return this.port(id).cuts;
  }

  /** Messages that the machine's present rules dropped, by peer. */
  dropped(id: MemberId): ReadonlyMap<MemberId, number> {
    return this.port(id).dropped;
  }

  /** Replaces the shapes of all that a machine sends, by receiver; counts begin at 0. */
  setShapes(id: MemberId, shapes: ReadonlyMap<MemberId, PacketShape>): void {
    for (const peer of shapes.keys()) this.link(id, peer);
    for (const link of this.linksFrom(id)) {
      if (link === undefined) continue;
      const shape = shapes.get(link.to.id) ?? PLAIN;
      link.shape = isPlain(shape) ? null : shape;
      link.counts = noCounts();
    }
  }

  /** Of what a machine sends, by receiver, where anything shapes it. */
  shapes(id: MemberId): ReadonlyMap<MemberId, PacketShape> {
    return new Map(
      this.linksFrom(id).flatMap((link) =>
        link === undefined || link.shape === null ? [] : [[link.to.id, link.shape] as const],
      ),
    );
  }

  shapeCounts(id: MemberId): ReadonlyMap<MemberId, PacketCounts> {
    return new Map(
      this.linksFrom(id).flatMap((link) =>
        link === undefined || link.shape === null ? [] : [[link.to.id, { ...link.counts }] as const],
      ),
    );
  }

  /** For deliveries: they come here when they are due. */
  arrive(delivery: Delivery): void {
    const { link, messages } = delivery;
    const { receiver } = link.to;
    if (delivery.era !== link.era) {
      for (const message of messages) this.trace.lost(message, "reset");
    } else if (link.cutIn) {
      for (const message of messages) {
        link.to.drop(message.from);
        this.trace.lost(message, "cut");
      }
    } else if (receiver.reception === "open") {
      for (const message of messages) this.trace.delivered(message);
      receiver.receive(messages);
    } else if (receiver.reception === "paused") {
      receiver.hold(delivery);
    } else {
      for (const message of messages) this.trace.lost(message, "dead");
    }
  }

  private transmit(link: Link, message: Message): void {
    const { newest } = link;
    // What is sent in one go travels together.
    if (newest !== null && link.sentAtUs === this.loop.nowUs && !this.rough) {
      newest.messages.push(message);
      this.trace.sent(message, newest.timeUs);
      return;
    }
    const { random, profile } = this;
    if (random.chance(profile.loss)) return this.trace.lost(message, "chance");
    if (random.chance(profile.duplicate)) this.deliverAlone(link, message, 2 * this.delay());
    if (random.chance(profile.reorder)) {
      this.deliverAlone(link, message, this.delay() + random.between(0, profile.reorderMs));
    } else {
      this.deliverInOrder(link, message, this.delay());
    }
  }

  private transmitShaped(link: Link, shape: PacketShape, message: Message): void {
    const { random, profile } = this;
    const { counts } = link;
    if (random.chance(shape.lossShare)) {
      counts.lost++;
      return this.trace.lost(message, "chance");
    }
    if (random.chance(profile.loss)) return this.trace.lost(message, "chance");
    const waitMs = this.queueing(link, shape, approximateBytes(message));
    if (waitMs > MAX_QUEUE_MS) return this.trace.lost(message, "clogged");
    let delayMs = this.delay() + waitMs;
    if (shape.delayMs > 0 || shape.jitterMs > 0) {
      counts.delayed++;
      delayMs += Math.max(0, shape.delayMs + random.between(-shape.jitterMs, shape.jitterMs));
    }
    if (random.chance(shape.duplicateShare)) {
      counts.duplicated++;
      this.deliverAlone(link, message, delayMs + this.delay());
    } else if (random.chance(profile.duplicate)) {
      this.deliverAlone(link, message, delayMs + this.delay());
    }
    if (random.chance(shape.reorderShare)) {
      counts.reordered++;
      this.deliverAlone(link, message, delayMs + shape.reorderMs);
    } else if (random.chance(profile.reorder)) {
      this.deliverAlone(link, message, delayMs + random.between(0, profile.reorderMs));
    } else if (shape.jitterMs > 0) {
      this.deliverAlone(link, message, delayMs);
    } else {
      this.deliverInOrder(link, message, delayMs);
    }
  }

  /** How long the message waits for its turn, and to be sent, on a link of limited rate. */
  private queueing(link: Link, shape: PacketShape, bytes: number): number {
    if (shape.bytesPerSecond === null) return 0;
    const begins = Math.max(this.loop.nowMs, link.busyUntilMs);
    const ends = begins + (1000 * bytes) / shape.bytesPerSecond;
    const waitMs = ends - this.loop.nowMs;
    if (waitMs > MAX_QUEUE_MS) return waitMs;
    link.busyUntilMs = ends;
    link.counts.slowed++;
    return waitMs;
  }

  private delay(): number {
    return this.random.between(this.profile.minDelayMs, this.profile.maxDelayMs);
  }

  private deliverInOrder(link: Link, message: Message, delayMs: number): void {
    const { newest } = link;
    const { nowUs } = this.loop;
    link.sentAtUs = nowUs;
    if (newest !== null && newest.timeUs >= nowUs + delayMs * 1000) {
      newest.messages.push(message);
      this.trace.sent(message, newest.timeUs);
      return;
    }
    link.newest = this.deliverAlone(link, message, delayMs);
  }

  private deliverAlone(link: Link, message: Message, delayMs: number): Delivery {
    const delivery = new Delivery(this, link, message);
    delivery.timeUs = this.loop.schedule(delivery, delayMs);
    this.trace.sent(message, delivery.timeUs);
    return delivery;
  }

  private port(id: MemberId): Port {
    const port = this.ports[id];
    if (port === undefined) throw new Error(`no machine has the member id ${id}`);
    return port;
  }

  private linksFrom(id: MemberId): (Link | undefined)[] {
    const links = this.links[id];
    if (links === undefined) throw new Error(`no machine has the member id ${id}`);
    return links;
  }

  private link(from: MemberId, to: MemberId): Link {
    const link = this.linksFrom(from)[to];
    if (link === undefined) throw new Error(`there is no link from ${from} to ${to}`);
    return link;
  }
}

/** What the other process makes of it: nothing is shared with the sender, and what has no place in the codec is gone. */
function throughWire(message: Message): Message {
  const { PeerMessage } = gauntletpeer;
  return fromWire(PeerMessage.decode(PeerMessage.encode(toWire(message)).finish()));
}

function reportThroughWire(report: Report): Report {
  const { Report: Wire } = gauntletpeer;
  return reportFromWire(Wire.decode(Wire.encode(reportToWire(report)).finish()));
}

function isPlain(shape: PacketShape): boolean {
  return (
    shape.lossShare === 0 &&
    shape.delayMs === 0 &&
    shape.jitterMs === 0 &&
    shape.reorderShare === 0 &&
    shape.duplicateShare === 0 &&
    shape.bytesPerSecond === null
  );
}
