/**
 * Memory outside the JavaScript heap, all zeros, that does not hurry the collector. V8 takes the bytes of an ordinary
 * ArrayBuffer for pressure, and collects the whole heap again and again while they grow, in the end at one stretch;
 * those of a shared one it does not count. They are kept as long as the store is, so there is nothing to collect.
 */
export function quietMemory(bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(bytes);
}
