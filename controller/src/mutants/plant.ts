import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { temporaryDirectory } from "@gauntlet/docker";
import { execa } from "execa";
import { DataError, RigError } from "../errors.js";
import type { ClientModule } from "../run/docker-cluster.js";
import type { Mutant } from "./mutant.js";

/** A patched copy of one package's sources. */
export interface Planted {
  /** The patched server/ or client/. */
  readonly directory: string;
  readonly remove: () => Promise<void>;
}

/**
 * Copies the tracked files of the mutant's package to a temporary directory, applies its patch and
 * type-checks the result; a client is compiled besides, for this process to load. The checkout itself is never touched. Throws DataError when the patch no
 * longer applies or no longer compiles, naming the file.
 */
export async function plant(repository: string, mutant: Mutant): Promise<Planted> {
  const { path: root, remove } = await temporaryDirectory(`gauntlet-${mutant.name}-`);
  try {
    await copyTracked(repository, root, mutant.target);
    await applyPatch(root, join(mutant.directory, "change.patch"));
    await compile(repository, root, mutant);
    return { directory: join(root, mutant.target), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function copyTracked(repository: string, root: string, target: Mutant["target"]): Promise<void> {
  const listed = await execa("git", ["ls-files", "-z", target], { cwd: repository, reject: false });
  if (listed.exitCode !== 0 || listed.stdout === "") {
    throw new RigError(
      `git ls-files ${target} failed in ${repository}: ${listed.stderr.trim()}; a mutant needs a git checkout`,
    );
  }
  for (const file of listed.stdout.split("\0").filter((name) => name !== "")) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await cp(join(repository, file), join(root, file));
  }
  await symlink(join(repository, "node_modules"), join(root, "node_modules"));
}

async function applyPatch(root: string, patch: string): Promise<void> {
  // Outside any repository, so that git looks at the files alone.
  const env = { GIT_CEILING_DIRECTORIES: dirname(root) };
  const applied = await execa("git", ["apply", "--whitespace=nowarn", patch], {
    cwd: root,
    env,
    reject: false,
  });
  if (applied.exitCode !== 0) {
    throw new DataError(`${patch} does not apply: ${firstLines(applied.stderr)}`);
  }
}

/** The package's imports of other workspaces resolve through node_modules to what is built there. */
async function compile(repository: string, root: string, mutant: Mutant): Promise<void> {
  const config = {
    extends: join(repository, "tsconfig.base.json"),
    compilerOptions: {
      composite: false,
      declaration: false,
      // The server is bundled from its sources.
      noEmit: mutant.target === "server",
      rootDir: `${mutant.target}/src`,
      outDir: `${mutant.target}/dist`,
    },
    include: [`${mutant.target}/src`],
    exclude: ["**/*.test.ts"],
  };
  await writeFile(join(root, "tsconfig.json"), JSON.stringify(config));
  const checked = await execa(join(repository, "node_modules/.bin/tsc"), ["-p", root, "--pretty", "false"], {
    cwd: root,
    reject: false,
    all: true,
  });
  if (checked.exitCode !== 0) {
    throw new DataError(
      `${mutant.name}/change.patch: the patched ${mutant.target} does not compile: ${firstLines(checked.all)}`,
    );
  }
}

/** The patched client, for the runs of this process. */
export async function loadClient({ directory }: Planted): Promise<ClientModule> {
  return (await import(pathToFileURL(join(directory, "dist/index.js")).href)) as ClientModule;
}

function firstLines(text: string): string {
  return text.trim().split("\n").slice(0, 3).join("; ");
}
