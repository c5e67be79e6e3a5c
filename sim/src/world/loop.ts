/**
 * Something that happens at an instant of virtual time. Its class carries its own data, so that scheduling costs one
 * object and no closure.
 */
export interface Task {
  run(): void;
}

/** For what happens seldom: calls back, unless it is cancelled before. */
export class Alarm implements Task {
  cancelled = false;
  private readonly callback: () => void;

  constructor(callback: () => void) {
    this.callback = callback;
  }

  run(): void {
    if (!this.cancelled) this.callback();
  }
}

const READY = Promise.resolve();

/** Turns after which the process may hear signals and write output. */
const TURNS_BETWEEN_YIELDS = 8192;

/** More without time going on is a loop that never ends. */
const MAX_TASKS_AN_INSTANT = 1_000_000;

const FIRST_CAPACITY = 1024;

/** Nothing is due any more, yet what the caller waits for has not happened. */
export class NothingLeft extends Error {}

/**
 * The event loop of one world: tasks in the order of (time, sequence of scheduling), and virtual time that
 * jumps from one to the next. Nothing in it depends on the machine that it runs on.
 *
 * Promises: what a task sets off in the microtask queue is over before the next task runs, provided that
 * the task says so by `settle()`. A world calls it wherever it hands out or resolves a promise, or calls
 * code that may do so by itself. Microtasks that nobody told of run after the next task that does: late, as on a
 * busy machine, but the same in every run.
 */
export class Loop {
  /** Virtual time since the world began, in whole microseconds: these are small integers to V8 for 35 minutes. */
  nowUs = 0;
  /** Tasks that ran. */
  executed = 0;
  /** Turns of the microtask queue that were waited for. */
  turns = 0;

  /**
   * A binary heap, its columns apart: comparisons read two typed arrays and never a task, whose classes are too many
   * for fast reads.
   */
  private tasks: Task[] = [];
  private times = new Float64Array(FIRST_CAPACITY);
  private sequences = new Float64Array(FIRST_CAPACITY);
  private size = 0;
  /** Tasks due now, in order: most of what is scheduled "soon" never meets the heap. */
  private due: Task[] = [];
  private dueSequences: number[] = [];
  private dueHead = 0;
  private executedNow = 0;
  private nextSequence = 1;
  private unsettled = false;
  private finished = false;
  private running: { readonly resolve: () => void; readonly reject: (error: unknown) => void } | null = null;

  /** Virtual milliseconds since the world began. */
  get nowMs(): number {
    return this.nowUs / 1000;
  }

  /** Microtasks may have been queued: they are to run before the next task. */
  settle(): void {
    this.unsettled = true;
  }

  /** Schedules `task` in `delayMs` (0: after all that is due now), and returns when that is, in microseconds. */
  schedule(task: Task, delayMs: number): number {
    return this.scheduleAtUs(task, this.nowUs + Math.round(delayMs * 1000));
  }

  after(delayMs: number, callback: () => void): Alarm {
    const alarm = new Alarm(callback);
    this.schedule(alarm, delayMs);
    return alarm;
  }

  /** Resolves after `delayMs` of virtual time; cannot be interrupted. */
  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(delayMs, () => {
        this.unsettled = true;
        resolve();
      });
    });
  }

  /**
   * Lets time pass until the promise is settled. Rejects with NothingLeft when it never can be, and with whatever
   * a task throws: then the world is broken.
   */
  async run<T>(promise: Promise<T>): Promise<T> {
    if (this.running !== null) throw new Error("the loop runs already");
    const finish = (): void => {
      this.finished = true;
    };
    this.finished = false;
    promise.then(finish, finish);
    try {
      await new Promise<void>((resolve, reject) => {
        this.running = { resolve, reject };
        void READY.then(this.nextTurn);
      });
    } finally {
      this.running = null;
    }
    return promise;
  }

  /** Lets so much time pass. */
  runFor(ms: number): Promise<void> {
    return this.run(this.sleep(ms));
  }

  /** In a microtask: what is queued now, and all that it queues, runs before the tick does (Node's own order). */
  private readonly nextTurn = (): void => {
    if (this.turns++ % TURNS_BETWEEN_YIELDS === 0) setImmediate(this.turn);
    else process.nextTick(this.turn);
  };

  /** Runs tasks until one may have queued microtasks. */
  private readonly turn = (): void => {
    const { running } = this;
    if (running === null) return;
    this.unsettled = false;
    try {
      while (!this.finished) {
        const task = this.take();
        if (task === null) throw new NothingLeft(`nothing can happen any more at ${this.nowMs} ms`);
        this.executed++;
        if (++this.executedNow > MAX_TASKS_AN_INSTANT)
          throw new Error(`time stands still at ${this.nowMs} ms`);
        task.run();
        if (this.unsettled) {
          void READY.then(this.nextTurn);
          return;
        }
      }
    } catch (error) {
      running.reject(error);
      return;
    }
    running.resolve();
  };

  /** Schedules `task` at an instant in whole microseconds; at once if that is past. */
  scheduleAtUs(task: Task, timeUs: number): number {
    const sequence = this.nextSequence++;
    if (timeUs <= this.nowUs) {
      this.due.push(task);
      this.dueSequences.push(sequence);
      return this.nowUs;
    }
    if (!Number.isSafeInteger(timeUs)) throw new RangeError(`nothing can be scheduled at ${timeUs} us`);
    this.push(task, timeUs, sequence);
    return timeUs;
  }

  /** The next task; time is what it was scheduled for then. */
  private take(): Task | null {
    const first = this.due[this.dueHead];
    if (first === undefined) {
      if (this.size === 0) return null;
      const timeUs = this.times[0] as number;
      if (timeUs !== this.nowUs) this.executedNow = 0;
      this.nowUs = timeUs;
      return this.pop();
    }
    // What is due now was scheduled now; a task of the heap for this very instant may have been scheduled before.
    if (this.size > 0 && this.times[0] === this.nowUs) {
      if ((this.sequences[0] as number) < (this.dueSequences[this.dueHead] as number)) return this.pop();
    }
    this.dueHead++;
    if (this.dueHead === this.due.length) {
      this.due = [];
      this.dueSequences = [];
      this.dueHead = 0;
    }
    return first;
  }

  private push(task: Task, timeUs: number, sequence: number): void {
    if (this.size === this.times.length) this.grow();
    const { tasks, times, sequences } = this;
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const parentUs = times[parent] as number;
      // Of equal times the parent was scheduled before: it stays.
      if (parentUs <= timeUs) break;
      tasks[at] = tasks[parent] as Task;
      times[at] = parentUs;
      sequences[at] = sequences[parent] as number;
      at = parent;
    }
    tasks[at] = task;
    times[at] = timeUs;
    sequences[at] = sequence;
  }

  private pop(): Task {
    const { tasks, times, sequences } = this;
    const top = tasks[0] as Task;
    const size = --this.size;
    const last = tasks.pop() as Task;
    if (size === 0) return top;
    const lastUs = times[size] as number;
    const lastSequence = sequences[size] as number;
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      let childUs = times[child] as number;
      const right = child + 1;
      if (right < size) {
        const rightUs = times[right] as number;
        if (
          rightUs < childUs ||
          (rightUs === childUs && (sequences[right] as number) < (sequences[child] as number))
        ) {
          child = right;
          childUs = rightUs;
        }
      }
      if (lastUs < childUs || (lastUs === childUs && lastSequence < (sequences[child] as number))) break;
      tasks[at] = tasks[child] as Task;
      times[at] = childUs;
      sequences[at] = sequences[child] as number;
      at = child;
    }
    tasks[at] = last;
    times[at] = lastUs;
    sequences[at] = lastSequence;
    return top;
  }

  private grow(): void {
    const times = new Float64Array(2 * this.times.length);
    const sequences = new Float64Array(2 * this.times.length);
    times.set(this.times);
    sequences.set(this.sequences);
    this.times = times;
    this.sequences = sequences;
  }
}
