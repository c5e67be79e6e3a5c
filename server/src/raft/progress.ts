/**
 * What a leader knows of one peer's log.
 *
 * `probe`: where the logs part is not known; one append at a time asks. `replicate`: appends follow one
 * another without waiting, up to a window, in the hope that all arrive; a rejection ends the hope.
 */
export class Progress {
  private currentState: "probe" | "replicate" = "probe";
  /** Everything up to here equals the leader's log and is durable at the peer. */
  private matched = 0;
  private next: number;
  private probeUnderWay = false;
  /** Last index of each append with entries that has no answer, ascending. */
  private inflight: number[] = [];
  private readonly maxInflight: number;

  /** The highest commit index that the peer may have been told. */
  toldCommitIndex = 0;
  /** Tick of the last answer in this term; the leader's election counts as one. */
  heardTick: number;
  /** A heartbeat was sent since the peer was last given a chance to catch up. */
  recoveryDue = false;

  constructor(nextIndex: number, maxInflight: number, heardTick: number) {
    this.next = nextIndex;
    this.maxInflight = maxInflight;
    this.heardTick = heardTick;
  }

  get state(): "probe" | "replicate" {
    return this.currentState;
  }

  get matchIndex(): number {
    return this.matched;
  }

  get nextIndex(): number {
    return this.next;
  }

  get inflightAppends(): number {
    return this.inflight.length;
  }

  get maySend(): boolean {
    return this.currentState === "probe" ? !this.probeUnderWay : this.inflight.length < this.maxInflight;
  }

  /** An append with `count` entries from nextIndex on has left. */
  sent(count: number): void {
    if (this.currentState === "probe") {
      this.probeUnderWay = true;
    } else if (count > 0) {
      this.next += count;
      this.inflight.push(this.next - 1);
    }
  }

  /** True: the peer is known to hold more than before. */
  accepted(matchIndex: number): boolean {
    const advanced = matchIndex > this.matched;
    if (advanced) {
      this.matched = matchIndex;
      this.next = Math.max(this.next, matchIndex + 1);
    }
    const answered = this.inflight.findIndex((lastIndex) => lastIndex > matchIndex);
    this.inflight = answered === -1 ? [] : this.inflight.slice(answered);
    if (this.currentState === "probe" && (advanced || matchIndex === this.next - 1)) {
      this.currentState = "replicate";
      this.probeUnderWay = false;
    }
    return advanced;
  }

  /** `agreeIndex`: the last place where the logs may agree. False: an old answer, overtaken by others. */
  rejected(rejectedPrevIndex: number, agreeIndex: number): boolean {
    if (rejectedPrevIndex <= this.matched) return false;
    if (this.currentState === "probe" && rejectedPrevIndex !== this.next - 1) return false;
    this.currentState = "probe";
    this.inflight = [];
    this.toldCommitIndex = 0;
    this.next = Math.max(this.matched + 1, Math.min(rejectedPrevIndex, agreeIndex + 1));
    this.probeUnderWay = false;
    return true;
  }

  /** The probe, or its answer, may have been lost. */
  allowProbe(): void {
    this.probeUnderWay = false;
  }
}
