import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { serverBundle } from "@gauntlet/server/bundle";
import { build, type BuildFailure, type OutputFile } from "esbuild";
import { execa } from "execa";
import { docker, explain } from "./docker-cli.js";
import { DockerError, messageOf } from "./docker-error.js";
import { eachLine } from "./agent/lines.js";
import { temporaryDirectory } from "./temporary.js";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const REPO = resolve(PACKAGE, "..");
const BUILD_TIMEOUT_MS = 15 * 60_000;
const HASH_LENGTH = 12;
const IMAGES_KEPT = 20;

export interface ImageOptions {
  /** The server's main file; default is this repo's server/src/main.ts. */
  readonly serverEntry?: string;
  /** Set before the hash in the image's tag, to tell a special build from the ordinary one. */
  readonly tag?: string;
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** What a node image holds beside the agent. */
export interface ImageContent {
  readonly repository: string;
  /** This repository's server. */
  readonly withServer: boolean;
  /** Debian's. */
  readonly packages: readonly string[];
}

/** The node image of this repository's server. */
export async function ensureImages(options: ImageOptions): Promise<{ readonly image: string }> {
  return nodeImage(options, { repository: "gauntlet-node", withServer: true, packages: [] });
}

/**
 * Gives a node image, and builds it when there is none: an image's tag is the hash of everything that it is made of.
 * Takes about a second when it exists. Rejects with a DockerError.
 */
export async function nodeImage(
  options: ImageOptions,
  content: ImageContent,
): Promise<{ readonly image: string }> {
  const { repository, packages } = content;
  const entry = content.withServer ? resolve(options.serverEntry ?? join(REPO, "server/src/main.ts")) : null;
  const [base, bundle] = await Promise.all([ensureBase(options), bundleAll(entry)]);
  const shims = (await readdir(join(PACKAGE, "shim"))).toSorted().map((name) => join("shim", name));
  const parts = await Promise.all(["Dockerfile", ...shims].map((name) => readFile(join(PACKAGE, name))));
  const hash = createHash("sha256").update([base, ...packages].join(" "));
  for (const part of parts) hash.update(part);
  for (const file of bundle.filter(({ path }) => !path.endsWith(".map"))) hash.update(file.contents);
  const prefix = options.tag === undefined ? "" : `${options.tag}-`;
  const image = `${repository}:${prefix}${hash.digest("hex").slice(0, HASH_LENGTH)}`;
  if (await imageExists(image)) return { image };
  options.log(`building ${image}`);
  await buildImage(image, base, packages, bundle, options.signal);
  await removeOldImages(repository);
  return { image };
}

/** Every change of the server makes an image; they share their layers but for a few megabytes. */
async function removeOldImages(repository: string): Promise<void> {
  const newestFirst = await docker(["image", "ls", repository, "--format", "{{.Repository}}:{{.Tag}}"]);
  for (const image of newestFirst.split("\n").slice(IMAGES_KEPT)) {
    // Without force: an image that a container uses stays.
    await docker(["image", "rm", image]).catch(() => undefined);
  }
}

/** Whether this engine has the image. */
export async function imageExists(image: string): Promise<boolean> {
  return (await docker(["image", "ls", "--quiet", image])) !== "";
}

/** Runs base-image.sh, which says what it does line by line and prints the tag at the end. */
async function ensureBase({ log, signal }: ImageOptions): Promise<string> {
  const interrupted = new DockerError("interrupted while the base image was being made");
  const isInterrupted = (): boolean => signal?.aborted === true;
  if (isInterrupted()) throw interrupted;
  const script = execa("sh", [join(PACKAGE, "base-image.sh")], {
    reject: false,
    stdin: "ignore",
    detached: true,
    timeout: BUILD_TIMEOUT_MS,
  });
  // The whole process group: a shell that ends leaves its children running.
  const interrupt = (): void => {
    try {
      if (script.pid !== undefined) process.kill(-script.pid, "SIGTERM");
    } catch {
      // It has ended in this moment.
    }
  };
  signal?.addEventListener("abort", interrupt, { once: true });
  const told = eachLine(script.stderr, log);
  const result = await script;
  signal?.removeEventListener("abort", interrupt);
  await told;
  if (isInterrupted()) throw interrupted;
  if (result.failed) throw new DockerError(explain("docker/base-image.sh", result.stderr));
  return result.stdout.trim().split("\n").at(-1) ?? "";
}

/** Bundles agent, relay and, where there is one, the server; the same sources give the same bytes wherever a checkout lies. */
async function bundleAll(serverEntry: string | null): Promise<readonly OutputFile[]> {
  const agent = join(PACKAGE, "src/agent");
  const parts = [
    ...(serverEntry === null ? [] : [bundleOne("server", serverEntry, resolve(serverEntry, "../../.."))]),
    bundleOne("agent", join(agent, "main.ts"), REPO),
    bundleOne("relay", join(agent, "relay.ts"), REPO),
  ];
  return (await Promise.all(parts)).flat();
}

async function bundleOne(name: string, entry: string, root: string): Promise<readonly OutputFile[]> {
  try {
    const { outputFiles } = await build({
      ...serverBundle,
      entryPoints: { [name]: entry },
      // Nothing is written: the directory only gives the outputs their names.
      outdir: join(root, "bundle"),
      absWorkingDir: root,
      write: false,
      sourcemap: "linked",
    });
    return outputFiles;
  } catch (error) {
    const first = (error as BuildFailure).errors?.[0];
    if (first === undefined) throw new DockerError(`${relative(REPO, entry)}: ${messageOf(error)}`);
    const at = first.location === null ? "" : `${first.location.file}:${first.location.line}: `;
    throw new DockerError(`cannot bundle the ${name}: ${at}${first.text}`, { cause: error });
  }
}

async function buildImage(
  image: string,
  base: string,
  packages: readonly string[],
  bundle: readonly OutputFile[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const { path: context, remove } = await temporaryDirectory("gauntlet-image-");
  try {
    await cp(join(PACKAGE, "Dockerfile"), join(context, "Dockerfile"));
    await cp(join(PACKAGE, "shim"), join(context, "shim"), { recursive: true });
    await mkdir(join(context, "bundle"));
    for (const file of bundle) await writeFile(join(context, "bundle", basename(file.path)), file.contents);
    const labels = ["--label", "gauntlet.image=node"];
    const args = [
      "build",
      "--quiet",
      "--tag",
      image,
      ...labels,
      "--build-arg",
      `BASE_IMAGE=${base}`,
      "--build-arg",
      `PACKAGES=${packages.join(" ")}`,
      context,
    ];
    await docker(args, { signal, timeoutMs: BUILD_TIMEOUT_MS });
  } finally {
    await remove();
  }
}
