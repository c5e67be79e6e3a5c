import type { Message } from "@gauntlet/server/inside";
import type { GraphCodec } from "./graph-codec.js";
import { PairTable } from "./int-table.js";
import { ID_BASE } from "./local-member.js";

/** Interned sets of interned messages; set 0 is empty. */
export class MessageSets {
  private readonly codec: GraphCodec;
  private readonly renamings: readonly (readonly number[])[];
  private readonly messageIds = new Map<string, number>();
  private readonly bytes: string[] = [];
  /** To whom, from 0. */
  private readonly receivers: number[] = [];
  private readonly setIds = new Map<string, number>([["", 0]]);
  private readonly sets: (readonly number[])[] = [[]];
  private readonly unions = new PairTable();
  private readonly renamedMessages: number[][];
  private readonly renamedSets: number[][];

  constructor(codec: GraphCodec, renamings: readonly (readonly number[])[]) {
    this.codec = codec;
    this.renamings = renamings;
    this.renamedMessages = renamings.map(() => []);
    this.renamedSets = renamings.map(() => []);
  }

  get messageCount(): number {
    return this.bytes.length;
  }

  get setCount(): number {
    return this.sets.length;
  }

  message(id: number): Message {
    return this.codec.decode(this.bytes[id] ?? "") as Message;
  }

  receiverOf(message: number): number {
    return this.receivers[message] ?? -1;
  }

  membersOf(set: number): readonly number[] {
    return this.sets[set] ?? [];
  }

  ofMessages(messages: readonly Message[]): number {
    const [plain] = this.renamings;
    if (messages.length === 0 || plain === undefined) return 0;
    return this.ofIds(messages.map((message) => this.internMessage(this.codec.encode(message, plain))));
  }

  ofIds(ids: readonly number[]): number {
    const sorted = [...new Set(ids)].toSorted((a, b) => a - b);
    const key = String.fromCharCode(...sorted);
    const known = this.setIds.get(key);
    if (known !== undefined) return known;
    this.setIds.set(key, this.sets.length);
    return this.sets.push(sorted) - 1;
  }

  union(a: number, b: number): number {
    if (a === b || b === 0) return a;
    if (a === 0) return b;
    const known = this.unions.get(a, b);
    if (known !== -1) return known;
    const union = this.ofIds([...this.membersOf(a), ...this.membersOf(b)]);
    this.unions.add(a, b, union);
    return union;
  }

  /** Those that are for `member`, from 0. */
  to(set: number, member: number): number {
    return this.ofIds(this.membersOf(set).filter((message) => this.receivers[message] === member));
  }

  /** `renaming`: which of the renamings. */
  renamed(set: number, renaming: number): number {
    const memo = this.renamedSets[renaming] as number[];
    return (memo[set] ??= this.ofIds(
      this.membersOf(set).map((message) => this.renamedMessage(message, renaming)),
    ));
  }

  renamedMessage(message: number, renaming: number): number {
    const memo = this.renamedMessages[renaming] as number[];
    return (memo[message] ??= this.internMessage(
      this.codec.encode(this.message(message), this.renamings[renaming] as readonly number[]),
    ));
  }

  private internMessage(bytes: string): number {
    const known = this.messageIds.get(bytes);
    if (known !== undefined) return known;
    const id = this.bytes.push(bytes) - 1;
    if (id > 0xff_ff) throw new RangeError("more than 65,536 messages: the bound is far too large");
    this.messageIds.set(bytes, id);
    this.receivers.push(this.message(id).to - ID_BASE - 1);
    return id;
  }
}
