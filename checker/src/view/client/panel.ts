import type { PagePartition } from "../data.js";
import type { ElementLike } from "./dom.js";
import type { Scene } from "./scene.js";

/** What stands around the canvas: verdict, notes, and which buttons there are and are pressed. */
export interface Panel {
  showVerdict(partition: PagePartition): void;
  show(scene: Scene, pressed: Pressed): void;
}

interface Pressed {
  /** The clock's time rather than ranks. */
  readonly time: boolean;
  readonly order: boolean;
  readonly dim: boolean;
}

/** Part of the page's script. */
export function createPanel(element: (id: string) => ElementLike, partitions: number): Panel {
  return { showVerdict, show };

  function showVerdict({ key, verdict, reason }: PagePartition): void {
    element("verdict").textContent = verdict;
    element("verdict").className = `chip ${verdict}`;
    element("reason").textContent = key === "" ? reason : `key ${key}: ${reason}`;
  }

  function show({ partition, order }: Scene, pressed: Pressed): void {
    const noOrder = order.operations.length === 0;
    element("notes").textContent = [...partition.notes, ...order.notes].join("; ");
    for (const [id, isPressed] of Object.entries(pressed))
      element(id).setAttribute("aria-pressed", String(isPressed));
    for (const id of ["previous", "next"]) element(id).hidden = partitions === 1;
    for (const id of ["order", "step-back", "step-on"]) element(id).hidden = noOrder;
    element("dim").hidden = partition.minimal.length === 0;
    element("jump").hidden = partition.brokeAt === -1;
    element("next-illegal").hidden = order.illegalNext.length === 0;
    element("side").hidden = noOrder && order.illegalNext.length === 0;
    element("order-title").textContent =
      partition.verdict === "ok" ? "An order that explains every answer" : "A longest partial order";
  }
}
