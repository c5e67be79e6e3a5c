import { z } from "zod";
import { assert, messageOf } from "../errors.js";
import type { Hosts, NodeName, SettingsName, UpgradeHosts } from "../hosts.js";
import { durationArg, millisecondsOf } from "./args.js";
import { defineFault, type FaultContext } from "./fault.js";
import { forAll, onEveryNode } from "./observe.js";
import { Before } from "./process.js";

/** A server that has not ended this long after SIGTERM is killed, so that the others have their turn. */
const STOP_LIMIT_MS = 5_000;
/** The next one waits for the answer of the last at most so long. */
const ANSWER_LIMIT_MS = 5_000;
const POLL_MS = 50;

export const processRolling = defineFault({
  name: "process.rolling",
  summary:
    "Stops and starts one server after another in good order, each when the last one answers again; with `upgrade`, into the other set of settings.",
  needs: ["process.signal"],
  moreNeeds: ({ upgrade }) => (upgrade === true ? ["process.upgrade"] : []),
  claims: ["process"],
  minWindowMs: 3_000,
  defaultTarget: "all",
  args: z.strictObject({
    down: durationArg(0, 60_000, "How long each server stays down.").default("200ms"),
    upgrade: z
      .boolean()
      .default(false)
      .describe(
        "Each starts with the settings of the next version, or with the first ones if it has those; for good.",
      ),
  }),
  prepare(context, { down, upgrade }) {
    const { hosts, nodes } = context;
    const before = new Before(context);
    const settings = new Map<NodeName, SettingsName>();
    return {
      async act(window) {
        await forAll(nodes, (node) => before.note(node));
        for (const node of nodes) {
          if (window.aborted) return;
          try {
            if (upgrade) settings.set(node, await switchSettings(hosts, node));
            await stop(context, node, window);
            if (window.aborted) return;
            await context.sleep(millisecondsOf(down));
            await hosts.start(node);
            await answers(context, node, window);
          } catch (error) {
            throw new Error(`${node}: ${messageOf(error)}`, { cause: error });
          }
        }
      },
      prove: onEveryNode(nodes, async (node) => {
        const now = await hosts.process(node);
        const wanted = settings.get(node);
        const has = wanted === undefined ? wanted : await upgradeFacet(hosts).inUse(node);
        const isLater = now.starts > (before.of(node)?.starts ?? now.starts);
        const taken = has === undefined ? "" : ` with ${has} settings`;
        const detail = `${now.state}, start ${now.starts} (was ${before.of(node)?.starts})${taken}`;
        return { shown: now.state === "running" && isLater && has === wanted, detail, reading: { now, has } };
      }),
      // What the window cut short: a server that was stopped and not started again.
      undo: () =>
        forAll(nodes, async (node) => {
          if ((await hosts.process(node)).state === "exited") await hosts.start(node);
        }),
      healed: onEveryNode(nodes, async (node) => before.restarted(node, await hosts.process(node))),
    };
  },
});

function upgradeFacet({ upgrades }: Hosts): UpgradeHosts {
  assert(upgrades !== undefined, "hosts with the capability process.upgrade have the facet `upgrades`");
  return upgrades;
}

/** From the next start on. */
async function switchSettings(hosts: Hosts, node: NodeName): Promise<SettingsName> {
  const facet = upgradeFacet(hosts);
  const wanted = (await facet.inUse(node)) === "initial" ? "upgraded" : "initial";
  await facet.use(node, wanted);
  return wanted;
}

async function stop(
  { hosts, nowMs, sleep }: FaultContext,
  node: NodeName,
  window: AbortSignal,
): Promise<void> {
  await hosts.signal(node, "SIGTERM");
  const killAtMs = nowMs() + STOP_LIMIT_MS;
  let isKilled = false;
  while (!window.aborted && (await hosts.process(node)).state !== "exited") {
    if (nowMs() >= killAtMs && !isKilled) {
      isKilled = true;
      await hosts.signal(node, "SIGKILL");
    }
    await sleep(POLL_MS);
  }
}

async function answers(
  { hosts, nowMs, sleep }: FaultContext,
  node: NodeName,
  window: AbortSignal,
): Promise<void> {
  const giveUpAtMs = nowMs() + ANSWER_LIMIT_MS;
  while (!window.aborted && nowMs() < giveUpAtMs) {
    const view = (await hosts.view()).get(node);
    if (view !== undefined && view.role !== "unknown") return;
    await sleep(POLL_MS);
  }
}
