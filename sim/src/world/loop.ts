/**
 * Something that happens at an instant of virtual time. Subclasses carry their own data, so that scheduling
 * costs one object and no closure.
 */
export abstract class Task {
  /** When it is due, in whole microseconds; set by the loop. */
  timeUs: number;
  sequence: number;
  /** A cancelled task stays in the queue until it is due, and is then dropped. */
  cancelled: boolean;

  /** Assignments, not initializers: V8 makes these several times faster. */
  constructor() {
    this.timeUs = 0;
    this.sequence = 0;
    this.cancelled = false;
  }

  abstract run(): void;
}

class CallbackTask extends Task {
  private readonly callback: () => void;

  constructor(callback: () => void) {
    super();
    this.callback = callback;
  }

  override run(): void {
    this.callback();
  }
}

const READY = Promise.resolve();

/** Turns after which the process may hear signals and write output. */
const TURNS_BETWEEN_YIELDS = 8192;

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

  private readonly heap: Task[] = [];
  /** Tasks due now, in order: most of what is scheduled "soon" never meets the heap. */
  private due: Task[] = [];
  private dueHead = 0;
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

  /** Schedules `task` in `delayMs` (0: after all that is due now). A task is in the queue at most once. */
  schedule(task: Task, delayMs: number): void {
    this.scheduleAtUs(task, this.nowUs + Math.round(delayMs * 1000));
  }

  /** Schedules `task` at an instant that is not past. */
  scheduleAt(task: Task, timeMs: number): void {
    this.scheduleAtUs(task, Math.round(timeMs * 1000));
  }

  private scheduleAtUs(task: Task, timeUs: number): void {
    task.sequence = this.nextSequence++;
    if (timeUs <= this.nowUs) {
      task.timeUs = this.nowUs;
      this.due.push(task);
    } else {
      if (!Number.isSafeInteger(timeUs)) throw new RangeError(`a task cannot be scheduled at ${timeUs} us`);
      task.timeUs = timeUs;
      this.push(task);
    }
  }

  /** For what happens seldom: hot paths have tasks of their own. */
  after(delayMs: number, callback: () => void): Task {
    const task = new CallbackTask(callback);
    this.schedule(task, delayMs);
    return task;
  }

  /** A task that is not in the queue yet. */
  detached(callback: () => void): Task {
    return new CallbackTask(callback);
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
        if (task === null) {
          throw new NothingLeft(`nothing can happen any more at ${this.nowMs} ms`);
        }
        if (task.cancelled) continue;
        this.nowUs = task.timeUs;
        this.executed++;
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

  private take(): Task | null {
    const top = this.heap[0];
    const first = this.due[this.dueHead];
    if (first === undefined) return top === undefined ? null : this.pop(top);
    // What is due now was scheduled now; a task of the heap for this very instant may have been scheduled before.
    if (top !== undefined && top.timeUs <= first.timeUs && top.sequence < first.sequence)
      return this.pop(top);
    this.dueHead++;
    if (this.dueHead === this.due.length) {
      this.due = [];
      this.dueHead = 0;
    }
    return first;
  }

  private push(task: Task): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(task);
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt] as Task;
      if (parent.timeUs < task.timeUs || (parent.timeUs === task.timeUs && parent.sequence < task.sequence))
        break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = task;
  }

  private pop(top: Task): Task {
    const { heap } = this;
    const last = heap.pop() as Task;
    const length = heap.length;
    if (length === 0) return top;
    let at = 0;
    for (;;) {
      let childAt = 2 * at + 1;
      if (childAt >= length) break;
      let child = heap[childAt] as Task;
      if (childAt + 1 < length) {
        const right = heap[childAt + 1] as Task;
        if (
          right.timeUs < child.timeUs ||
          (right.timeUs === child.timeUs && right.sequence < child.sequence)
        ) {
          child = right;
          childAt++;
        }
      }
      if (last.timeUs < child.timeUs || (last.timeUs === child.timeUs && last.sequence < child.sequence))
        break;
      heap[at] = child;
      at = childAt;
    }
    heap[at] = last;
    return top;
  }
}
