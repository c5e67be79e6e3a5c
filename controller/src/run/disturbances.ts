import type { Cut, Hosts } from "@gauntlet/nemesis";

/** What was done to a machine, as the rig did it; whether it took effect is for the fault's proof. */
export type Harm =
  /** Its server was ended or held. */
  | { readonly kind: "down"; readonly node: string }
  /** It may limp: its disk, its packets, the speed of its clock, damaged data. */
  | { readonly kind: "limp"; readonly node: string; readonly what: string }
  /** Something between the two is dropped, in one direction at least. */
  | { readonly kind: "cut"; readonly node: string; readonly peer: string }
  /** The members were changed, or another was asked to lead. */
  | { readonly kind: "change" }
  | { readonly kind: "transfer" };

/** Milliseconds since time 0: from the call that did it to the end of the call that undid it. Null: not undone. */
export type Disturbance = Harm & { readonly fromMs: number; readonly toMs: number | null };

/** Calls that only look. Whatever else is called is taken for harm. */
const LOOKS: ReadonlySet<string> = new Set(
  "probe view cuts droppedPackets process clockSetting readClock shapeOf counts setting damages membership inUse".split(
    " ",
  ),
);

/** Keeps what faults do to the machines. */
export class Journal {
  readonly #nowMs: () => number;
  readonly #open = new Map<string, Harm & { readonly fromMs: number }>();
  readonly #closed: Disturbance[] = [];

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** By their begin; what is not undone last. */
  disturbances(): readonly Disturbance[] {
    return [...this.#closed, ...[...this.#open.values()].map((harm) => ({ ...harm, toMs: null }))].toSorted(
      (a, b) => a.fromMs - b.fromMs,
    );
  }

  /** The same machines, whose every change is kept here. */
  watch(hosts: Hosts): Hosts {
    const { packets, disks, members, upgrades } = hosts;
    return watched(hosts, {
      get: {
        ...(packets === undefined ? {} : { packets: this.#limping(packets) }),
        ...(disks === undefined ? {} : { disks: this.#limping(disks) }),
        ...(members === undefined
          ? {}
          : { members: watched(members, { calls: (name, _, call) => this.#changing(name, call) }) }),
        ...(upgrades === undefined ? {} : { upgrades }),
      },
      calls: (name, [node, argument], call) => {
        const at = String(node);
        switch (name) {
          case "cut":
            return this.#cutting(at, argument as readonly Cut[], call);
          case "signal":
            return argument === "SIGCONT"
              ? this.#ends({ kind: "down", node: at }, call)
              : this.#begins({ kind: "down", node: at }, call);
          // Also where nobody ended it: it may have ended over its disk.
          case "start":
            return this.#moment({ kind: "down", node: at }, call);
          default:
            return this.#setting(at, name, argument, call);
        }
      },
    });
  }

  /** Machines whose data was harmed limp for good; what else is set is undone by setting it to nothing. */
  #limping<Facet extends object>(facet: Facet): Facet {
    return watched(facet, {
      calls: (name, [node, argument], call) => this.#setting(String(node), name, argument, call),
    });
  }

  async #setting(
    node: string,
    name: string,
    argument: unknown,
    call: () => Promise<unknown>,
  ): Promise<unknown> {
    if (name === "powerLoss") return this.#begins({ kind: "down", node }, call);
    const harm = { kind: "limp", node, what: name } as const;
    // Drops connections, which are dialled again.
    if (name === "reset") return this.#moment(harm, call);
    return isNothing(name, argument) ? this.#ends(harm, call) : this.#begins(harm, call);
  }

  #changing(name: string, call: () => Promise<unknown>): Promise<unknown> {
    return name === "transfer"
      ? this.#moment({ kind: "transfer" }, call)
      : this.#begins({ kind: "change" }, call);
  }

  async #cutting(node: string, cuts: readonly Cut[], call: () => Promise<unknown>): Promise<unknown> {
    const peers = new Set(cuts.map(({ peer }) => peer));
    for (const peer of peers) this.#note({ kind: "cut", node, peer });
    const answer = await call();
    for (const harm of this.#open.values()) {
      if (harm.kind === "cut" && harm.node === node && !peers.has(harm.peer)) this.#undo(harm);
    }
    return answer;
  }

  async #begins(harm: Harm, call: () => Promise<unknown>): Promise<unknown> {
    this.#note(harm);
    return call();
  }

  async #ends(harm: Harm, call: () => Promise<unknown>): Promise<unknown> {
    const answer = await call();
    this.#undo(harm);
    return answer;
  }

  async #moment(harm: Harm, call: () => Promise<unknown>): Promise<unknown> {
    this.#note(harm);
    return this.#ends(harm, call);
  }

  #note(harm: Harm): void {
    const key = JSON.stringify(harm);
    if (!this.#open.has(key)) this.#open.set(key, { ...harm, fromMs: this.#nowMs() });
  }

  #undo(harm: Harm & { readonly fromMs?: number }): void {
    const { fromMs: _, ...known } = harm;
    const key = JSON.stringify(known);
    const open = this.#open.get(key);
    if (open === undefined) return;
    this.#open.delete(key);
    this.#closed.push({ ...open, toMs: this.#nowMs() });
  }
}

/** A setting that leaves the machine as it is by itself. */
function isNothing(name: string, setting: unknown): boolean {
  // The wall clock decides nothing in Raft, and a server that lets it is none the better for it.
  if (name === "setClock") return (setting as { readonly monotonicRate?: unknown }).monotonicRate === 1;
  if (setting instanceof Map) return [...setting.values()].every((each) => isNothing(name, each));
  if (typeof setting !== "object" || setting === null) return false;
  return Object.values(setting).every((value) => value === 0 || value === false || value === null);
}

interface Watch {
  /** Instead of these members. */
  readonly get?: Readonly<Record<string, unknown>>;
  /** Around every call that does more than look. */
  readonly calls: (name: string, args: readonly unknown[], call: () => Promise<unknown>) => Promise<unknown>;
}

function watched<Target extends object>(target: Target, { get = {}, calls }: Watch): Target {
  return new Proxy(target, {
    get(_, property) {
      if (typeof property === "string" && Object.hasOwn(get, property)) return get[property];
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== "function") return value;
      const method = value as (...args: readonly unknown[]) => Promise<unknown>;
      if (typeof property !== "string" || LOOKS.has(property)) return method.bind(target);
      return (...args: readonly unknown[]) => calls(property, args, () => method.apply(target, [...args]));
    },
  });
}
