import { useEffect, useState } from "preact/hooks";
import { applyChange, type RunChange, type RunView } from "../model.js";

export interface RunFeed {
  readonly view: RunView | null;
  /** `over`: nothing more will come, and no line is needed. */
  readonly line: "connecting" | "open" | "lost" | "over";
}

const RECONNECT_MS = 2_000;

/**
 * The run as the server tells it: the whole at every connect, then what changes. A browser reconnects by itself, so a
 * reload, a server that was started again and a machine that slept all end with the whole.
 */
export function useRun(address: string): RunFeed {
  const [feed, setFeed] = useState<RunFeed>({ view: null, line: "connecting" });
  useEffect(() => {
    let source: EventSource;
    let timer = 0;
    const connect = (): void => {
      source = new EventSource(address);
      source.addEventListener("view", ({ data }: MessageEvent<string>) =>
        setFeed({ view: JSON.parse(data) as RunView, line: "open" }),
      );
      source.addEventListener("change", ({ data }: MessageEvent<string>) =>
        setFeed(({ view }) => ({
          view: view === null ? null : applyChange(view, JSON.parse(data) as RunChange),
          line: "open",
        })),
      );
      source.addEventListener("end", () => {
        source.close();
        setFeed(({ view }) => ({ view, line: "over" }));
      });
      source.addEventListener("error", () => {
        setFeed(({ view }) => ({ view, line: "lost" }));
        // A browser gives up where it got an answer that is none of ours.
        if (source.readyState === EventSource.CLOSED) timer = setTimeout(connect, RECONNECT_MS);
      });
    };
    connect();
    return () => {
      clearTimeout(timer);
      source.close();
    };
  }, [address]);
  return feed;
}
