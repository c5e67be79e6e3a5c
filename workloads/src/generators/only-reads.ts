/** Which workers only read: so many of the first, and as many of each further crew of that size that is hired. */
export function onlyReads(readers: number, crew: number): (worker: number) => boolean {
  return (worker) => worker % crew < readers;
}
