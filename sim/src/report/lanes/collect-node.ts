import type { TraceEvent, Traced } from "../../trace.js";
import { eventText } from "../event-text.js";
import type { Mark, NodeLane, NodeStateName, Stretch } from "./data.js";

/** The life of one node. Before it first starts it is down. */
export function collectNode(name: string, trace: readonly Traced[], endMs: number): NodeLane {
  const lane = new Lane(name);
  for (const { atMs, event } of trace) if ("node" in event && event.node === name) lane.take(atMs, event);
  return lane.end(endMs);
}

type NodeEvent = Extract<TraceEvent, { readonly node: string }>;

class Lane {
  readonly #name: string;
  readonly #stretches: Stretch[] = [];
  readonly #pauses: { fromMs: number; toMs: number }[] = [];
  readonly #marks: Mark[] = [];
  readonly #commitAt: number[] = [];
  readonly #commit: number[] = [];
  readonly #syncAt: number[] = [];
  readonly #syncMs: number[] = [];
  #now: { fromMs: number; state: NodeStateName; term: number; text: string };
  #pausedAt: number | null = null;

  constructor(name: string) {
    this.#name = name;
    this.#now = { fromMs: 0, state: "down", term: 0, text: "down" };
  }

  take(atMs: number, event: NodeEvent): void {
    if (event.type === "role") this.#become(atMs, event.role, event.term, eventText(event).what);
    else if (event.type === "committed") this.#commits(atMs, event.index);
    else if (event.type === "synced") {
      this.#syncAt.push(atMs);
      this.#syncMs.push(event.tookMs);
    } else if (event.type === "paused") this.#pausedAt ??= atMs;
    else if (event.type === "resumed") this.#resume(atMs);
    else if (event.type === "started") {
      this.#mark(atMs, "started", event);
      this.#become(atMs, "follower", event.term, `follower in term ${event.term}, just started`);
    } else if (event.type === "stopped") {
      this.#resume(atMs);
      this.#mark(atMs, "stopped", event);
      this.#become(atMs, "down", this.#now.term, `down: ${event.reason}`);
      this.#commits(atMs, 0);
    } else if (event.type === "disk") this.#mark(atMs, "disk", event);
  }

  end(endMs: number): NodeLane {
    this.#resume(endMs);
    this.#become(endMs, "down", 0, "");
    return {
      name: this.#name,
      stretches: this.#stretches,
      pauses: this.#pauses,
      commitAt: this.#commitAt,
      commit: this.#commit,
      syncAt: this.#syncAt,
      syncMs: this.#syncMs,
      marks: this.#marks,
    };
  }

  #become(atMs: number, state: NodeStateName, term: number, text: string): void {
    const { fromMs } = this.#now;
    if (atMs > fromMs) this.#stretches.push({ ...this.#now, toMs: atMs });
    this.#now = { fromMs: atMs, state, term, text };
  }

  #commits(atMs: number, index: number): void {
    if ((this.#commit.at(-1) ?? 0) === index) return;
    this.#commitAt.push(atMs);
    this.#commit.push(index);
  }

  #resume(atMs: number): void {
    if (this.#pausedAt === null) return;
    this.#pauses.push({ fromMs: this.#pausedAt, toMs: atMs });
    this.#pausedAt = null;
  }

  #mark(atMs: number, kind: Mark["kind"], event: TraceEvent): void {
    this.#marks.push({ atMs, kind, text: eventText(event).what });
  }
}
