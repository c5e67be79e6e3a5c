import { EtcdError } from "./errors.js";
import type { Clock } from "./ports.js";
import type { MemberAttributes } from "./store/index.js";

/** Between two looks at whether the cluster knows what this member is called. */
const INTERVAL_MS = 100;

interface PublisherParts {
  readonly own: MemberAttributes;
  /** As the cluster knows this member; null: it does not know it yet, or no member leads. */
  readonly known: () => MemberAttributes | null;
  /** Rejects with EtcdError when it is not certain to have got there. */
  readonly publish: (own: MemberAttributes) => Promise<void>;
  readonly clock: Clock;
  readonly failed: (error: unknown) => void;
}

/**
 * Tells the cluster once after each start what this member is called and where it is reached, if that is news. Again and
 * again until it is known: telling it twice changes nothing. Once it is known, it is the cluster's to change.
 */
export class Publisher {
  readonly #parts: PublisherParts;

  #cancel: () => void = () => undefined;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#cancel = this.#parts.clock.after(INTERVAL_MS, () => void this.#look());
  }

  stop(): void {
    this.#cancel();
  }

  async #look(): Promise<void> {
    const { own, known, publish, failed } = this.#parts;
    const present = known();
    if (present !== null && isSame(present, own)) return;
    try {
      if (present !== null) await publish(own);
    } catch (error) {
      if (!(error instanceof EtcdError)) return failed(error);
      if (error.errorName === "Stopped") return;
    }
    this.start();
  }
}

function isSame(one: MemberAttributes, other: MemberAttributes): boolean {
  const text = ({ name, peerUrls, clientUrls }: MemberAttributes) => {
    return JSON.stringify([name, peerUrls, clientUrls]);
  };
  return text(one) === text(other);
}
