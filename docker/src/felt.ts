import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "@gauntlet/client";
import type { NodeName } from "@gauntlet/nemesis";
import { HEALTHY_DISK } from "./agent/disk-page.js";
import type { DockerDisks } from "./disks.js";
import { DockerError } from "./docker-error.js";

/** Outside every workload's keys. */
const KEY = "gauntlet-probe/disk";
const LEAST_DELAY_MS = 1;
const WRITE_LIMIT_MS = 2_000;
const SEEN_LIMIT_MS = 2_000;
const POLL_MS = 20;

/**
 * Whether the server's own calls go through the disk shim: a write lets it sync, and the shim is to count that. That the shim
 * is loaded proves nothing: a program that makes its system calls itself goes past it.
 * @throws DockerError when nothing was counted
 */
export async function feelsShim(disks: DockerDisks, node: NodeName, client: string): Promise<string> {
  const etcd = connect({ endpoint: client, deadlineMs: WRITE_LIMIT_MS });
  try {
    await disks.set(node, { ...HEALTHY_DISK, syncDelayMs: LEAST_DELAY_MS });
    await etcd.put({ key: KEY, value: "probe" });
    const deadlineMs = performance.now() + SEEN_LIMIT_MS;
    while (performance.now() < deadlineMs) {
      const { slowSyncs } = await disks.counts(node);
      if (slowSyncs > 0) return "the shim saw the server's own syncs";
      await sleep(POLL_MS);
    }
    throw new DockerError(
      `the shim saw no sync of the server at a write; it makes its calls past the C library`,
    );
  } finally {
    etcd.close();
    await disks.set(node, HEALTHY_DISK);
  }
}
