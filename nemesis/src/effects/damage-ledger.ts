import type { NodeName, ProcessState } from "../hosts.js";
import { minoritySize } from "../targets.js";

/**
 * Whose durable data the run has harmed. Raft keeps an acknowledged write on a majority: with as many harmed disks as
 * that, the last whole copy may be among them, and no server could be blamed. So a run harms a minority at most,
 * and counts a node for good: nothing tells the rig when its data became whole again.
 */
export class DamageLedger {
  readonly #damaged = new Set<NodeName>();

  get nodes(): readonly NodeName[] {
    return [...this.#damaged];
  }

  has(node: NodeName): boolean {
    return this.#damaged.has(node);
  }

  /** Counts these nodes in, all or none. Null when done, else why they must be spared. */
  take(nodes: readonly NodeName[], voters: readonly NodeName[]): string | null {
    const after = new Set([...this.#damaged, ...nodes]);
    const most = minoritySize(voters.length);
    if (after.size > most) {
      const had = this.#damaged.size === 0 ? "" : ` (${this.nodes.join(", ")} already)`;
      return `${voters.length} voters survive damage of at most ${most}, this would be ${after.size}${had}`;
    }
    for (const node of nodes) this.#damaged.add(node);
    return null;
  }
}

/** It refuses its data, or the kernel ended it as it followed a harmed page of a file that it has mapped. */
export function isOverDamage(process: ProcessState): boolean {
  if (process.state !== "exited") return false;
  return process.signal === null || ["SIGSEGV", "SIGBUS", "SIGABRT"].includes(process.signal);
}
