import { ENTRY_OVERHEAD_BYTES } from "../raft/entry.js";

/** A write that is to be handed to the core. */
export interface QueuedProposal {
  readonly requestId: number;
  readonly data: Uint8Array;
}

export type ProposalBatch = readonly [QueuedProposal, ...QueuedProposal[]];

/**
 * Cuts the queue, in order, into batches whose entries weigh at most `maxBytes`; one that is heavier goes alone.
 * With the core's `maxAppendBytes` for it, a batch is one message, and is taken or refused as a whole.
 */
export function inBatches(queue: readonly QueuedProposal[], maxBytes: number): readonly ProposalBatch[] {
  const batches: [QueuedProposal, ...QueuedProposal[]][] = [];
  let bytes = 0;
  for (const proposal of queue) {
    const size = proposal.data.length + ENTRY_OVERHEAD_BYTES;
    const batch = batches.at(-1);
    if (batch !== undefined && bytes + size <= maxBytes) {
      batch.push(proposal);
      bytes += size;
    } else {
      batches.push([proposal]);
      bytes = size;
    }
  }
  return batches;
}
