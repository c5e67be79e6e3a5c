import { execa } from "execa";
import { DockerError, messageOf } from "./docker-error.js";

const DEFAULT_TIMEOUT_MS = 60_000;

export interface DockerOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
}

/**
 * Runs one docker command and gives its standard output, trimmed. Rejects with a DockerError that carries the
 * last line of what docker said.
 */
export async function docker(args: readonly string[], options: DockerOptions = {}): Promise<string> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const result = await execa("docker", args, {
    reject: false,
    stdin: "ignore",
    timeout: timeoutMs,
    // A process group of its own: Ctrl-C in the terminal must reach the rig, which then cleans up, and not this.
    detached: true,
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  });
  if (!result.failed) return result.stdout.trim();
  if (result.isCanceled) throw new DockerError(`docker ${args[0] ?? ""}: interrupted`);
  const what = `docker ${args.slice(0, 2).join(" ")}`;
  if (result.code === "ENOENT") {
    throw new DockerError("the docker command is not installed; run: sh docker/engine.sh");
  }
  if (result.timedOut) {
    throw new DockerError(`${what}: no answer within ${timeoutMs / 1000} s; does the Docker engine hang?`);
  }
  throw new DockerError(explain(what, result.stderr));
}

const NO_ENGINE = "no Docker engine answers";

/** The engine is down, or about to be up again. */
export function isNoAnswer(error: unknown): boolean {
  return messageOf(error).includes(NO_ENGINE);
}

/** One line out of docker's standard error. */
export function explain(what: string, stderr: string): string {
  const isHint = (line: string): boolean => /^(See|Run) '.*--help'/.test(line);
  const lines = stderr.split("\n").filter((line) => line.trim() !== "" && !isHint(line));
  const last = (lines.at(-1) ?? "failed without a word")
    .replace(/^(docker: )?Error response from daemon: /, "")
    .trim();
  if (/cannot connect to the docker daemon|error during connect|is the docker daemon running/i.test(stderr)) {
    return `${what}: ${NO_ENGINE} (${last}); start it with: sh docker/engine.sh`;
  }
  return `${what}: ${last}`;
}
