import { request } from "node:http";
import { DockerError } from "./docker-error.js";

const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** The samples of a Prometheus text answer: `name{labels}` as it stands there, and its value. */
export type Samples = ReadonlyMap<string, number>;

export function parseSamples(text: string): Samples {
  const samples = new Map<string, number>();
  for (const [, name = "", value = ""] of text.matchAll(/^([a-zA-Z_:][\w:]*(?:\{[^}\n]*\})?) (\S+)/gm)) {
    samples.set(name, Number(value));
  }
  return samples;
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
        else resolve(parseSamples(Buffer.concat(chunks).toString("utf8")));
      });
    });
    call.on("error", (error) => {
      const late = error.name === "AbortError" || error.name === "TimeoutError";
      fail(late ? `no answer within ${timeoutMs} ms` : error.message);
    });
    call.end();
  });
}
