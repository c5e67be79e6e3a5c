/**
 * What happens to states and logs on the disks of a world, so that what never happened shows. A kill in the middle of a
 * checkpoint or of the installation of a snapshot comes by chance alone.
 */
export const STORAGE_EVENTS = [
  "checkpoints",
  "segments removed",
  "snapshots sent",
  "snapshots failed",
  "snapshots installed",
  "ends within a checkpoint",
  "ends within a snapshot",
  "commits torn",
  "starts from a checkpoint",
  "logs begun anew",
  "recoveries",
  "refused for good",
  "full disks noticed",
  "hashes compared",
] as const;

export type StorageEvent = (typeof STORAGE_EVENTS)[number];

export class StorageCounts {
  readonly counts: Record<StorageEvent, number>;

  constructor() {
    this.counts = Object.fromEntries(STORAGE_EVENTS.map((name) => [name, 0])) as Record<StorageEvent, number>;
  }

  note(event: StorageEvent): void {
    this.counts[event]++;
  }
}
