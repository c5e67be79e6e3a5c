import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { DataError, SimulatorError } from "../errors.js";

/** The simulator of this build, on a patched server. */
export interface Planted {
  /** For a SimThread. */
  readonly thread: URL;
  remove(): Promise<void>;
}

/**
 * Copies the server's tracked files to a temporary directory, applies the patch, type-checks and compiles them, and
 * puts the built simulator beside. There the name @gauntlet/server is found nearer than in the checkout, all else is not:
 *
 *     node_modules/                   → the checkout's
 *     tree/node_modules/@gauntlet/server → tree/server
 *     tree/server/                    patched and compiled
 *     tree/sim/                       a copy: Node looks for packages from where a file really lies
 *
 * @throws DataError when the patch does not apply or compile, naming the file
 */
export async function plant(repository: string, name: string, patch: string): Promise<Planted> {
  const root = await mkdtemp(join(tmpdir(), `gauntlet-sim-${name}-`));
  const remove = (): Promise<void> => rm(root, { recursive: true, force: true });
  const tree = join(root, "tree");
  try {
    await copyServer(repository, tree);
    await symlink(join(repository, "node_modules"), join(root, "node_modules"));
    await applyPatch(tree, patch);
    await compile(repository, tree, patch);
    await mkdir(join(tree, "node_modules/@gauntlet"), { recursive: true });
    await symlink(join(tree, "server"), join(tree, "node_modules/@gauntlet/server"));
    await copySimulator(repository, tree);
    return { thread: pathToFileURL(join(tree, "sim/dist/cli/workers/worker.js")), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function copyServer(repository: string, tree: string): Promise<void> {
  const listed = await run("git", ["ls-files", "-z", "server"], repository);
  if (listed.code !== 0 || listed.output === "") {
    throw new SimulatorError(`git ls-files server failed in ${repository}: a mutant needs a git checkout`);
  }
  for (const file of listed.output.split("\0").filter((name) => name !== "")) {
    await mkdir(dirname(join(tree, file)), { recursive: true });
    await cp(join(repository, file), join(tree, file));
  }
}

async function applyPatch(tree: string, patch: string): Promise<void> {
  // Outside any repository, so that git looks at the files alone.
  const env = { GIT_CEILING_DIRECTORIES: dirname(tree) };
  const applied = await run("git", ["apply", "--whitespace=nowarn", patch], tree, env);
  if (applied.code !== 0) throw new DataError(`${patch} does not apply: ${firstLines(applied.output)}`);
}

async function compile(repository: string, tree: string, patch: string): Promise<void> {
  const config = {
    extends: join(repository, "tsconfig.base.json"),
    compilerOptions: {
      composite: false,
      declaration: false,
      sourceMap: false,
      rootDir: "server/src",
      outDir: "server/dist",
    },
    include: ["server/src"],
    exclude: ["**/*.test.ts"],
  };
  await writeFile(join(tree, "tsconfig.json"), JSON.stringify(config));
  const tsc = join(repository, "node_modules/.bin/tsc");
  const checked = await run(tsc, ["-p", tree, "--pretty", "false"], tree);
  if (checked.code !== 0) throw new DataError(`${patch} does not compile: ${firstLines(checked.output)}`);
}

async function copySimulator(repository: string, tree: string): Promise<void> {
  await mkdir(join(tree, "sim"), { recursive: true });
  await cp(join(repository, "sim/package.json"), join(tree, "sim/package.json"));
  await cp(join(repository, "sim/dist"), join(tree, "sim/dist"), {
    recursive: true,
    filter: (path) => !/\.(test\.js|d\.ts|map|tsbuildinfo)$/.test(path),
  });
}

interface Ran {
  readonly code: number;
  /** Both streams. */
  readonly output: string;
}

function run(command: string, args: readonly string[], cwd: string, env: object = {}): Promise<Ran> {
  const options = { cwd, env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 };
  return new Promise((resolve) => {
    execFile(command, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      const why = error !== null && stdout === "" && stderr === "" ? error.message : "";
      resolve({ code, output: `${stdout}${stderr}${why}` });
    });
  });
}

function firstLines(text: string): string {
  return text.trim().split("\n").slice(0, 3).join("; ");
}
