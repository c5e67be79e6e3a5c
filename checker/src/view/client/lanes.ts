export interface Lanes {
  /** By operation. */
  readonly lane: Int32Array;
  /** By lane: its operations, in order of call. */
  readonly operations: readonly Int32Array[];
}

/**
 * A lane for each process. A process that came after another had crashed takes over its lane: it is the same
 * client, usually, under a new number. Where lanes would be too many, one whose process is done is used again too.
 * Operations come in order of call. Part of the page's script.
 */
export function createLanes(
  process: readonly number[],
  call: readonly number[],
  duration: readonly number[],
): Lanes {
  const MANY = 200;
  const CRASHED = -1;
  const lastOf = new Map<number, number>();
  process.forEach((p, i) => lastOf.set(p, i));
  const laneOf = new Map<number, number>();
  const lists: number[][] = [];
  /** Lanes whose process is over, in order of that: `at` is the time from which the lane may be used again. */
  const crashed: number[] = [];
  const done: { readonly lane: number; readonly at: number }[] = [];
  const lane = Int32Array.from(process, (p, i) => {
    const mine = laneOf.get(p) ?? take(call[i] as number);
    laneOf.set(p, mine);
    (lists[mine] as number[]).push(i);
    if (lastOf.get(p) === i) release(mine, call[i] as number, duration[i] as number);
    return mine;
  });
  return inOrderOfProcess();

  function take(now: number): number {
    const taken = crashed.shift();
    if (taken !== undefined) return taken;
    const first = done[0];
    if (lists.length >= MANY && first !== undefined && first.at < now) {
      done.shift();
      return first.lane;
    }
    return lists.push([]) - 1;
  }

  function release(mine: number, called: number, took: number): void {
    if (took === CRASHED) crashed.push(mine);
    else done.push({ lane: mine, at: called + took });
  }

  /** Sorted by each lane's first process, as people look for them. */
  function inOrderOfProcess(): Lanes {
    const first = lists.map((list) => process[list[0] as number] as number);
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
