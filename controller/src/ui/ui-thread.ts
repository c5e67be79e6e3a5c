import { parentPort, workerData } from "node:worker_threads";
import { messageOf } from "../errors.js";
import { listen, type ListenOptions } from "./listen.js";

/** The other end of UiThread. It is told "settle" when the run is over. */
export type FromUi =
  | { readonly type: "listening"; readonly url: string }
  | { readonly type: "failed"; readonly reason: string }
  | { readonly type: "settled" };

const SETTLE_MS = 4_000;
const LOOK_MS = 50;

const ui = await listen(workerData as ListenOptions).catch((error: unknown) => {
  tell({ type: "failed", reason: messageOf(error) });
  return null;
});
if (ui !== null) {
  tell({ type: "listening", url: ui.url });
  parentPort?.once("message", () => void settle(ui.isWatched));
}

async function settle(isWatched: () => boolean): Promise<void> {
  const until = performance.now() + SETTLE_MS;
  while (isWatched() && performance.now() < until)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  tell({ type: "settled" });
}

function tell(message: FromUi): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
  parentPort?.postMessage(message);
}
