import { configurationOf } from "../configuration.js";
import { RaftCore } from "../core.js";
import type { HardState } from "../entry.js";
import type { Effect, Event } from "../event.js";
import type { MemberId, Message } from "../message.js";
import { LogImage } from "./log-image.js";
import { seededRandom } from "./prng.js";

/** One command of an interaction file of etcd's raft library, and what it printed there. */
export interface Command {
  readonly name: string;
  readonly args: readonly string[];
  readonly output: string;
  readonly line: number;
}

/** The datadriven format: a command, `----`, its output up to an empty line or, doubled, up to a pair of them. */
export function parseInteraction(text: string): readonly Command[] {
  const lines = text.split("\n");
  const commands: Command[] = [];
  for (let at = 0; at < lines.length; at++) {
    const first = lines[at] ?? "";
    if (first === "" || first.startsWith("#")) continue;
    const line = at + 1;
    while (lines[at] !== "----" && at < lines.length) at += 1;
    const output: string[] = [];
    for (at += 1; at < lines.length && lines[at] !== ""; at++) output.push(lines[at] ?? "");
    const [name = "", ...args] = first.split(" ");
    commands.push({ name, args, output: output.join("\n"), line });
  }
  return commands;
}

type Persist = Extract<Effect, { type: "persist" }>;

interface Node {
  readonly core: RaftCore;
  readonly disk: LogImage;
  /** Match indexes that it acknowledged, in order. */
  readonly acknowledged: number[];
  hardState: HardState;
  /** What the core asked for and `process-ready` has not handed on yet. */
  sends: Message[];
  persists: Persist[];
  /** What the append thread still has to write. */
  writes: (readonly Persist[])[];
}

/**
 * Plays such a file with this core. The library's "ready" holds what a member wants to send and write, until it is processed.
 * There, a vote leaves with its term and vote still unwritten; here it waits for them. So a write of
 * these alone, with none before it, is done when it is handed over, though the file has a slow disk.
 */
export class Interaction {
  readonly #nodes = new Map<MemberId, Node>();
  #network: Message[] = [];
  #dropped: Message[] = [];
  #async = false;

  readonly node = (id: MemberId): Node => {
    const node = this.#nodes.get(id);
    if (node === undefined) throw new Error(`no node ${id}`);
    return node;
  };

  get ids(): readonly MemberId[] {
    return [...this.#nodes.keys()];
  }

  /** The text that the file gives for commands that only show something; null: nothing to compare. */
  run(command: Command): string | null {
    const ids = command.args.filter((arg) => /^\d+$/.test(arg)).map(Number);
    const [first = 0] = ids;
    switch (command.name) {
      case "log-level":
        return null;
      case "add-nodes":
        this.#addNodes(command.args);
        return null;
      case "campaign":
        this.#step(first, { type: "campaign" });
        return null;
      case "propose": {
        const data = [new TextEncoder().encode(command.args[1])];
        this.#step(first, { type: "propose", id: command.line, data });
        return null;
      }
      case "tick-heartbeat":
        this.#step(first, { type: "tick" });
        return null;
      case "process-ready":
        for (const id of ids) this.#processReady(id);
        return null;
      case "process-append-thread":
        for (const id of ids) this.#processAppendThread(id);
        return null;
      case "deliver-msgs":
        this.#deliverOrDrop(ids, command);
        return null;
      case "stabilize":
        this.#stabilize(ids.length > 0 ? ids : this.ids);
        return null;
      case "raft-log":
        return this.#printLog(first);
      default:
        throw new Error(`line ${command.line}: unknown command ${command.name}`);
    }
  }

  #addNodes(args: readonly string[]): void {
    const option = (name: string) => args.find((arg) => arg.startsWith(`${name}=`))?.slice(name.length + 1);
    this.#async = option("async-storage-writes") === "true";
    const configuration = configurationOf(numbersIn(option("voters") ?? ""));
    // The library begins in term 0 behind a snapshot of term 1; only the order of terms matters.
    const snapshot = { index: Number(option("index")), term: 0, configuration };
    for (let id = 1; id <= Number(args[0]); id++) {
      const hardState = { term: 0, vote: null };
      const config = { ...LIBRARY_CONFIG, self: id, initial: configuration };
      const core = new RaftCore(config, { hardState, snapshot, entries: [] }, seededRandom(id));
      const none = { acknowledged: [], sends: [], persists: [], writes: [] };
      this.#nodes.set(id, { core, hardState, disk: new LogImage(snapshot, []), ...none });
    }
  }

  #step(id: MemberId, event: Event): void {
    const node = this.node(id);
    for (const effect of node.core.step(event, { monotonicMs: 0, wallMs: 0 })) {
      if (effect.type === "persist") node.persists.push(effect);
      if (effect.type === "send") {
        node.sends.push(effect.message);
        if (effect.message.type === "append-accepted") node.acknowledged.push(effect.message.matchIndex);
      }
      if (effect.type === "apply")
        this.#step(id, { type: "applied", index: effect.entries.at(-1)?.index ?? 0 });
    }
  }

  #processReady(id: MemberId): void {
    const node = this.node(id);
    const writes = node.persists;
    node.persists = [];
    if (writes.length > 0) node.writes.push(writes);
    const binding = writes.every(({ entries }) => entries.length === 0) && node.writes.length === 1;
    if (!this.#async || binding) this.#write(node, id);
    this.#flush(node);
  }

  #processAppendThread(id: MemberId): void {
    const node = this.node(id);
    this.#write(node, id);
    this.#flush(node);
  }

  #write(node: Node, id: MemberId): void {
    const batch = node.writes.shift() ?? [];
    for (const { hardState, entries } of batch) {
      node.hardState = hardState ?? node.hardState;
      node.disk.replaceFrom(entries);
    }
    const last = batch.at(-1);
    if (last !== undefined) this.#step(id, { type: "persisted", sequence: last.sequence });
  }

  #flush(node: Node): void {
    this.#network.push(...node.sends);
    node.sends = [];
  }

  #deliverOrDrop(ids: readonly MemberId[], command: Command): void {
    for (const id of ids) {
      this.#repeatDropped(id, command.output);
      this.#deliver(id);
    }
    const drop = command.args.find((arg) => arg.startsWith("drop="));
    const lost = numbersIn(drop ?? "");
    this.#dropped.push(...this.#network.filter(({ to }) => lost.includes(to)));
    this.#network = this.#network.filter(({ to }) => !lost.includes(to));
  }

  #deliver(id: MemberId): boolean {
    const mine = this.#network.filter(({ to }) => to === id);
    this.#network = this.#network.filter(({ to }) => to !== id);
    for (const message of mine) this.#step(id, { type: "receive", message });
    return mine.length > 0;
  }

  /**
   * There, a leader repeats an append when a heartbeat is answered; here, the answer waits for the term to be on disk.
   * So an append that the file delivers and this network does not have is the dropped one, late.
   */
  #repeatDropped(id: MemberId, output: string): void {
    for (const [, from] of output.matchAll(/^(\d+)->\d+ MsgApp /gm)) {
      const isIt = (message: Message) => {
        return message.type === "append" && message.to === id && message.from === Number(from);
      };
      const late = this.#dropped.findLast(isIt);
      if (late !== undefined && !this.#network.some(isIt)) this.#network.push(late);
    }
  }

  #stabilize(ids: readonly MemberId[]): void {
    for (let busy = true; busy; ) {
      busy = false;
      for (const id of ids) {
        const { sends, persists } = this.node(id);
        if (sends.length + persists.length === 0) continue;
        this.#processReady(id);
        busy = true;
      }
      for (const id of ids) busy = this.#deliver(id) || busy;
      for (const id of ids) {
        if (this.node(id).writes.length === 0) continue;
        this.#processAppendThread(id);
        busy = true;
      }
    }
  }

  #printLog(id: MemberId): string {
    return this.node(id)
      .disk.entries.map(({ term, index, data }) => {
        return `${term}/${index} EntryNormal "${new TextDecoder().decode(data)}"`;
      })
      .join("\n");
  }
}

const LIBRARY_CONFIG = {
  electionTicks: 3,
  heartbeatTicks: 1,
  maxAppendBytes: 1_000_000,
  maxInflightAppends: 256,
  maxInflightBytes: 100_000_000,
  maxUncommittedBytes: 1_000_000,
  preVote: false,
  checkQuorum: false,
};

function numbersIn(text: string): readonly number[] {
  return [...text.matchAll(/\d+/g)].map(([number]) => Number(number));
}
