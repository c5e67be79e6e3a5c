/**
 * The calls and returns of the operations that are not linearized yet, in order of time, as a doubly linked
 * list: an operation is taken out and put back in constant time (Lowe 2017, section 4). An event is operation * 2 for
 * a call, operation * 2 + 1 for a return, as in Timeline.
 */
export class EventList {
  /** Before the first and after the last event. */
  readonly end: number;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;

  /** Of these events, those of operations that returned. `returnAt` as in Timeline. */
  constructor(events: Int32Array, returnAt: Int32Array) {
    this.end = returnAt.length * 2;
    this.#next = new Int32Array(this.end + 1).fill(this.end);
    this.#previous = new Int32Array(this.end + 1).fill(this.end);
    let last = this.end;
    for (let i = 0; i < events.length; i++) {
      const event = events[i] as number;
      if (returnAt[event >> 1] === -1) continue;
      this.#next[last] = event;
      this.#previous[event] = last;
      last = event;
    }
    this.#next[last] = this.end;
    this.#previous[this.end] = last;
  }

  get bytes(): number {
    return 8 * this.#next.length;
  }

  get first(): number {
    return this.#next[this.end] as number;
  }

  after(event: number): number {
    return this.#next[event] as number;
  }

  /** The return first: so what comes after the call, asked once it is lifted, is still in the list. */
  lift(operation: number): void {
    this.#remove(operation * 2 + 1);
    this.#remove(operation * 2);
  }

  /** Undoes `lift`: the latest first. */
  unlift(operation: number): void {
    this.#restore(operation * 2);
    this.#restore(operation * 2 + 1);
  }

  #remove(event: number): void {
    const next = this.#next[event] as number;
    const previous = this.#previous[event] as number;
    this.#next[previous] = next;
    this.#previous[next] = previous;
  }

  #restore(event: number): void {
    this.#next[this.#previous[event] as number] = event;
    this.#previous[this.#next[event] as number] = event;
  }
}
