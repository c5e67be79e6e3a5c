import type { Stats } from "node:fs";
import { access, constants, mkdir, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { messageOf, UsageError } from "./errors.js";
import { RUN_HISTORY } from "./source.js";

export interface PictureTargets {
  readonly html: PictureTarget | undefined;
  readonly svg: PictureTarget | undefined;
}

/** Throws UsageError: before anything is checked, for hours of checking should not end in a wrong path. */
export async function pictureTargets(
  files: readonly string[],
  { html, svg }: { readonly html?: string; readonly svg?: string },
): Promise<PictureTargets> {
  const targets = {
    html: html === undefined ? undefined : await PictureTarget.of("--html", html, files),
    svg: svg === undefined ? undefined : await PictureTarget.of("--svg", svg, files),
  };
  if (html !== undefined && svg !== undefined && resolve(html) === resolve(svg) && !targets.svg?.isFolder)
    throw new UsageError(`--svg: ${svg} is where --html goes; name another file, or a folder for both`);
  return targets;
}

/** Where the pictures of one option go: a file, or a folder with one for each history. */
export class PictureTarget {
  readonly isFolder: boolean;
  readonly #flag: string;
  readonly #path: string;
  readonly #used = new Set<string>();

  private constructor(flag: string, path: string, isFolder: boolean) {
    this.#flag = flag;
    this.#path = path;
    this.isFolder = isFolder;
  }

  /** A new folder is made where there are several histories, or the path ends in a slash. Throws UsageError. */
  static async of(flag: string, path: string, files: readonly string[]): Promise<PictureTarget> {
    const existing = await stat(path).catch(() => undefined);
    if (existing !== undefined && !existing.isDirectory() && files.length > 1)
      throw new UsageError(`${flag}: ${path} is no folder, and there are ${files.length} files`);
    const isFolder = existing?.isDirectory() ?? (files.length > 1 || /[/\\]$/.test(path));
    try {
      if (isFolder) await mkdir(path, { recursive: true });
      const isNew = !isFolder && existing === undefined;
      await access(isNew ? `${dirname(path)}/` : path, constants.W_OK);
    } catch (error) {
      throw new UsageError(`${flag}: ${path} cannot be written: ${messageOf(error)}`);
    }
    if (existing !== undefined && !isFolder && (await isOneOf(existing, files)))
      throw new UsageError(`${flag}: ${path} is the history itself; name another file`);
    return new PictureTarget(flag, path, isFolder);
  }

  /** Undefined: written; else why not. */
  async write(file: string, extension: string, content: string): Promise<string | undefined> {
    const path = this.isFolder ? join(this.#path, this.#name(file, extension)) : this.#path;
    try {
      await writeFile(path, content);
      return undefined;
    } catch (error) {
      return `${this.#flag}: ${messageOf(error)}`;
    }
  }

  /** Files of one name from several folders must not overwrite each other. */
  #name(file: string, extension: string): string {
    const base = file === "-" ? "stdin" : basename(file);
    let name = `${base}.${extension}`;
    for (let n = 2; this.#used.has(name); n++) name = `${base}-${n}.${extension}`;
    this.#used.add(name);
    return name;
  }
}

/** Whether it is one of the histories, by whatever name. */
async function isOneOf({ dev, ino }: Stats, files: readonly string[]): Promise<boolean> {
  for (const path of files.flatMap((file) => [file, join(file, RUN_HISTORY)])) {
    const history = await stat(path).catch(() => undefined);
    if (history?.dev === dev && history.ino === ino) return true;
  }
  return false;
}
