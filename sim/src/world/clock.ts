import type { ClockSetting } from "@gauntlet/nemesis";
import type { Clock } from "@gauntlet/server/inside";
import type { Life } from "./life.js";
import type { Loop, Task } from "./loop.js";
import type { Stream } from "./random.js";

/** Wall time when the world begins: 2024-01-01, as good as any date. */
const WORLD_BEGAN_AT_MS = 1_704_067_200_000;

/** Share of the turns that `soon` asks for which come late, as on a busy machine, and by how much at most. */
const LATE_TURN_SHARE = 0.1;
const LATE_TURN_MS = 0.5;

class Timer implements Task {
  readonly life: Life;
  readonly dueMonotonicMs: number;
  readonly callback: () => void;
  cancelled = false;
  private readonly clock: LifeClock;

  constructor(clock: LifeClock, life: Life, dueMonotonicMs: number, callback: () => void) {
    this.clock = clock;
    this.life = life;
    this.dueMonotonicMs = dueMonotonicMs;
    this.callback = callback;
  }

  run(): void {
    if (this.cancelled || !this.life.admits(this)) return;
    this.clock.forget(this);
    this.callback();
  }
}

class Turn implements Task {
  private readonly life: Life;
  private readonly callback: () => void;

  constructor(life: Life, callback: () => void) {
    this.life = life;
    this.callback = callback;
  }

  run(): void {
    if (this.life.admits(this)) this.callback();
  }
}

/** The clocks of a machine: a monotonic one that runs by its own rate, and a wall clock that can be set. */
export class MachineClock {
  readonly loop: Loop;
  readonly turns: Stream;
  setting: ClockSetting = { wallOffsetMs: 0, wallRate: 1, monotonicRate: 1 };
  private readonly drift: number;
  /** When the wall clock began to drift by its rate. */
  private driftsSinceMs = 0;
  private sinceMs = 0;
  private monotonicAtSinceMs: number;
  private current: LifeClock | null = null;

  /** `drift`: the rate that the machine's own quartz has; 1 is true time. */
  constructor(loop: Loop, turns: Stream, drift: number) {
    this.loop = loop;
    this.turns = turns;
    this.drift = drift;
    this.monotonicAtSinceMs = 1000 * turns.below(1_000_000);
  }

  /** Monotonic milliseconds a true millisecond. */
  get rate(): number {
    return this.drift * this.setting.monotonicRate;
  }

  monotonicMs(): number {
    return this.monotonicAtSinceMs + (this.loop.nowMs - this.sinceMs) * this.rate;
  }

  wallMs(): number {
    return Math.floor(WORLD_BEGAN_AT_MS + this.loop.nowMs + this.wallOffMs());
  }

  /** How far the wall clock is off true time. */
  wallOffMs(): number {
    const { wallOffsetMs, wallRate } = this.setting;
    return wallOffsetMs + (this.loop.nowMs - this.driftsSinceMs) * (wallRate - 1);
  }

  /** The setting that a fault asks for; timers that wait are due by the new rate. */
  set(setting: ClockSetting): void {
    for (const rate of [setting.monotonicRate, setting.wallRate])
      if (!(rate > 0 && rate < 1000)) throw new RangeError(`a clock cannot run at ${rate}`);
    this.monotonicAtSinceMs = this.monotonicMs();
    this.sinceMs = this.loop.nowMs;
    if (setting.wallRate !== this.setting.wallRate) this.driftsSinceMs = this.loop.nowMs;
    this.setting = setting;
    this.current?.reschedule();
  }

  /** The Clock port of one life of the server. */
  open(life: Life): LifeClock {
    this.current = new LifeClock(this, life);
    return this.current;
  }
}

/** What one life of a server sees of its machine's clocks. Its timers die with it. */
export class LifeClock implements Clock {
  private readonly machine: MachineClock;
  private readonly life: Life;
  private timers: Timer[] = [];

  constructor(machine: MachineClock, life: Life) {
    this.machine = machine;
    this.life = life;
  }

  monotonicMs(): number {
    return this.machine.monotonicMs();
  }

  wallMs(): number {
    return this.machine.wallMs();
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = new Timer(this, this.life, this.machine.monotonicMs() + delayMs, callback);
    this.timers.push(timer);
    this.machine.loop.schedule(timer, delayMs / this.machine.rate);
    return () => {
      timer.cancelled = true;
      this.forget(timer);
    };
  }

  soon(callback: () => void): void {
    const { turns, loop } = this.machine;
    const delayMs = turns.chance(LATE_TURN_SHARE) ? turns.between(0, LATE_TURN_MS) : 0;
    loop.schedule(new Turn(this.life, callback), delayMs);
  }

  forget(timer: Timer): void {
    const { timers } = this;
    const at = timers.indexOf(timer);
    if (at === -1) return;
    timers[at] = timers[timers.length - 1] as Timer;
    timers.pop();
  }

  reschedule(): void {
    const { timers, life, machine } = this;
    this.timers = [];
    for (const old of timers) {
      old.cancelled = true;
      const timer = new Timer(this, life, old.dueMonotonicMs, old.callback);
      this.timers.push(timer);
      machine.loop.schedule(timer, (old.dueMonotonicMs - machine.monotonicMs()) / machine.rate);
    }
  }
}
