/** A line in a server's log that says that something is wrong. */
export interface Complaint {
  readonly words: string;
  /** Of the process that wrote it, where the line tells. */
  readonly pid: number | null;
  /**
   * `invariant`: broken, which nothing excuses. `corrupt`: the state of members differs. `fatal`: it cannot go on.
   * `start`: it could not begin, which counts only where the machine let it down.
   */
  readonly type: "invariant" | "corrupt" | "fatal" | "start";
}

/** What a system's log and its exits mean. */
export interface LogRules {
  /** Null: the line says nothing bad. */
  judge(line: string): Complaint | null;
  /** Exit codes of a server that cannot trust its disk or its data. */
  readonly diskExits: readonly number[];
  /** Exit code of a server that learns that it is no member any more. */
  readonly removedExit: number;
  /** Exit code of a server that finds at its start that it is no member: one that is removed before it came up. */
  readonly strangerExit: number;
  /** Whether a server may end over a full disk. */
  readonly mayEndOnFullDisk: boolean;
}

/** The line as a JSON object; null where it is none. */
export function jsonLine(line: string): Readonly<Record<string, unknown>> | null {
  if (!line.startsWith("{")) return null;
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    return null;
  }
}
