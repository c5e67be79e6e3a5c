import type { Model } from "../model.js";
import { at, type Operation } from "../operation.js";
import type { Timeline } from "../timeline.js";

/** What an operation is to the chain. */
export const SAYS_NOTHING = 0;
/** Changed the object and says which version it made. */
export const MAKER = 1;
/** Changed nothing and says which version it saw. */
export const OBSERVER = 2;
/** Returned, names no version, and changes nothing whatever the state. */
export const LOOSE = 3;
/** Returned and names no version, but may have made one. */
export const UNCLEAR = 4;
/** Never returned and may have made a version. */
export const CRASHED = 5;

/** A history by the versions that its answers name. */
export class Versions<State, Input, Output> {
  readonly roles: Uint8Array;
  /**
   * Operations that name a version, by version, then in order of call; and where each zone begins, those that name one
   * version, with the end of all on top.
   */
  byVersion = new Int32Array(0);
  zoneStarts = new Int32Array(0);
  /** Operations of that role, in order of call; of each its kind: those of one kind are alike. */
  readonly crashed: number[] = [];
  readonly crashedKinds: number[] = [];
  /** Operations of that role, in order of call. */
  readonly unclear: number[] = [];
  /** Operations that name a version, and operations that returned without. */
  named = 0;
  nameless = 0;
  readonly #model: Model<State, Input, Output>;
  readonly #operations: readonly Operation<Input, Output>[];
  readonly #numbers: Float64Array;

  constructor(model: Model<State, Input, Output>, operations: readonly Operation<Input, Output>[]) {
    this.#model = model;
    this.#operations = operations;
    this.roles = new Uint8Array(operations.length);
    this.#numbers = new Float64Array(operations.length);
  }

  get bytes(): number {
    return 9 * this.roles.length + 4 * (this.byVersion.length + this.zoneStarts.length);
  }

  scan(start: number, end: number): void {
    for (let i = start; i < end; i++) {
      const { input, output, return: returned } = at(this.#operations, i);
      const answer = returned === undefined ? undefined : output;
      const number = this.#model.version?.(input, answer);
      const isHarmless =
        this.#model.readOnly?.(input, undefined) === true || this.#model.readOnly?.(input, answer) === true;
      if (returned === undefined) this.roles[i] = isHarmless ? SAYS_NOTHING : CRASHED;
      else if (number === undefined) {
        this.roles[i] = isHarmless ? LOOSE : UNCLEAR;
        this.nameless++;
      } else {
        this.roles[i] = isHarmless ? OBSERVER : MAKER;
        this.#numbers[i] = number;
        this.named++;
      }
    }
  }

  /** After all were scanned. Log-linear. */
  arrange({ events, callAt }: Timeline): void {
    const named = new Int32Array(this.named);
    let count = 0;
    const kinds = new Map<string, number>();
    for (const event of events) {
      if ((event & 1) === 1) continue;
      const operation = event >> 1;
      const role = this.roles[operation];
      if (role === MAKER || role === OBSERVER) named[count++] = operation;
      if (role === UNCLEAR) this.unclear.push(operation);
      if (role !== CRASHED) continue;
      this.crashed.push(operation);
      const key =
        this.#model.operationKey?.(at(this.#operations, operation).input, undefined) ?? `#${operation}`;
      const kind = kinds.get(key) ?? kinds.size;
      kinds.set(key, kind);
      this.crashedKinds.push(kind);
    }
    named.sort(
      (a, b) =>
        (this.#numbers[a] as number) - (this.#numbers[b] as number) ||
        (callAt[a] as number) - (callAt[b] as number),
    );
    const starts: number[] = [];
    for (let place = 0; place < count; place++) {
      if (place === 0 || this.versionAt(place, named) !== this.versionAt(place - 1, named))
        starts.push(place);
    }
    starts.push(count);
    this.byVersion = named;
    this.zoneStarts = Int32Array.from(starts);
  }

  /** The version that is named at a place of `byVersion`. */
  versionAt(place: number, byVersion = this.byVersion): number {
    return this.#numbers[byVersion[place] as number] as number;
  }
}
