import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout that this program belongs to; the same from src/ and from dist/. */
export const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url));

/** Where failures are saved unless --out says otherwise. */
export const FAILURES_ROOT = join(REPOSITORY, "histories/sim");

export const MUTANTS_ROOT = join(REPOSITORY, "mutants");

/** A path as a person would type it from here. */
export function shownPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") || short === "" ? path : short;
}
