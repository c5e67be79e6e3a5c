import { spawn } from "node:child_process";
import type { CountedRule, PacketRule } from "./protocol.js";

const CHAINS = { in: "NEM-IN", out: "NEM-OUT" } as const;
const EMPTY_CHAINS = `:${CHAINS.in} - [0:0]\n:${CHAINS.out} - [0:0]\n`;

/** Both backends would apply at once, and neither clears the other's rules: one is chosen and kept. */
const BACKENDS = ["nft", "legacy"] as const;
type Backend = (typeof BACKENDS)[number];

/** The text that makes exactly these rules the node's, in one transaction; declaring a chain empties it. */
export function transaction(rules: readonly PacketRule[]): string {
  const lines = rules.map((rule) => {
    const peer = `${rule.direction === "in" ? "-s" : "-d"} ${rule.peer}`;
    const port =
      rule.tcpPort === null
        ? ""
        : ` -p tcp --${rule.tcpPort.end === "source" ? "sport" : "dport"} ${rule.tcpPort.number}`;
    return `-A ${CHAINS[rule.direction]} ${peer}${port} -j DROP\n`;
  });
  return `*filter\n${EMPTY_CHAINS}${lines.join("")}COMMIT\n`;
}

const RULE =
  /^\[(?<packets>\d+):\d+\] -A NEM-(?<chain>IN|OUT) -(?<side>[sd]) (?<peer>[\d.]+)\/32(?: -p tcp -m tcp --(?<end>sport|dport) (?<port>\d+))? -j DROP$/;

/**
 * The rules of our chains in the output of `iptables-save -c`, with their packet counters.
 * @throws Error on a rule in our chains that is not one of ours: whoever reads must not take it for no rule
 */
export function parseSaved(saved: string): CountedRule[] {
  const lines = saved.split("\n").filter((line) => /-A NEM-(?:IN|OUT) /.test(line));
  return lines.map((line) => {
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

export class PacketRules {
  #backend: Backend | null = null;

  /** Replaces all rules. Gives the name of the backend. */
  async set(rules: readonly PacketRule[]): Promise<Backend> {
    const backend = this.#backend ?? (await this.#install());
    await run(`iptables-${backend}-restore`, ["-w", "--noflush"], transaction(rules));
    return backend;
  }

  /** As the kernel has them. Before the first set() there are no chains that could hold any. */
  async read(): Promise<CountedRule[]> {
    if (this.#backend === null) return [];
    return parseSaved(await run(`iptables-${this.#backend}-save`, ["-c", "-t", "filter"], ""));
  }

  /** Takes the first backend that this kernel lets us hook the chains into. */
  async #install(): Promise<Backend> {
    const problems: string[] = [];
    for (const backend of BACKENDS) {
      const hooks = `*filter\n${EMPTY_CHAINS}-A INPUT -j ${CHAINS.in}\n-A OUTPUT -j ${CHAINS.out}\nCOMMIT\n`;
      try {
        await run(`iptables-${backend}-restore`, ["-w", "--noflush"], hooks);
        this.#backend = backend;
        return backend;
      } catch (error) {
        problems.push(error instanceof Error ? error.message : String(error));
      }
    }
    throw new Error(problems.join("; "));
  }
}

/** Destroys the TCP connections with a peer, so that they are dialled anew instead of waiting for a back-off. */
export async function resetConnections(peer: string): Promise<void> {
  await run("ss", ["-tK", "dst", peer], "", { failsOnStderr: true });
}

interface RunOptions {
  /** `ss -K` exits 0 even when it was refused. */
  readonly failsOnStderr?: boolean;
}

function run(
  command: string,
  args: readonly string[],
  input: string,
  options: RunOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", (error) => reject(new Error(`${command}: ${error.message}`)));
    // A child that ends before it has read everything: its exit code tells the rest.
    child.stdin.on("error", () => undefined);
    child.on("close", (code) => {
      const refused = options.failsOnStderr === true && stderr.trim() !== "";
      if (code === 0 && !refused) resolve(stdout);
      else reject(new Error(`${command}: ${stderr.trim().split("\n").at(-1) ?? `exit code ${code}`}`));
    });
    child.stdin.end(input);
  });
}
