import type { Disk } from "../ports.js";
import type { Difference } from "./integrity.js";

/** A file in the replica's directory. Its being there counts, not what is in it. */
const NAME = "corrupt";

export async function isMarkedCorrupt(disk: Disk): Promise<boolean> {
  return (await disk.list()).includes(NAME);
}

/** Durable when it resolves. */
export async function markCorrupt(disk: Disk, difference: Difference): Promise<void> {
  const file = await disk.open(NAME, "create-exclusive");
  try {
    await file.write([new TextEncoder().encode(`${JSON.stringify(difference)}\n`)], 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.syncDirectory();
}

export async function unmarkCorrupt(disk: Disk): Promise<void> {
  if (!(await isMarkedCorrupt(disk))) return;
  await disk.remove(NAME);
  await disk.syncDirectory();
}
