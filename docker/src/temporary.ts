import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TemporaryDirectory {
  readonly path: string;
  readonly remove: () => Promise<void>;
}

/** A new directory under the system's temporary one, which also goes when this process exits before it is removed. */
export async function temporaryDirectory(prefix: string): Promise<TemporaryDirectory> {
  const path = await mkdtemp(join(tmpdir(), prefix));
  // Something may still be writing there.
  const options = { recursive: true, force: true, maxRetries: 5 } as const;
  const onExit = (): void => rmSync(path, options);
  process.on("exit", onExit);
  const remove = async (): Promise<void> => {
    await rm(path, options);
    process.off("exit", onExit);
  };
  return { path, remove };
}
