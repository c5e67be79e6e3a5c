import type { Loop, Task } from "./loop.js";

/**
 * One life of a server process: nothing of a dead one ever runs again, and what falls due for a paused one
 * (SIGSTOP) waits until it goes on.
 */
export class Life {
  state: "running" | "paused" | "dead" = "running";
  private held: Task[] = [];

  /** Whether the task may happen now; one of a paused life will be tried again. */
  admits(task: Task): boolean {
    if (this.state === "paused") this.held.push(task);
    return this.state === "running";
  }

  hold(task: Task): void {
    this.held.push(task);
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
