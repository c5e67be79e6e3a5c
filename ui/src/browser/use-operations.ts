import { useEffect, useState } from "preact/hooks";
import { MAX_OPERATIONS, type Operations, type RunView } from "../model.js";
import type { Span } from "./axis.js";

export type OperationsState =
  | { readonly type: "loading" }
  | { readonly type: "too many"; readonly count: number }
  | { readonly type: "failed"; readonly reason: string }
  | { readonly type: "here"; readonly operations: Operations; readonly span: Span };

/** The operations of what is shown: of the whole run where they are not too many, else of the part once it is small enough. */
export function useOperations(view: RunView, span: Span, whole: Span): OperationsState {
  const [state, setState] = useState<OperationsState>({ type: "loading" });
  const wanted = countIn(view, whole) <= MAX_OPERATIONS ? whole : span;
  const expected = countIn(view, wanted);
  useEffect(() => {
    if (expected > MAX_OPERATIONS) {
      setState({ type: "too many", count: expected });
      return undefined;
    }
    const stop = new AbortController();
    const load = async (): Promise<void> => {
      const address = `operations?from=${Math.floor(wanted.from)}&to=${Math.ceil(wanted.to)}`;
      const response = await fetch(address, { signal: stop.signal });
      if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
      const operations = (await response.json()) as Operations;
      setState({ type: "here", operations, span: wanted });
    };
    // A reader who zooms asks for many parts on the way to one.
    const timer = setTimeout(() => {
      load().catch((error: unknown) => {
        if (!stop.signal.aborted) setState({ type: "failed", reason: String(error) });
      });
    }, 150);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [wanted.from, wanted.to, expected > MAX_OPERATIONS, view.state]);
  return state;
}

function countIn({ load, counts }: RunView, { from, to }: Span): number {
  const { stepMs, ok, fail, info } = load;
  const [first, last] = [Math.floor(from / stepMs), Math.ceil(to / stepMs)];
  const sum = (column: readonly number[]): number => column.slice(first, last).reduce((a, b) => a + b, 0);
  return sum(ok) + sum(fail) + sum(info) + counts.open;
}
