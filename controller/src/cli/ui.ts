import { once } from "node:events";
import { listRuns } from "@gauntlet/histories";
import { asUsageError } from "../errors.js";
import { listen } from "../ui/listen.js";

/** Always the same, so that a page that is open finds its server again. */
export const UI_PORT = 2390;

/** The flags of `gauntlet ui`, and of `gauntlet run --ui`, parsed. */
export interface UiFlags {
  readonly uiHost: string;
  readonly uiPort?: number;
  readonly runsRoot: string;
}

export function uiAddress(
  { uiHost, uiPort }: Pick<UiFlags, "uiHost" | "uiPort">,
  defaultPort: number,
): { readonly host: string; readonly port: number } {
  return { host: uiHost, port: uiPort ?? defaultPort };
}

/** Serves until Ctrl-C. */
export async function uiCommand(flags: UiFlags): Promise<void> {
  await listRuns(flags.runsRoot).catch((error: unknown) => {
    throw asUsageError("--runs-root", error);
  });
  const ui = await listen({ ...uiAddress(flags, UI_PORT), runsRoot: flags.runsRoot });
  process.stdout.write(`${ui.url}  (Ctrl-C ends it)\n`);
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  await ui.close();
}
