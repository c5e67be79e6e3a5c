import { readFileSync, readlinkSync } from "node:fs";

/**
 * Who made a container: its pid, when that process began, and the process-id namespace in which the pid means
 * something. Written on every label, so that another rig can tell remains from a run that lives.
 */
export interface Owner {
  readonly pid: number;
  /** Clock ticks since boot, from /proc/<pid>/stat; "" where there is no /proc. */
  readonly startedAt: string;
  readonly namespace: string;
}

export function thisProcess(): Owner {
  return { pid: process.pid, startedAt: startOf(process.pid) ?? "", namespace: pidNamespace() };
}

export function formatOwner(owner: Owner): string {
  return [owner.pid, owner.startedAt, owner.namespace].join("/");
}

export function parseOwner(text: string): Owner | null {
  const [pid = "", startedAt = "", namespace = ""] = text.split("/");
  return /^[1-9]\d*$/.test(pid) ? { pid: Number(pid), startedAt, namespace } : null;
}

/** False only when it is certain that the owner is gone: what cannot be told counts as alive. */
export function mayBeAlive(owner: Owner): boolean {
  if (owner.namespace !== pidNamespace()) return true;
  if (owner.startedAt !== "") return startOf(owner.pid) === owner.startedAt;
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

function pidNamespace(): string {
  try {
    // The boot id too: after a restart of the machine pids and start times may come again.
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${readlinkSync("/proc/self/ns/pid").replaceAll(/\D/g, "")}-${boot}`;
  } catch {
    return "";
  }
}

function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command's name is in parentheses and may hold anything; field 22 counts from 1.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? null : (fields[22 - 3] ?? null);
  } catch {
    return null;
  }
}
