import type { Configuration, Entry, Message, RaftCore } from "@gauntlet/server/inside";

/** The fields of a core that the model checker reads or sets. It refuses a core that lacks one of them. */
interface CoreData {
  readonly timer: { elapsedTicks: number };
  readonly member: {
    readonly log: { readonly entries: readonly Entry[]; writes: { readonly sequence: number }[] };
    readonly outbox: {
      persistedSequence: number;
      nextSequence: number;
      hardStateSequence: number;
      writing: { readonly tick: number; readonly lastSequence: number }[];
      held: { readonly until: number; readonly message: Message }[];
    };
  };
}

export function dataOf(core: RaftCore): CoreData {
  const data = core as unknown as CoreData;
  const { log, outbox } = data.member;
  const known =
    Number.isInteger(data.timer.elapsedTicks) &&
    Array.isArray(log.entries) &&
    Array.isArray(log.writes) &&
    Array.isArray(outbox.held) &&
    Array.isArray(outbox.writing) &&
    [outbox.persistedSequence, outbox.nextSequence, outbox.hardStateSequence].every(Number.isInteger);
  if (!known) throw new TypeError("this core keeps its log or its writes elsewhere: fit logs.ts to it");
  return data;
}

function sameEntry(a: Entry, b: Entry): boolean {
  return textOf(a) === textOf(b);
}

/** Up to the end of the shorter one. */
export function agreeOnPrefix(a: readonly Entry[], b: readonly Entry[]): boolean {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const [left, right] = [a[at], b[at]];
    if (left === undefined || right === undefined || !sameEntry(left, right)) return false;
  }
  return true;
}

/** Log matching: where index and term are the same, all up to there is. */
export function match(a: readonly Entry[], b: readonly Entry[]): boolean {
  for (let at = Math.min(a.length, b.length); at > 0; at--) {
    if (a[at - 1]?.term === b[at - 1]?.term) return agreeOnPrefix(a.slice(0, at), b.slice(0, at));
  }
  return true;
}

/** Tells entries apart exactly. */
export function textOf(entry: Entry): string {
  const place = `${entry.index}/${entry.term}`;
  if (entry.kind === "noop") return place;
  if (entry.kind !== "configuration") return `${place}:${entry.kind}${[...entry.data].join(",")}`;
  return `${place}:${configurationText(entry.configuration)}`;
}

function configurationText({ voters, outgoing, learners, ...rest }: Configuration): string {
  const lists = [voters, outgoing, learners, rest.learnersNext, rest.promotable];
  return `${lists.map((list) => list.join("+")).join("/")}${rest.autoLeave ? "!" : ""}`;
}

/** For people: `1 1x 2` are an entry of term 1, a proposal of term 1 and an entry of term 2. */
export function show(entries: readonly Entry[]): string {
  return entries.length === 0 ? "-" : entries.map((entry) => `${entry.term}${letterOf(entry)}`).join(" ");
}

function letterOf(entry: Entry): string {
  if (entry.kind === "configuration") return `{${membersText(entry.configuration)}}`;
  return entry.kind === "normal" ? String.fromCharCode(96 + (entry.data[0] ?? 0)) : "";
}

/** `1+2` are voters, `1+2|1+3` the new and the old half of a joint configuration, `(4)` is a learner. */
export function membersText({ voters, outgoing, learners }: Configuration): string {
  const names = (list: readonly number[]) => list.map((id) => id % 1000).join("+");
  const joint = outgoing.length === 0 ? "" : `|${names(outgoing)}`;
  return `${names(voters)}${joint}${learners.length === 0 ? "" : `(${names(learners)})`}`;
}
