import { ENTRY_OVERHEAD_BYTES } from "./entry.js";

/** Cuts proposals into messages of at most `maxBytes`, in order; one that is larger goes alone. */
export function inBatches(data: readonly Uint8Array[], maxBytes: number): readonly (readonly Uint8Array[])[] {
  const batches: Uint8Array[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const proposal of data) {
    const size = proposal.length + ENTRY_OVERHEAD_BYTES;
    if (bytes + size > maxBytes) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)?.push(proposal);
    bytes += size;
  }
  return batches;
}
