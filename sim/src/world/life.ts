import type { Loop } from "./loop.js";
import { Task } from "./loop.js";

/**
 * One life of a server process: nothing of a dead one ever runs again, and what falls due for a paused one
 * (SIGSTOP) waits until it goes on.
 */
export class Life {
  state: "running" | "paused" | "dead" = "running";
  private held: Task[] = [];

  hold(task: Task): void {
    this.held.push(task);
  }

  get heldCount(): number {
    return this.held.length;
  }

  pause(): void {
    if (this.state === "running") this.state = "paused";
  }

  /** What fell due meanwhile runs now, in its order, each as a task of its own. */
  resume(loop: Loop): void {
    if (this.state !== "paused") return;
    this.state = "running";
    const { held } = this;
    this.held = [];
    for (const task of held) loop.schedule(task, 0);
  }

  end(): void {
    this.state = "dead";
    this.held = [];
  }
}

/** A task of one life. */
export abstract class LifeTask extends Task {
  protected readonly life: Life;

  constructor(life: Life) {
    super();
    this.life = life;
  }

  override run(): void {
    if (this.life.state === "running") this.happen();
    else if (this.life.state === "paused") this.life.hold(this);
  }

  protected abstract happen(): void;
}
