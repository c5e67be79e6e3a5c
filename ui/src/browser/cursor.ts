import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";

/** The moment that a reader points at, milliseconds since time 0; null: none, and figures are the latest. */
export class Cursor {
  #ms: number | null = null;
  readonly #listeners = new Set<(ms: number | null) => void>();

  get ms(): number | null {
    return this.#ms;
  }

  set(ms: number | null): void {
    if (ms === this.#ms) return;
    this.#ms = ms;
    for (const listener of this.#listeners) listener(ms);
  }

  watch(listener: (ms: number | null) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

export const CursorContext = createContext(new Cursor());

/** Draws again when the cursor moves. */
export function useCursor(): number | null {
  const cursor = useContext(CursorContext);
  const [ms, setMs] = useState(cursor.ms);
  useEffect(() => {
    setMs(cursor.ms);
    return cursor.watch(setMs);
  }, [cursor]);
  return ms;
}
