import type { ConfigurationChange, Message } from "@gauntlet/server/inside";
import { messageText } from "../report/message-text.js";
import { Judge } from "./judge.js";
import type { Broken } from "./judge.js";
import { committedOf, logOf } from "./local-member.js";
import type { Action } from "./local-member.js";
import { show } from "./logs.js";
import type { Space, State } from "./space.js";

export interface Story {
  /** What happens, one after another; each with the members after it. */
  readonly steps: readonly StoryStep[];
  readonly broken: Broken;
}

export interface StoryStep {
  readonly member: number;
  readonly action: Action;
  /** Local states before and after. */
  readonly before: number;
  readonly after: number;
  readonly sent: readonly number[];
  /** Of all members. */
  readonly locals: readonly number[];
}

/**
 * The path that a search found, told with the same members throughout, and with those deliveries that the
 * search takes unasked, where what follows needs their answers. Null: the path cannot be walked, a defect of the
 * search.
 */
export function tell(space: Space, path: readonly State[], broken: Broken): Story | null {
  const walk = walkAlong(space, path, broken);
  if (walk === null) return null;
  const steps = neededOf(withDeliveries(space, walk.steps));
  return { steps, broken: walk.broken };
}

interface Taken {
  readonly member: number;
  readonly transition: number;
}

interface Walk {
  readonly steps: readonly Taken[];
  /** Told with the names that the members have on this walk. */
  readonly broken: Broken;
}

/** Finds, from one canonical state to the next, a step of members that keep their names. */
function walkAlong(space: Space, path: readonly State[], broken: Broken): Walk | null {
  const judge = new Judge(space);
  const steps: Taken[] = [];
  let before = space.start();
  space.settle(before);
  let state = before;
  const find = (accepts: (next: State, transition: number) => boolean): boolean => {
    const found: { taken: Taken; next: State }[] = [];
    space.expand(state, (next, member, transition) => {
      if (found.length > 0 || !accepts(next, transition)) return;
      found.push({ taken: { member, transition }, next: Int32Array.from(next) });
    });
    const [first] = found;
    if (first === undefined) return false;
    steps.push(first.taken);
    before = state;
    state = first.next;
    return true;
  };
  for (const goal of path.slice(1)) {
    const text = goal.join();
    const reaches = (next: State, transition: number) =>
      space.locals.violation(transition) === null && space.canonical(next).join() === text;
    if (!find(reaches)) return null;
  }
  if (broken.transition !== undefined) {
    if (!find((_, transition) => space.locals.violation(transition)?.name === broken.name)) return null;
    const { member, transition } = steps.at(-1) as Taken;
    const violation = space.locals.violation(transition);
    return violation === null ? null : { steps, broken: { ...violation, member, transition } };
  }
  const last = steps.at(-1)?.member ?? 0;
  const facts = space.locals.factsOf(space.localOf(before[last] as number));
  return { steps, broken: judge.state(state) ?? judge.commit(state, last, facts) ?? broken };
}

interface MicroStep extends StoryStep {
  /** The message that arrives; -1: none. */
  readonly received: number;
  readonly chosen: boolean;
}

/** Walks again, on a network that forgets nothing, and puts in all deliveries that only bring an answer. */
function withDeliveries(space: Space, walked: readonly Taken[]): readonly MicroStep[] {
  const { locals, sets } = space;
  const now = Array.from(space.start(), (node) => space.localOf(node));
  const sent = now.map(() => new Set<number>());
  const steps: MicroStep[] = [];
  const receivedBy = (member: number, transition: number): number => {
    const action = locals.action(transition);
    if (action.type !== "receive") return -1;
    const known = sent.flatMap((messages) => [...messages]);
    return known.find((message) => locals.receive(now[member] as number, message) === transition) ?? -1;
  };
  const take = (member: number, transition: number, chosen: boolean): void => {
    const before = now[member] ?? -1;
    const received = receivedBy(member, transition);
    now[member] = locals.next(transition);
    const messages = sets.membersOf(locals.sent(transition));
    for (const message of messages) sent[member]?.add(message);
    const after = now[member] ?? -1;
    const action = locals.action(transition);
    steps.push({ member, action, before, after, sent: messages, locals: [...now], received, chosen });
  };
  const deliverUnasked = (): boolean => {
    for (const [member, local] of now.entries()) {
      for (const message of sent.flatMap((messages) => [...messages])) {
        if (sets.receiverOf(message) !== member) continue;
        const transition = locals.receive(local, message);
        if (locals.next(transition) !== local || locals.violation(transition) !== null) continue;
        if (sets.membersOf(locals.sent(transition)).every((answer) => sent[member]?.has(answer))) continue;
        take(member, transition, false);
        return true;
      }
    }
    return false;
  };
  for (const { member, transition } of walked) {
    while (deliverUnasked());
    take(member, transition, true);
  }
  return steps;
}

/** Without the unasked deliveries whose answers nobody takes. */
function neededOf(steps: readonly MicroStep[]): readonly StoryStep[] {
  const wanted = new Set<number>();
  const needed: MicroStep[] = [];
  for (const [at, step] of [...steps.entries()].toReversed()) {
    const earlier = new Set(
      steps.slice(0, at).flatMap((other) => (other.member === step.member ? [...other.sent] : [])),
    );
    const brings = step.sent.some((message) => wanted.has(message) && !earlier.has(message));
    if (!step.chosen && !brings) continue;
    if (step.received !== -1) wanted.add(step.received);
    needed.unshift(step);
  }
  return needed;
}

/** For people: every step in a sentence, and the members after it. */
export function storyText(space: Space, story: Story): string {
  const lines: string[] = [];
  for (const [at, step] of story.steps.entries()) {
    lines.push(`${at + 1}. ${sentence(space, step)}`);
    for (const local of step.locals) lines.push(`      ${memberLine(space, local)}`);
  }
  const { name, what, member } = story.broken;
  const who = member === undefined ? "" : `${nameOf(story.steps.at(-1)?.member ?? member)}: `;
  lines.push(`Broken: ${name}. ${who}${withNames(what)}`);
  return `${lines.join("\n")}\n`;
}

function memberLine(space: Space, local: number): string {
  const member = space.locals.member(local);
  const { role, term } = member.core.status();
  const [log, committed] = [logOf(member.core), committedOf(member)];
  const disk = show(member.disk.entries);
  const parts = [
    `${nameOf(space.locals.factsOf(local).owner)}  ${`${role}, term ${term}`.padEnd(21)}`,
    `log ${show(log)}`,
    `committed ${show(committed)}`,
  ];
  if (disk !== show(log)) parts.push(`disk ${disk}`);
  const { hardState } = member.disk;
  if (hardState.term !== term) parts.push(`disk is in term ${hardState.term}`);
  return parts.join(" | ");
}

function sentence(space: Space, { member, action, before, after, sent }: StoryStep): string {
  const what = actionText(nameOf(member), action);
  const then = [...changes(space, before, after), ...sendings(sent.map((id) => space.sets.message(id)))];
  return `${what}${then.length === 0 ? "." : `: ${then.join("; ")}.`}`;
}

function actionText(name: string, action: Action): string {
  const { type } = action;
  if (type === "receive") return `${name} gets from ${messageOf(action.message)}`;
  if (type === "campaign") return `${name} campaigns`;
  if (type === "lapse") return `${name} has not heard its leader for an election timeout`;
  if (type === "heartbeat") return `${name} sends a round of heartbeats`;
  if (type === "propose") return `${name} takes a proposal`;
  if (type === "change") return `${name} is asked to ${action.changes.map(wishText).join(" and ")}`;
  if (type === "lose") {
    return `${name} crashes, its disk keeps ${action.kept} of its entries, and it starts again knowing so`;
  }
  if (type === "crash") return `${name} crashes and starts again${keptText(action)}`;
  return `${name}'s disk completes ${action.writes === 1 ? "a write" : `${action.writes} writes`}`;
}

function messageOf(message: Message): string {
  return `${nameOfId(message.from)}, of term ${message.term}: ${withNames(messageText(message))}`;
}

function keptText({ writes, torn }: Extract<Action, { type: "crash" }>): string {
  if (writes === 0 && torn === 0) return " with what its disk had";
  const part = torn > 0 ? `, and of the next one the first ${torn - 1} entries` : "";
  return `; of the writes under way ${writes} reached the disk${part}`;
}

function wishText(wish: ConfigurationChange): string {
  const name = nameOfId(wish.member);
  if (wish.type === "remove") return `remove ${name}`;
  return wish.type === "add-voter" ? `take in ${name}` : `take in ${name} as a learner`;
}

function changes(space: Space, before: number, after: number): readonly string[] {
  const [was, is] = [space.locals.member(before).core, space.locals.member(after).core];
  const [old, now] = [was.status(), is.status()];
  const told: string[] = [];
  if (now.term !== old.term) told.push(`it is in term ${now.term} now`);
  if (now.role !== old.role)
    told.push(now.role === "leader" ? `it leads term ${now.term}` : `it is ${now.role}`);
  if (show(logOf(is)) !== show(logOf(was))) told.push(`its log is ${show(logOf(is))}`);
  if (now.commitIndex > old.commitIndex) told.push(`it commits up to ${now.commitIndex}`);
  return told;
}

function sendings(messages: readonly Message[]): readonly string[] {
  const receivers = new Map<string, string[]>();
  for (const message of messages) {
    const text = withNames(messageText(message));
    receivers.set(text, [...(receivers.get(text) ?? []), nameOfId(message.to)]);
  }
  return [...receivers].map(([text, names]) => `tells ${names.toSorted().join(" and ")}: ${text}`);
}

function nameOf(member: number): string {
  return `n${member + 1}`;
}

function nameOfId(id: number): string {
  return `n${id % 1000}`;
}

/** Ids as they are in messages and assertions. */
function withNames(text: string): string {
  return text.replaceAll(/\b10000(\d\d)\b/g, (_, id: string) => `n${Number(id)}`);
}
