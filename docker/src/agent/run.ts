import { spawn } from "node:child_process";

interface RunOptions {
  /** For programs that exit 0 even when they were refused. */
  readonly failsOnStderr?: boolean;
}

/** Runs a program to its end and gives what it printed; rejects with the last line of what it complained of. */
export function run(
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
