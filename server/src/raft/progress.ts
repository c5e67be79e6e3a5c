/**
 * What a leader knows of one peer's log.
 *
 * `probe`: where the logs part is not known; one append at a time asks. `replicate`: appends follow one
 * another without waiting, up to a window, in the hope that all arrive; a rejection ends the hope.
 * `snapshot`: what the peer lacks is compacted; it gets a snapshot, and no appends until it has it.
 */
export class Progress {
  private currentState: ProgressState = "probe";
  /** Everything up to here equals the leader's log and is durable at the peer. */
  private matched = 0;
  private next: number;
  private probeUnderWay = false;
  /** Each append with entries that has no answer, ascending. */
  private inflight: { readonly lastIndex: number; readonly bytes: number }[] = [];
  private inflightBytes = 0;
  private readonly limits: WindowLimits;
  /** The last snapshot that was sent; 0: none. */
  private snapshotIndex = 0;
  /** What became of it: `running` until the driver says that its way has ended. */
  private transfer: "none" | "running" | "arrived" = "none";
  private arrivedTick = 0;

  /** The highest commit index that the peer may have been told. */
  toldCommitIndex = 0;
  /** Tick of the last answer in this term; the leader's election counts as one. */
  heardTick: number;
  /** A heartbeat was sent since the peer was last given a chance to catch up. */
  recoveryDue = false;

  constructor(nextIndex: number, limits: WindowLimits, heardTick: number) {
    this.next = nextIndex;
    this.limits = limits;
    this.heardTick = heardTick;
  }

  get state(): ProgressState {
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

  /** An append may be sent, if its bytes fit: see `fits`. */
  get maySend(): boolean {
    if (this.currentState === "snapshot") return false;
    if (this.currentState === "probe") return !this.probeUnderWay;
    return this.inflight.length < this.limits.maxInflightAppends && this.roomBytes > 0;
  }

  /** Bytes of entries that the window has room for. */
  get roomBytes(): number {
    return this.limits.maxInflightBytes - this.inflightBytes;
  }

  /** An empty window takes anything: otherwise a large entry could never pass. */
  fits(bytes: number): boolean {
    return this.inflight.length === 0 || bytes <= this.roomBytes;
  }

  /** An append with `count` entries from nextIndex on has left. */
  sent(count: number, bytes: number): void {
    if (this.currentState === "probe") {
      this.probeUnderWay = true;
    } else if (count > 0) {
      this.next += count;
      this.inflight.push({ lastIndex: this.next - 1, bytes });
      this.inflightBytes += bytes;
    }
  }

  /** One at a time. */
  get maySendSnapshot(): boolean {
    return this.transfer !== "running";
  }

  /** The snapshot up to `index` has left; appends go on after it. */
  sentSnapshot(index: number): void {
    this.currentState = "snapshot";
    this.snapshotIndex = index;
    this.transfer = "running";
    this.next = Math.max(index, this.matched) + 1;
    this.forgetInflight();
    this.toldCommitIndex = 0;
  }

  /**
   * The way of the last snapshot has ended. What came of it is asked with the next answer to a heartbeat, if the peer
   * has not said so by then: whether it has the snapshot, or else for the place where its log ends now.
   */
  snapshotEnded(ok: boolean, tick: number): void {
    if (this.transfer !== "running") return;
    this.transfer = ok ? "arrived" : "none";
    this.arrivedTick = tick;
    if (this.currentState !== "snapshot") return;
    this.currentState = "probe";
    this.probeUnderWay = true;
    if (!ok) this.next = this.matched + 1;
  }

  /** What the peer needs after a snapshot that is on its way, or arrived within the last `ticks`; infinity: neither. */
  firstIndexAfterSnapshot(tick: number, ticks: number): number {
    const isDone = this.transfer === "arrived" && tick - this.arrivedTick >= ticks;
    if (this.transfer === "none" || isDone) return Number.POSITIVE_INFINITY;
    return Math.max(this.snapshotIndex, this.matched) + 1;
  }

  /** `firstIndex`: where the leader's log begins. A peer that has all before it needs no snapshot any more. */
  accepted(matchIndex: number, firstIndex: number, tick: number): void {
    const advanced = matchIndex > this.matched;
    if (advanced) {
      this.matched = matchIndex;
      this.next = Math.max(this.next, matchIndex + 1);
    }
    let oldest = this.inflight[0];
    while (oldest !== undefined && oldest.lastIndex <= matchIndex) {
      this.inflightBytes -= oldest.bytes;
      this.inflight.shift();
      oldest = this.inflight[0];
    }
    if (this.currentState === "probe" && (advanced || matchIndex === this.next - 1)) {
      this.currentState = "replicate";
      this.probeUnderWay = false;
    } else if (
      this.currentState === "snapshot" &&
      this.matched >= Math.min(this.snapshotIndex, firstIndex - 1)
    ) {
      this.currentState = "replicate";
      this.next = this.matched + 1;
      this.arrivedTick = tick;
    }
  }

  /**
   * `agreeIndex`: the last place where the logs may agree; `lost`: whatever the peer acknowledged before. False: an old
   * answer, overtaken by others. One that takes back what is not lost any more cannot be told: then the peer is asked once more.
   */
  rejected(rejectedPrevIndex: number, agreeIndex: number, lost: boolean): boolean {
    const takesBack = lost && agreeIndex < this.matched;
    if (takesBack) this.matched = agreeIndex;
    if (this.currentState === "snapshot") return false;
    const isOld =
      rejectedPrevIndex <= this.matched ||
      (this.currentState === "probe" && rejectedPrevIndex !== this.next - 1);
    if (isOld && !takesBack) return false;
    this.currentState = "probe";
    this.forgetInflight();
    this.toldCommitIndex = 0;
    this.next = Math.max(this.matched + 1, Math.min(rejectedPrevIndex, agreeIndex + 1));
    this.probeUnderWay = false;
    return true;
  }

  /** The probe, or its answer, may have been lost. */
  allowProbe(): void {
    this.probeUnderWay = false;
  }

  private forgetInflight(): void {
    this.inflight = [];
    this.inflightBytes = 0;
  }
}

export type ProgressState = "probe" | "replicate" | "snapshot";

export interface WindowLimits {
  readonly maxInflightAppends: number;
  readonly maxInflightBytes: number;
}
