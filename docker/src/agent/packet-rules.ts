import { type Backend, OwnChains, rulesIn } from "./iptables.js";
import type { CountedRule, PacketRule } from "./protocol.js";
import { run } from "./run.js";

const CHAINS = { in: "NEM-IN", out: "NEM-OUT" } as const;
const chains = new OwnChains("filter", { INPUT: CHAINS.in, OUTPUT: CHAINS.out });

/** The text that makes exactly these rules the node's, in one transaction. */
export function transaction(rules: readonly PacketRule[]): string {
  return chains.transaction(rules.map(lineOf).join(""));
}

function lineOf(rule: PacketRule): string {
  const peer = `${rule.direction === "in" ? "-s" : "-d"} ${rule.peer}`;
  const port =
    rule.tcpPort === null
      ? ""
      : ` -p tcp --${rule.tcpPort.end === "source" ? "sport" : "dport"} ${rule.tcpPort.number}`;
  return `-A ${CHAINS[rule.direction]} ${peer}${port} -j DROP\n`;
}

const RULE =
  /^\[(?<packets>\d+):\d+\] -A NEM-(?<chain>IN|OUT) -(?<side>[sd]) (?<peer>[\d.]+)\/32(?: -p tcp -m tcp --(?<end>sport|dport) (?<port>\d+))? -j DROP$/;

/**
 * The rules of our chains in the output of `iptables-save -c`, with their packet counters.
 * @throws Error on a rule in our chains that is not one of ours: whoever reads must not take it for no rule
 */
export function parseSaved(saved: string): CountedRule[] {
  return rulesIn(saved, Object.values(CHAINS)).map((line) => {
    const { packets, chain, side, peer = "", end, port } = RULE.exec(line)?.groups ?? {};
    if (packets === undefined || (chain === "IN") !== (side === "s")) {
      throw new Error(`a rule that was not set here: ${line}`);
    }
    return {
      direction: chain === "IN" ? "in" : "out",
      peer,
      tcpPort:
        port === undefined ? null : { end: end === "sport" ? "source" : "destination", number: Number(port) },
      packets: Number(packets),
    };
  });
}

/** Replaces all rules. */
export function setRules(rules: readonly PacketRule[]): Promise<Backend> {
  return chains.set(rules.map(lineOf).join(""));
}

/** As the kernel has them. */
export async function readRules(): Promise<CountedRule[]> {
  return parseSaved(await chains.read());
}

/**
 * Destroys the TCP connections with these peers, and attempts at one, so that they are dialled anew instead of waiting
 * for a back-off. Gives how many were established.
 */
export async function resetConnections(peers: readonly string[]): Promise<number> {
  if (peers.length === 0) return 0;
  const filter = peers.map((peer) => `dst ${peer}`).join(" or ");
  // It exits 0 even when it was refused.
  const destroyed = await run("ss", ["-tnHK", `( ${filter} )`], "", { failsOnStderr: true });
  return destroyed.split("\n").filter((line) => line.startsWith("ESTAB")).length;
}
