import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { z } from "zod";
import { log } from "./agent-log.js";
import { OwnChains, rulesIn } from "./iptables.js";
import { eachLine } from "./lines.js";
import { PATHS } from "./paths.js";
import type { CountedLink, LinkShape } from "./protocol.js";

/**
 * Shapes what this machine sends: a rule hands the packets for each shaped peer to a program of ours
 * (shim/packets.c). Both must agree on which peers these are; what either of them holds is read back from itself.
 */
const CHAIN = "NEM-SHAPE";
const QUEUE = 2380;
/** On what the program sends, so that it does not come to it again. */
const MARK = 0x6e65;
const PASS = `-A ${CHAIN} -m mark --mark 0x${MARK.toString(16)} -j RETURN`;
/** Without the program, packets pass as if there were no rule. */
const TAKE = `-j NFQUEUE --queue-num ${QUEUE} --queue-bypass`;
const TAKES = new RegExp(`^\\[\\d+:\\d+\\] -A ${CHAIN} -d (?<peer>[\\d.]+)/32 ${TAKE}$`);
const NS_PER_MS = 1e6;
const ANSWER_TIMEOUT_MS = 5_000;

const natural = z.int().nonnegative();
const state = z.object({
  links: z.array(
    z.object({
      peer: z.ipv4(),
      lossShare: z.number(),
      delayNs: natural,
      jitterNs: natural,
      reorderShare: z.number(),
      holdNs: natural,
      duplicateShare: z.number(),
      bytesPerSecond: z.number(),
      seen: natural,
      lost: natural,
      delayed: natural,
      reordered: natural,
      duplicated: natural,
      slowed: natural,
      overflowed: natural,
    }),
  ),
  /** Packets that wait now. */
  held: natural,
  unsent: natural,
});
type State = z.infer<typeof state>;

export class PacketShaper {
  readonly #chains = new OwnChains("mangle", { OUTPUT: CHAIN });
  #program: Program | null = null;
  #last: Promise<unknown> = Promise.resolve();

  /** Replaces all shapes; what is held for peers that are not shaped any more has gone out when this resolves. */
  set(links: readonly LinkShape[]): Promise<void> {
    return this.#inTurn(async () => {
      // The program first: it lets pass what it has no shape for, and so nothing is overtaken on the way back.
      if (links.length > 0 && !this.#lives()) this.#program = await Program.start();
      if (this.#lives()) await this.#program?.ask(`set${links.map(wordsOf).join("")}`);
      const takes = links.map(({ peer }) => `-A ${CHAIN} -d ${peer} ${TAKE}\n`).join("");
      await this.#chains.set(takes === "" ? "" : `${PASS}\n${takes}`);
    });
  }

  /**
   * The shapes in force.
   * @throws Error when kernel and program do not agree, or the program is gone
   */
  read(): Promise<CountedLink[]> {
    return this.#inTurn(async () => {
      const taken = peersOf(await this.#chains.read());
      if (taken.length > 0 && !this.#lives()) {
        throw new Error(`packets are to be shaped, but ${this.#program?.ending ?? "nothing shapes them"}`);
      }
      const { links } =
        this.#program === null || !this.#lives() ? { links: [] } : await this.#program.ask("get");
      const shaped = links.map(({ peer }) => peer);
      if (shaped.toSorted().join() !== taken.toSorted().join()) {
        throw new Error(
          `rules hand over the packets for ${taken.join()}, shaped are those for ${shaped.join()}`,
        );
      }
      return links.map(linkOf);
    });
  }

  #lives(): boolean {
    return this.#program !== null && this.#program.ending === null;
  }

  #inTurn<T>(job: () => Promise<T>): Promise<T> {
    const result = this.#last.then(job);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

/** The program, which answers each line with one of its own. */
class Program {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = [];
  /** We ended it, and so whoever asked it something was told. */
  #isGivenUp = false;
  /** How it ended; null while it runs. */
  ending: string | null = null;

  private constructor() {
    const child = spawn(PATHS.packets, [String(QUEUE), String(MARK)]);
    this.#child = child;
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    child.stdin.on("error", () => undefined);
    void eachLine(child.stdout, (line) => this.#waiting.shift()?.resolve(line));
    const end = (how: string): void => {
      if (this.ending !== null) return;
      this.ending = `the program that shapes packets ended: ${said.trim() === "" ? how : said.trim()}`;
      // What it was to shape passes from now on: nobody may ask for it again, so that the log must tell.
      log("packet program ended", { how, said, byAgent: this.#isGivenUp });
      for (const { reject } of this.#waiting.splice(0)) reject(new Error(this.ending));
    };
    child.on("error", ({ message }) => end(message));
    child.on("close", (code, signal) => end(`exit code ${code ?? signal}`));
  }

  /** Resolves when it has the queue: only then may a rule hand it packets. */
  static async start(): Promise<Program> {
    const program = new Program();
    await program.#answer();
    return program;
  }

  ask(command: string): Promise<State> {
    const answer = this.#answer();
    this.#child.stdin.write(`${command}\n`);
    return answer;
  }

  async #answer(): Promise<State> {
    const line = new Promise<string>((resolve, reject) => {
      if (this.ending === null) this.#waiting.push({ resolve, reject });
      else reject(new Error(this.ending));
    });
    const late = setTimeout(() => {
      this.#isGivenUp = true;
      this.#child.kill("SIGKILL");
    }, ANSWER_TIMEOUT_MS);
    try {
      return state.parse(JSON.parse(await line));
    } finally {
      clearTimeout(late);
    }
  }
}

function wordsOf({ peer, shape }: LinkShape): string {
  const ns = (ms: number): number => Math.round(ms * NS_PER_MS);
  const [delay, jitter, hold] = [shape.delayMs, shape.jitterMs, shape.reorderMs].map(ns);
  const numbers = [shape.lossShare, delay, jitter, shape.reorderShare, hold, shape.duplicateShare];
  return ` ${[peer, ...numbers, shape.bytesPerSecond ?? 0].join(" ")}`;
}

function linkOf(link: State["links"][number]): CountedLink {
  const { lossShare, reorderShare, duplicateShare, bytesPerSecond } = link;
  const { lost, delayed, reordered, duplicated, slowed } = link;
  const shape = {
    lossShare,
    delayMs: link.delayNs / NS_PER_MS,
    jitterMs: link.jitterNs / NS_PER_MS,
    reorderShare,
    reorderMs: link.holdNs / NS_PER_MS,
    duplicateShare,
    bytesPerSecond: bytesPerSecond === 0 ? null : bytesPerSecond,
  };
  return { peer: link.peer, shape, counts: { lost, delayed, reordered, duplicated, slowed } };
}

/**
 * The peers whose packets the kernel hands over, from the output of `iptables-save -c`.
 * @throws Error on a rule in our chain that is not one of ours
 */
export function peersOf(saved: string): string[] {
  return rulesIn(saved, [CHAIN])
    .filter((line) => !line.endsWith(PASS))
    .map((line) => {
      const peer = TAKES.exec(line)?.groups?.["peer"];
      if (peer === undefined) throw new Error(`a rule that was not set here: ${line}`);
      return peer;
    });
}
