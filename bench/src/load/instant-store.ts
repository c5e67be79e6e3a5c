import type { Client, Found, Outcome, Transaction, TransactionAnswer } from "@gauntlet/workloads";

/**
 * What a rig costs when a system costs nothing: a store in this process that answers at once, and rightly, so that nothing
 * ends the run.
 */
export class InstantStore implements Client {
  private readonly values = new Map<string, Found>();
  private revision = 1;

  read(key: string): Promise<Outcome<string | null>> {
    return this.ok(this.values.get(key)?.value ?? null);
  }

  write(key: string, value: string): Promise<Outcome<void>> {
    this.put(key, value);
    return this.ok(undefined);
  }

  compareAndSet(key: string, from: string, to: string): Promise<Outcome<boolean>> {
    const holds = this.values.get(key)?.value === from;
    if (holds) this.put(key, to);
    return this.ok(holds);
  }

  transact({ guards, then, else: otherwise = [] }: Transaction): Promise<Outcome<TransactionAnswer>> {
    const succeeded = guards.every((guard) => {
      const found = this.values.get(guard.key);
      return "value" in guard
        ? found?.value === guard.value
        : (found?.modRevision ?? 0) === guard.modRevision;
    });
    const steps = succeeded ? then : otherwise;
    const modRevision = this.revision + 1;
    const reads: (Found | null)[] = [];
    for (const step of steps) {
      if (step.type === "get") reads.push(this.values.get(step.key) ?? null);
      else this.values.set(step.key, { value: step.value, modRevision });
    }
    if (steps.some(({ type }) => type === "put")) this.revision = modRevision;
    return this.ok({ succeeded, reads });
  }

  private put(key: string, value: string): void {
    this.revision += 1;
    this.values.set(key, { value, modRevision: this.revision });
  }

  private async ok<Value>(value: Value): Promise<Outcome<Value>> {
    return { type: "ok", value, revision: this.revision };
  }
}
