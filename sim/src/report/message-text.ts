import type { Message } from "@gauntlet/server/inside";

type Fields = Readonly<Record<string, unknown>>;

const ENVELOPE: readonly string[] = ["type", "from", "to", "term"];

/**
 * A message in Raft's words: `append 12..15 after 11/3, commit 10`, where 11/3 is index 11 of term 3. The term stands
 * in front of it, where the trace shows it. Kinds without words of their own show their fields.
 */
export function messageText(message: Message): string {
  const words = wordsOf(message);
  return words ?? `${message.type}${fieldsText(message as unknown as Fields)}`;
}

function wordsOf(message: Message): string | null {
  if (message.type === "append") return appendText(message);
  if (message.type === "append-accepted") return `accepted, holds up to ${message.matchIndex}`;
  if (message.type === "append-rejected")
    return `${message.lost ? "lost what is" : "rejected"} after ${message.rejectedPrevIndex}, try ${message.hintIndex}/${message.hintTerm}`;
  if (message.type === "vote-request")
    return `asks for a ${vote(message.pre)}${message.transfer ? " in the leader's place" : ""}, log ends at ${message.lastIndex}/${message.lastTerm}`;
  if (message.type === "vote-response")
    return `${message.granted ? "grants" : "refuses"} its ${vote(message.pre)}`;
  if (message.type === "heartbeat") return `heartbeat ${message.round}, commit ${message.commit}`;
  if (message.type === "heartbeat-response") return `hears heartbeat ${message.round}`;
  if (message.type === "propose")
    return `hands on ${message.data.length} ${message.data.length === 1 ? "proposal" : "proposals"}`;
  if (message.type === "read-request") return `asks for a read index (${message.id})`;
  if (message.type === "read-response")
    return message.index === null
      ? `has no read index (${message.id})`
      : `read index ${message.index} (${message.id})`;
  if (message.type === "proposals-refused") return `refuses the proposals: ${message.reason} (${message.id})`;
  if (message.type === "timeout-now") return "asks it to stand for election at once";
  if (message.type === "snapshot") return `snapshot up to ${message.snapshot.index}/${message.snapshot.term}`;
  return null;
}

function vote(pre: boolean): string {
  return pre ? "pre-vote" : "vote";
}

function appendText(message: Extract<Message, { readonly type: "append" }>): string {
  const { entries, prevIndex, prevTerm, commit } = message;
  const [first, last] = [entries[0], entries.at(-1)];
  const after = `after ${prevIndex}/${prevTerm}, commit ${commit}`;
  if (first === undefined || last === undefined) return `append nothing ${after}`;
  const range = first.index === last.index ? `${first.index}` : `${first.index}..${last.index}`;
  const terms = first.term === last.term ? `/${last.term}` : ` of terms ${first.term}..${last.term}`;
  return `append ${range}${terms} ${after}`;
}

function fieldsText(message: Fields): string {
  const fields = Object.entries(message)
    .filter(([name]) => !ENVELOPE.includes(name))
    .map(([name, value]) => ` ${name} ${valueText(value)}`);
  return fields.join(",");
}

function valueText(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value)) return `[${value.map(valueText).join(" ")}]`;
  if (typeof value === "object" && value !== null)
    return `{${Object.entries(value)
      .map(([name, inner]) => `${name} ${valueText(inner)}`)
      .join(", ")}}`;
  return String(value);
}
