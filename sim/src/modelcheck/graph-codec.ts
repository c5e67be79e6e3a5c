/**
 * Object graphs as bytes and back: how the model checker copies, compares and renames members.
 *
 * Two graphs have the same bytes exactly if they are equal up to the order of Maps, Sets and lists of member ids,
 * and up to whether plain data (objects without a class, lists, Maps) is shared or doubled. Instances of classes
 * keep their identity: a graph that names one twice still does after a round trip. Functions are refused.
 */
export class GraphCodec {
  private readonly idBase: number;
  private readonly members: number;
  private readonly shared: readonly object[];
  private readonly shapes: Shape[] = [];
  private readonly shapesByPrototype = new Map<object | null, Shape[]>();
  private readonly strings: string[] = [];
  private readonly stringIndex = new Map<string, number>();
  private buffer = Buffer.alloc(1 << 16);
  private at = 0;
  private rename: readonly number[] = [];
  private seen = new Map<object, number>();
  private made: object[] = [];
  private input = "";

  /**
   * Member ids are the integers `idBase` + 1 to `idBase` + `members`, and no other number of a graph is among
   * them. `shared` are objects that no member changes: they are named, not copied; the first `members` of them
   * belong to one member each and are renamed with it.
   */
  constructor(idBase: number, members: number, shared: readonly object[]) {
    this.idBase = idBase;
    this.members = members;
    this.shared = shared;
  }

  /** `rename[i]`: which member (from 0) stands in place of member i. The result is a string of bytes. */
  encode(root: unknown, rename: readonly number[]): string {
    this.at = 0;
    this.rename = rename;
    this.seen = new Map();
    this.write(root, "");
    return this.buffer.toString("latin1", 0, this.at);
  }

  decode(bytes: string): unknown {
    this.input = bytes;
    this.at = 0;
    this.made = [];
    return this.read();
  }

  // ---- writing

  private write(value: unknown, name: string): void {
    if (typeof value === "number") return this.writeNumber(timeless(name, value));
    if (value === null) return this.byte(TAG.null);
    if (value === undefined) return this.byte(TAG.undefined);
    if (typeof value === "boolean") return this.byte(value ? TAG.true : TAG.false);
    if (typeof value === "string") return this.writeString(value);
    if (typeof value === "object") return this.writeObject(value, name);
    throw new TypeError(`${name}: a ${typeof value} is part of a member's state; only data can be copied`);
  }

  private writeNumber(value: number): void {
    const member = value - this.idBase - 1;
    if (member >= 0 && member < this.members && Number.isInteger(member)) {
      this.byte(TAG.member);
      return this.byte(this.rename[member] ?? member);
    }
    const isSmall = Number.isInteger(value) && value >= 0 && value < 256 - TAG.small;
    if (isSmall && !Object.is(value, -0)) return this.byte(TAG.small + value);
    this.byte(TAG.number);
    this.room(8);
    this.buffer.writeDoubleLE(value, this.at);
    this.at += 8;
  }

  private writeString(value: string): void {
    let index = this.stringIndex.get(value);
    if (index === undefined) {
      index = this.strings.length;
      this.strings.push(value);
      this.stringIndex.set(value, index);
    }
    this.byte(TAG.string);
    this.count(index);
  }

  private writeObject(value: object, name: string): void {
    const shared = this.shared.indexOf(value);
    if (shared !== -1) {
      this.byte(TAG.shared);
      return this.byte(shared < this.members ? (this.rename[shared] ?? shared) : shared);
    }
    if (Array.isArray(value)) return this.writeList(value, name);
    if (value instanceof Map) return this.writeMap(value);
    if (value instanceof Set) {
      this.byte(TAG.set);
      return this.writeSorted([...value]);
    }
    if (value instanceof Uint8Array) return this.writeBytes(value);
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (prototype !== Object.prototype) {
      const known = this.seen.get(value);
      if (known !== undefined) {
        this.byte(TAG.again);
        return this.count(known);
      }
      this.seen.set(value, this.seen.size);
    }
    const shape = this.shapeOf(value, prototype);
    this.byte(TAG.object);
    this.count(shape.index);
    const fields = value as Readonly<Record<string, unknown>>;
    for (const key of shape.keys) this.write(fields[key], key);
  }

  private writeList(list: readonly unknown[], name: string): void {
    this.byte(TAG.list);
    // Lists of members, and of messages that wait to leave, have an order that means nothing.
    if (list.length > 1 && (name === "held" || list.every((item) => this.isMember(item)))) {
      return this.writeSorted(list);
    }
    this.count(list.length);
    for (const item of list) this.write(item, "");
  }

  /** In the order of the bytes of the items. No instance may be in them: its number would depend on the order. */
  private writeSorted(items: readonly unknown[]): void {
    const start = this.at;
    const parts = items.map((item) => {
      this.at = start;
      this.write(item, "");
      return this.buffer.toString("latin1", start, this.at);
    });
    this.at = start;
    this.count(parts.length);
    for (const part of parts.toSorted()) {
      this.room(part.length);
      this.at += this.buffer.write(part, this.at, "latin1");
    }
  }

  private writeMap(map: ReadonlyMap<unknown, unknown>): void {
    const entries = [...map].map(([key, value]) => ({ rank: this.rankOf(key), key, value }));
    entries.sort((a, b) => (a.rank < b.rank ? -1 : 1));
    this.byte(TAG.map);
    this.count(entries.length);
    for (const { key, value } of entries) {
      this.write(key, "");
      this.write(value, "");
    }
  }

  private rankOf(key: unknown): string {
    if (typeof key !== "number") return String(key);
    return String(this.isMember(key) ? this.rename[key - this.idBase - 1] : key).padStart(20, "0");
  }

  private writeBytes(bytes: Uint8Array): void {
    this.byte(TAG.bytes);
    this.count(bytes.length);
    this.room(bytes.length);
    this.buffer.set(bytes, this.at);
    this.at += bytes.length;
  }

  private isMember(value: unknown): value is number {
    return typeof value === "number" && value > this.idBase && value <= this.idBase + this.members;
  }

  private shapeOf(value: object, prototype: object | null): Shape {
    const keys = Object.keys(value);
    let shapes = this.shapesByPrototype.get(prototype);
    if (shapes === undefined) this.shapesByPrototype.set(prototype, (shapes = []));
    for (const shape of shapes) {
      if (shape.own.length === keys.length && shape.own.every((key, at) => key === keys[at])) return shape;
    }
    // The order in which fields came to be means nothing: one shape for all orders, written sorted.
    const sorted = keys.toSorted();
    const same = shapes.find((shape) => shape.keys.join() === sorted.join());
    const shape: Shape = same
      ? { ...same, own: keys }
      : { index: this.shapes.length, prototype, own: keys, keys: sorted };
    if (same === undefined) this.shapes.push(shape);
    shapes.push(shape);
    return shape;
  }

  private byte(value: number): void {
    this.room(1);
    this.buffer[this.at++] = value;
  }

  private count(value: number): void {
    if (value > 0xff_ff) throw new RangeError(`${value} items are too many for a model`);
    this.byte(value & 0xff);
    this.byte(value >> 8);
  }

  private room(bytes: number): void {
    if (this.at + bytes <= this.buffer.length) return;
    const larger = Buffer.alloc(2 * this.buffer.length + bytes);
    this.buffer.copy(larger, 0, 0, this.at);
    this.buffer = larger;
  }

  // ---- reading

  private read(): unknown {
    const tag = this.next();
    if (tag >= TAG.small) return tag - TAG.small;
    switch (tag) {
      case TAG.null:
        return null;
      case TAG.undefined:
        return undefined;
      case TAG.true:
        return true;
      case TAG.false:
        return false;
      case TAG.member:
        return this.idBase + 1 + this.next();
      case TAG.number:
        return this.readDouble();
      case TAG.string:
        return this.strings[this.nextCount()];
      case TAG.shared:
        return this.shared[this.next()];
      case TAG.again:
        return this.made[this.nextCount()];
      case TAG.list:
        return this.readItems();
      case TAG.set:
        return new Set(this.readItems());
      case TAG.map:
        return new Map(Array.from({ length: this.nextCount() }, () => [this.read(), this.read()]));
      case TAG.bytes:
        return Uint8Array.from({ length: this.nextCount() }, () => this.next());
      default:
        return this.readInstance();
    }
  }

  private readItems(): unknown[] {
    const length = this.nextCount();
    const items: unknown[] = [];
    for (let at = 0; at < length; at++) items.push(this.read());
    return items;
  }

  private readInstance(): object {
    const shape = this.shapes[this.nextCount()];
    if (shape === undefined) throw new RangeError("no such shape: these bytes are of another codec");
    const value = (shape.prototype === Object.prototype ? {} : Object.create(shape.prototype)) as Record<
      string,
      unknown
    >;
    if (shape.prototype !== Object.prototype) this.made.push(value);
    for (const key of shape.keys) value[key] = this.read();
    return value;
  }

  private readDouble(): number {
    const bytes = Buffer.from(this.input.slice(this.at, this.at + 8), "latin1");
    this.at += 8;
    return bytes.readDoubleLE(0);
  }

  private next(): number {
    return this.input.charCodeAt(this.at++);
  }

  private nextCount(): number {
    return this.next() + 256 * this.next();
  }
}

/** Of all models: long enough that one tick, of a heartbeat, is not the last. */
export const ELECTION_TICKS = 2;

interface Shape {
  readonly index: number;
  readonly prototype: object | null;
  /** As found. */
  readonly own: readonly string[];
  readonly keys: readonly string[];
}

const TAG = {
  null: 0,
  undefined: 1,
  true: 2,
  false: 3,
  member: 4,
  number: 5,
  string: 6,
  shared: 7,
  again: 8,
  list: 9,
  set: 10,
  map: 11,
  bytes: 12,
  object: 13,
  /** A small integer is its own tag. */
  small: 16,
} as const;

/**
 * Time is not modelled: what it moves stands still, but for the election timer, of which it is kept whether it
 * ran for so long that the leader counts as not heard. A timer that is not known here is refused.
 */
function timeless(name: string, value: number): number {
  if (!/[tT]icks?$/.test(name) || LIMITS.has(name)) return value;
  if (name === "elapsedTicks") return value >= ELECTION_TICKS ? ELECTION_TICKS : 0;
  if (!TIMERS.has(name)) throw new TypeError(`${name}: a timer that the model checker does not know`);
  return 0;
}

const LIMITS: ReadonlySet<string> = new Set(["electionTicks", "heartbeatTicks", "limitTicks"]);

const TIMERS: ReadonlySet<string> = new Set([
  "tick",
  "currentTick",
  "heardTick",
  "heartbeatElapsedTicks",
  "arrivedTick",
  "sentTick",
  "remainingTicks",
  "stuckTicks",
]);
