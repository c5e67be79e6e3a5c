import { describeDisk, diskFacet, HEALTHY_DISK, sameDisk } from "../effects/disk.js";
import type { DiskCounts, DiskSetting } from "../hosts.js";
import type { FaultContext, Unnamed } from "./fault.js";
import { forAll, onEveryNode } from "./observe.js";
import { describeProcess } from "./process.js";

const COUNT_WORDS: Readonly<Record<keyof DiskCounts, string>> = {
  slowSyncs: "slow syncs",
  stalledSyncs: "stalled syncs",
  ioErrors: "calls failed with EIO",
  spaceErrors: "calls failed with ENOSPC",
};

/**
 * A disk that behaves badly until the window ends. Proved by calls of the server that felt it, counted while the
 * setting is in force: a server that writes nothing shows nothing.
 *
 * @param mayEndServer a server may rightly stop over it; then it is started again, and the fault must hold the process
 */
export function bendDisk(
  { hosts, nodes }: FaultContext,
  part: Partial<DiskSetting>,
  counted: keyof DiskCounts,
  mayEndServer: boolean,
): Unnamed {
  const disks = diskFacet(hosts);
  const wanted = { ...HEALTHY_DISK, ...part };
  return {
    act: () => forAll(nodes, (node) => disks.set(node, wanted)),
    prove: onEveryNode(nodes, async (node) => {
      const setting = await disks.setting(node);
      const counts = await disks.counts(node);
      const inForce = sameDisk(setting, wanted);
      // Counts began at 0 with the setting. A server may feel it but once: behind a sync that is held, the others wait.
      const calls = inForce ? counts[counted] : 0;
      const detail = inForce
        ? `had ${calls} ${COUNT_WORDS[counted]}`
        : `was spared: ${describeDisk(setting)}`;
      return { shown: calls > 0, detail, reading: { setting, counts } };
    }),
    undo: () =>
      forAll(nodes, async (node) => {
        await disks.set(node, HEALTHY_DISK);
        if (mayEndServer && (await hosts.process(node)).state === "exited") await hosts.start(node);
      }),
    healed: onEveryNode(nodes, async (node) => {
      const setting = await disks.setting(node);
      const process = await hosts.process(node);
      const runs = !mayEndServer || process.state === "running";
      const detail = `${describeDisk(setting)}, ${describeProcess(process)}`;
      return { shown: runs && sameDisk(setting, HEALTHY_DISK), detail, reading: { setting, process } };
    }),
  };
}
