import { request } from "node:http";
import { DockerError } from "./docker-error.js";

const MAX_BODY_BYTES = 4 * 1024 * 1024;

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What a Prometheus text answer holds. */
export class Samples {
  readonly #samples: readonly Sample[];

  constructor(text: string) {
    const lines = text.matchAll(/^([a-zA-Z_:][\w:]*)(?:\{([^\n]*)\})? (\S+)/gm);
    this.#samples = [...lines].map(([, name = "", labels = "", value = ""]) => ({
      name,
      labels: Object.fromEntries(
        [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, k = "", v = ""]) => [k, v]),
      ),
      value: Number(value),
    }));
  }

  /** The value of the first sample that has at least these labels. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    const wanted = Object.entries(labels);
    return this.#samples.find(
      (sample) => sample.name === name && wanted.every(([key, value]) => sample.labels[key] === value),
    )?.value;
  }
}

/**
 * Asks a node for its metrics over a connection of its own: a kept one could belong to a server that was killed
 * since. Rejects when there is no complete answer in time.
 */
export function scrape(endpoint: string, timeoutMs: number): Promise<Samples> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new DockerError(`http://${endpoint}/metrics: ${why}`));
    const call = request(`http://${endpoint}/metrics`, {
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
    });
    call.on("response", (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_BODY_BYTES) call.destroy(new Error(`more than ${MAX_BODY_BYTES} bytes`));
        else chunks.push(chunk);
      });
      response.on("error", (error) => fail(error.message));
      response.on("end", () => {
        if (response.statusCode !== 200) fail(`status ${response.statusCode ?? 0}`);
        else resolve(new Samples(Buffer.concat(chunks).toString("utf8")));
      });
    });
    call.on("error", (error) => {
      const late = error.name === "AbortError" || error.name === "TimeoutError";
      fail(late ? `no answer within ${timeoutMs} ms` : error.message);
    });
    call.end();
  });
}
