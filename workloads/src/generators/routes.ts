import type { Next, Operation, Source } from "../workload.js";

type Ended = Parameters<NonNullable<Source["completed"]>>[2];

/** Which of several sources an operation came from, so that it hears how the operation ended. */
export class Routes {
  readonly #open = new Map<Operation, { readonly source: Source; readonly worker: number }>();

  /** Asks the source, which knows the worker by this number. */
  next(source: Source, worker: number, nowMs: number): Next {
    const next = source.next(worker, nowMs);
    if (next.type === "operation") this.#open.set(next.operation, { source, worker });
    return next;
  }

  completed(operation: Operation, type: Ended): void {
    const from = this.#open.get(operation);
    this.#open.delete(operation);
    from?.source.completed?.(from.worker, operation, type);
  }
}
