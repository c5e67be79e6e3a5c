export interface Lanes {
  /** By operation. */
  readonly lane: Int32Array;
  /** By lane: its operations, in order of call. */
  readonly operations: readonly Int32Array[];
}

/**
 * A lane for each client: for each process, or, where `clients` is known, for the processes with the same remainder.
 * Where lanes would be too many, one whose client is done is used again. Operations come in order of call.
 * Part of the page's script.
 */
export function createLanes(
  process: readonly number[],
  call: readonly number[],
  end: readonly (number | null)[],
  clients: number | null,
): Lanes {
  const MANY = 200;
  const client = process.map((p) => (clients === null ? p : p % clients));
  const lastOf = new Map<number, number>();
  client.forEach((c, i) => lastOf.set(c, i));
  const laneOf = new Map<number, number>();
  const lists: number[][] = [];
  /** Lanes whose client is done, and when it was. */
  const done: { readonly lane: number; readonly at: number }[] = [];
  const lane = Int32Array.from(client, (c, i) => {
    const called = call[i] as number;
    const mine = laneOf.get(c) ?? take(called);
    laneOf.set(c, mine);
    (lists[mine] as number[]).push(i);
    if (lastOf.get(c) === i) done.push({ lane: mine, at: end[i] ?? called });
    return mine;
  });
  return inOrderOfClient();

  function take(now: number): number {
    const first = done[0];
    if (lists.length < MANY || first === undefined || first.at >= now) return lists.push([]) - 1;
    done.shift();
    return first.lane;
  }

  /** As people look for them. */
  function inOrderOfClient(): Lanes {
    const first = lists.map((list) => client[list[0] as number] as number);
    const sorted = lists.map((_, i) => i).toSorted((a, b) => (first[a] as number) - (first[b] as number));
    const rank = new Int32Array(lists.length);
    sorted.forEach((old, now) => {
      rank[old] = now;
    });
    return {
      lane: lane.map((old) => rank[old] as number),
      operations: sorted.map((old) => Int32Array.from(lists[old] as number[])),
    };
  }
}
