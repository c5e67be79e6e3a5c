import type { Model } from "../model.js";
import { at, type Operation } from "../operation.js";
import type { Timeline } from "../timeline.js";
import { placeInGaps } from "./gaps.js";
import { LOOSE, OBSERVER, UNCLEAR, type Versions } from "./versions.js";

/** `stuck`: no order was found, which proves nothing. */
export type Replayed =
  | { readonly type: "legal"; readonly order: readonly number[] }
  | { readonly type: "illegal" }
  | { readonly type: "stuck" };

/**
 * What to do with makers that have not returned and whose version nobody saw: take them, leave them out, or try both at once,
 * to prove that neither helps; that gives no order.
 */
export type Unseen = "take" | "leave" | "both";

const ILLEGAL: Replayed = { type: "illegal" };
const STUCK: Replayed = { type: "stuck" };

/**
 * Replays a prefix of a history in order of versions: of each version its maker, then those that saw it, in order of call.
 * Every legal order has them in that order, but for those that saw one version, among which order of call will do, since
 * they change nothing.
 */
export class Replay<State, Input, Output> {
  /** Operations replayed until now. */
  steps = 0;
  readonly #model: Model<State, Input, Output>;
  readonly #operations: readonly Operation<Input, Output>[];
  readonly #timeline: Timeline;
  readonly #versions: Versions<State, Input, Output>;
  #end = 0;
  #unseen: Unseen = "take";
  /** Whether operations that never returned may have changed something: then what fails may fail for want of one. */
  #isInDoubt = false;
  /** Whether there are operations in the prefix whose version is not known, though they returned or will. */
  #isUnclear = false;
  #order: number[] = [];
  /** The states the object may be in after it; and by gap of the order, where there is something to put into gaps. */
  #states: readonly State[] = [];
  #statesIn: (readonly State[])[] = [];
  /** Of the present zone, what is replayed: the maker, if it is there, and the observers. */
  readonly #members: number[] = [];
  /** By place in `versions.crashed`: 1 if it is in the order. */
  #used: Uint8Array;
  /** The last call among what is in the order; among those of them that are so in every order. */
  #lastCall = -1;
  #lastForcedCall = -1;
  /** The same of what is ahead of the present zone. */
  #forcedCallBefore = -1;
  /** Place in `versions.unclear` of the first that is not certainly past. */
  #firstUnclear = 0;

  constructor(
    model: Model<State, Input, Output>,
    operations: readonly Operation<Input, Output>[],
    timeline: Timeline,
    versions: Versions<State, Input, Output>,
  ) {
    this.#model = model;
    this.#operations = operations;
    this.#timeline = timeline;
    this.#versions = versions;
    this.#used = new Uint8Array(versions.crashed.length);
  }

  get bytes(): number {
    return 8 * this.#order.length + STATES_BYTES * this.#statesIn.length + this.#used.length;
  }

  /** The events before the place `end`. */
  *run(end: number, unseen: Unseen): Generator<undefined, Replayed> {
    this.#end = end;
    this.#unseen = unseen;
    const { crashed, unclear } = this.#versions;
    this.#isInDoubt = this.#isCalled(crashed[0]);
    this.#isUnclear = this.#isCalled(unclear[0]);
    this.#firstUnclear = 0;
    this.#order = [];
    this.#states = [this.#model.init()];
    this.#statesIn = this.#versions.nameless > 0 ? [this.#states] : [];
    this.#used.fill(0);
    this.#lastCall = this.#lastForcedCall = -1;
    const { byVersion, zoneStarts } = this.#versions;
    const last = byVersion.findLastIndex(this.#isSettled);
    let yieldAt = this.steps + STEPS_PER_YIELD;
    for (let zone = 0; (zoneStarts[zone] as number) <= last; zone++) {
      const failure = this.#replayZone(zoneStarts[zone] as number, zoneStarts[zone + 1] as number);
      if (failure !== undefined) return failure;
      if (this.steps < yieldAt) continue;
      yieldAt = this.steps + STEPS_PER_YIELD;
      yield;
    }
    if (unseen === "both") return STUCK;
    const order = this.#placeLoose();
    return order === undefined ? STUCK : { type: "legal", order };
  }

  #isCalled(operation: number | undefined): boolean {
    return operation !== undefined && (this.#timeline.callAt[operation] as number) < this.#end;
  }

  readonly #isSettled = (operation: number): boolean => {
    const returned = this.#timeline.returnAt[operation] as number;
    return returned !== -1 && returned < this.#end;
  };

  /** Those of these places of `byVersion`. Gives what it fails with. */
  #replayZone(start: number, stop: number): Replayed | undefined {
    const { byVersion, roles } = this.#versions;
    const members = this.#members;
    members.length = 0;
    let [maker, settled, open] = [NONE, 0, 0];
    for (let place = start; place < stop; place++) {
      const operation = byVersion[place] as number;
      const isSettled = this.#isSettled(operation);
      if (roles[operation] === OBSERVER) {
        if (isSettled) members.push(operation);
      } else if (isSettled) {
        settled++;
        maker = operation;
      } else if (this.#isCalled(operation)) {
        open++;
        if (maker === NONE) maker = operation;
      }
    }
    if (settled > 1) return ILLEGAL;
    const isSeen = settled > 0 || members.length > 0;
    if (!isSeen && (maker === NONE || this.#unseen === "leave")) return undefined;
    if (settled === 0 && open > 1) this.#isInDoubt = true;
    const isClear = !this.#isInDoubt && !this.#isUnclear;
    if (maker === NONE && this.#versions.versionAt(start) !== 0 && isClear) return ILLEGAL;
    // While it is open another may have made that version, if there is another.
    const isForced = settled > 0 || (isSeen && isClear);
    if (maker !== NONE) members.unshift(maker);
    this.#forcedCallBefore = this.#lastForcedCall;
    const failure = this.#checkTimes(maker, isForced);
    if (failure !== undefined) return failure;
    if (this.#unseen === "both") return this.#replayBoth(maker, isForced);
    return this.#tryMembers(NO_CRASHED) || this.#tryWithCrashed() ? undefined : STUCK;
  }

  /** None may have returned before what is ahead of it was called. `isForced`: the maker is ahead in every order. */
  #checkTimes(maker: number, isForced: boolean): Replayed | undefined {
    const { returnAt } = this.#timeline;
    let failure: Replayed | undefined;
    for (const member of this.#members) {
      if (this.#isSettled(member)) {
        const returned = returnAt[member] as number;
        if (returned < this.#lastForcedCall) return ILLEGAL;
        if (returned < this.#lastCall && this.#unseen !== "both") failure = STUCK;
      }
      if (member === maker) this.#noteCall(maker, isForced);
    }
    for (const member of this.#members) if (member !== maker) this.#noteCall(member, true);
    return failure;
  }

  #noteCall(operation: number, isForced: boolean): void {
    const call = this.#timeline.callAt[operation] as number;
    this.#lastCall = Math.max(this.#lastCall, call);
    if (isForced) this.#lastForcedCall = Math.max(this.#lastForcedCall, call);
  }

  /** Keeps all states that there may be, and more: nothing is illegal but what is impossible in all of them. */
  #replayBoth(maker: number, isForced: boolean): Replayed | undefined {
    const until = this.#firstReturn();
    let states = this.#withUnclear(this.#states, until);
    for (const member of this.#members) {
      const after = this.#next(states, member);
      if (member !== maker) states = this.#withUnclear(after, this.#end);
      else states = this.#withUnclear(isForced ? after : this.#distinct([...states, ...after]), until);
    }
    this.#states = states;
    if (states.length > 0) return undefined;
    return this.#isInDoubt ? STUCK : ILLEGAL;
  }

  /** Of the members. What was called later cannot come before them. */
  #firstReturn(): number {
    let first = this.#end;
    for (const member of this.#members) {
      if (this.#isSettled(member)) first = Math.min(first, this.#timeline.returnAt[member] as number);
    }
    return first;
  }

  /**
   * Also the states after those unclear ones that were called before `until` and may take effect here, in any number: all
   * but those that had returned before something ahead of this zone was called.
   */
  #withUnclear(states: readonly State[], until: number): readonly State[] {
    const { callAt, returnAt } = this.#timeline;
    const { unclear } = this.#versions;
    const isPast = (operation: number): boolean =>
      this.#isSettled(operation) && (returnAt[operation] as number) < this.#forcedCallBefore;
    while (this.#firstUnclear < unclear.length && isPast(at(unclear, this.#firstUnclear)))
      this.#firstUnclear++;
    const known = new Map(states.map((state) => [this.#model.stateKey(state), state]));
    for (const state of known.values()) {
      for (let u = this.#firstUnclear; u < unclear.length; u++) {
        const operation = at(unclear, u);
        if ((callAt[operation] as number) >= until) break;
        if (isPast(operation)) continue;
        for (const after of this.#next([state], operation)) {
          const key = this.#model.stateKey(after);
          if (!known.has(key)) known.set(key, after);
        }
      }
      if (known.size <= MAX_STATES) continue;
      this.#isInDoubt = true;
      break;
    }
    return known.size === states.length ? states : [...known.values()];
  }

  /** Appends the members to the order if they are possible there; crashed ones, places in `versions.crashed`, ahead. */
  #tryMembers(crashed: readonly number[]): boolean {
    const before = this.#states;
    const length = this.#order.length;
    for (const c of crashed) this.#append(at(this.#versions.crashed, c));
    for (const member of this.#members) {
      if (this.#states.length > 0) this.#append(member);
    }
    if (this.#states.length === 0) {
      this.#states = before;
      this.#order.length = length;
      if (this.#statesIn.length > 0) this.#statesIn.length = length + 1;
      return false;
    }
    for (const c of crashed) {
      this.#used[c] = 1;
      this.#noteCall(at(this.#versions.crashed, c), false);
    }
    return true;
  }

  #append(operation: number): void {
    this.#states = this.#next(this.#states, operation);
    this.#order.push(operation);
    if (this.#statesIn.length > 0) this.#statesIn.push(this.#states);
  }

  /** With one operation that never returned ahead of them, or two. Which, is a guess where more than one would do. */
  #tryWithCrashed(): boolean {
    const ones = this.#candidates();
    if (ones.some((one) => this.#tryMembers([one]))) return true;
    if (ones.length > MAX_CANDIDATES_FOR_PAIRS) return false;
    const { crashedKinds } = this.#versions;
    return ones.some((one) => {
      // Of the same kind the next: it is in no list of the first ones.
      this.#used[one] = 1;
      const found = this.#candidates().some(
        (other) =>
          (ones.includes(other) || crashedKinds[other] === crashedKinds[one]) &&
          this.#tryMembers([one, other]),
      );
      if (!found) this.#used[one] = 0;
      return found;
    });
  }

  /** Of each kind the one called first, if it was called in time; the latest ahead, since what took effect mostly did so soon. */
  #candidates(): number[] {
    const { callAt } = this.#timeline;
    const { crashed, crashedKinds } = this.#versions;
    const until = this.#firstReturn();
    const ofKind = new Map<number, number>();
    for (let c = 0; c < crashed.length && (callAt[at(crashed, c)] as number) < until; c++) {
      const kind = at(crashedKinds, c);
      if (this.#used[c] === 0 && !ofKind.has(kind)) ofKind.set(kind, c);
    }
    return [...ofKind.values()].toReversed();
  }

  #next(states: readonly State[], operation: number): readonly State[] {
    const { input, output, return: returned } = at(this.#operations, operation);
    this.steps++;
    const answer = returned === undefined ? undefined : output;
    if (states.length !== 1)
      return this.#distinct(states.flatMap((state) => this.#model.step(state, input, answer)));
    const before = at(states, 0);
    const after = this.#model.step(before, input, answer);
    return after.length === 1 && after[0] === before ? states : this.#distinct(after);
  }

  #distinct(states: readonly State[]): readonly State[] {
    if (states.length < 2) return states;
    return [...new Map(states.map((state) => [this.#model.stateKey(state), state])).values()];
  }

  /**
   * Those that name no version, where they change nothing; failing that, where they are possible, for what they tell may be
   * true: then the whole is replayed once more.
   */
  #placeLoose(): readonly number[] | undefined {
    if (this.#versions.nameless === 0) return this.#order;
    const { roles } = this.#versions;
    let isSure = true;
    const order = placeInGaps(
      this.#timeline,
      this.#end,
      this.#order,
      (operation) => roles[operation] === LOOSE || roles[operation] === UNCLEAR,
      (operation, earliest, latest) => {
        let possible = NONE;
        for (let gap = earliest; gap <= latest; gap++) {
          const states = at(this.#statesIn, gap);
          if (gap > earliest && states === this.#statesIn[gap - 1]) continue;
          const after = this.#next(states, operation);
          if (after.length === 0) continue;
          if (this.#areSame(states, after)) return gap;
          if (possible === NONE) possible = gap;
        }
        isSure = false;
        return possible;
      },
    );
    return order === undefined || isSure || this.#isPossible(order) ? order : undefined;
  }

  #areSame(states: readonly State[], others: readonly State[]): boolean {
    if (states === others) return true;
    const keys = new Set(states.map((state) => this.#model.stateKey(state)));
    return others.length === states.length && others.every((state) => keys.has(this.#model.stateKey(state)));
  }

  #isPossible(order: readonly number[]): boolean {
    let states: readonly State[] = [this.#model.init()];
    for (const operation of order) states = this.#next(states, operation);
    return states.length > 0;
  }
}

const NONE = -1;
const NO_CRASHED: readonly number[] = [];
/** A list of one state, shared with others as it is; as measured, about. */
const STATES_BYTES = 150;
const STEPS_PER_YIELD = 500;
const MAX_STATES = 32;
/** Pairs are as many as its square. */
const MAX_CANDIDATES_FOR_PAIRS = 12;
