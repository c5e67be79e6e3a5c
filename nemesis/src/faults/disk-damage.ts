import { z } from "zod";
import { isOverDamage } from "../effects/damage-ledger.js";
import { diskFacet } from "../effects/disk.js";
import { NotApplicable } from "../errors.js";
import type { Damage, DamagePlace, NodeName } from "../hosts.js";
import type { FaultContext, Unnamed } from "./fault.js";
import { forAll, onEveryNode } from "./observe.js";
import { Before, describeProcess } from "./process.js";

export const areaArg = z
  .enum(["any", "wal", "checkpoint"])
  .default("any")
  .describe("wal = the log; checkpoint = the state on disk; any = what is drawn.");

/**
 * Harms durable data of the targets for good, while their servers are down or as they run; a minority at most over the
 * whole run (effects/damage-ledger.ts).
 */
export function harmDisks(
  context: FaultContext,
  { kind, area, server }: { kind: Damage["kind"]; area: DamagePlace; server: "down" | "up" },
): Unnamed {
  const { hosts, nodes, damage, membership } = context;
  const disks = diskFacet(hosts);
  const before = new Before(context);
  const old = new Map<NodeName, readonly Damage[]>();
  const done = new Map<NodeName, Damage | null>();
  const spared = damage.take(nodes, hosts.nodes, membership);
  if (spared !== null) throw new NotApplicable(spared);
  return {
    async act(window) {
      await forAll(nodes, async (node) => {
        await before.note(node);
        old.set(node, await disks.damages(node));
      });
      if (window.aborted) return;
      if (server === "down") await forAll(nodes, (node) => hosts.signal(node, "SIGKILL"));
      await forAll(nodes, async (node) => void done.set(node, await disks.damage(node, kind, area)));
    },
    prove: onEveryNode(nodes, async (node) => {
      const ours = done.get(node) ?? null;
      const standing = await disks.damages(node);
      const isThere = (list: readonly Damage[]): boolean =>
        ours !== null && list.some((each) => sameDamage(each, ours));
      const now = await hosts.process(node);
      // Seen to be down: its undo must show a later start.
      if (server === "down") before.ended(node, now, now.state === "exited");
      const isDown = server === "up" || now.state === "exited";
      const shown = isDown && isThere(standing) && !isThere(old.get(node) ?? []);
      return {
        shown,
        detail: `${describeDamage(ours)}, ${describeProcess(now)}`,
        reading: { ours, standing },
      };
    }),
    undo: () =>
      forAll(nodes, async (node) => {
        if ((await hosts.process(node)).state === "exited") await hosts.start(node);
      }),
    // The harm stays. A server that reads its data and ends over it has done well.
    healed: onEveryNode(nodes, async (node) => {
      const now = await hosts.process(node);
      const wasStarted = now.starts > (before.of(node)?.starts ?? 0);
      if (wasStarted && isOverDamage(now)) {
        return { shown: true, detail: `${describeProcess(now)}: refuses its damaged disk`, reading: now };
      }
      return before.restarted(node, now);
    }),
  };
}

function sameDamage(a: Damage, b: Damage): boolean {
  return a.kind === b.kind && a.file === b.file && a.offset === b.offset;
}

function describeDamage(damage: Damage | null): string {
  if (damage === null) return "has no harm of this fault";
  const { kind, bytes, offset, file, area } = damage;
  const what = kind === "truncate" ? `${bytes} bytes cut off at` : `${kind} of ${bytes} bytes at`;
  return `${what} ${offset} of ${file} (${area})`;
}
