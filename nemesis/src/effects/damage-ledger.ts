import type { Membership, NodeName, ProcessState } from "../hosts.js";
import { minoritySize } from "../targets.js";

/**
 * Whose durable data the run has harmed. Raft keeps an acknowledged write on a majority: with as many harmed disks as
 * that, the last whole copy may be among them, and no server could be blamed. So a run harms a minority at most,
 * and counts a node for good: nothing tells the rig when its data became whole again.
 */
export class DamageLedger {
  readonly #damaged = new Set<NodeName>();

  #membersChange = false;

  get nodes(): readonly NodeName[] {
    return [...this.#damaged];
  }

  has(node: NodeName): boolean {
    return this.#damaged.has(node);
  }

  /** From now on the first members may not be those who vote. */
  membersChange(): void {
    this.#membersChange = true;
  }

  /**
   * Counts these nodes in, all or none: no more than the first members can spare, to whom a run returns, nor than those
   * who vote now. Null when done, else why they must be spared.
   */
  take(nodes: readonly NodeName[], first: readonly NodeName[], membership: Membership | null): string | null {
    if (this.#membersChange && membership?.settled !== true)
      return "members change: who votes is not certain";
    const present = membership?.voters ?? first;
    const voters = present.length < first.length ? present : first;
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
