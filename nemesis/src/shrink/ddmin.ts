/**
 * Delta debugging (Zeller and Hildebrandt, IEEE TSE 2002): takes away ever smaller pieces as long as the rest is
 * accepted. When it ends, no single element can be taken away. `accepts` is told of every smaller list that is tried.
 */
export async function ddmin<T>(
  whole: readonly T[],
  accepts: (rest: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  if (whole.length === 0 || (await accepts([]))) return [];
  let list = whole;
  let pieces = 2;
  while (list.length > 1) {
    const length = Math.ceil(list.length / pieces);
    const smaller = (await onePiece(list, length, accepts)) ?? (await withoutOnePiece(list, length, accepts));
    if (smaller !== null) {
      const wasOnePiece = smaller.length <= length;
      list = smaller;
      pieces = wasOnePiece ? 2 : Math.max(2, pieces - 1);
    } else if (length === 1) return list;
    else pieces = Math.min(list.length, pieces * 2);
  }
  return list;
}

async function onePiece<T>(
  list: readonly T[],
  length: number,
  accepts: (rest: readonly T[]) => Promise<boolean>,
): Promise<readonly T[] | null> {
  for (let from = 0; from < list.length; from += length) {
    const piece = list.slice(from, from + length);
    if (await accepts(piece)) return piece;
  }
  return null;
}

async function withoutOnePiece<T>(
  list: readonly T[],
  length: number,
  accepts: (rest: readonly T[]) => Promise<boolean>,
): Promise<readonly T[] | null> {
  for (let from = 0; from < list.length; from += length) {
    const rest = [...list.slice(0, from), ...list.slice(from + length)];
    if (await accepts(rest)) return rest;
  }
  return null;
}
