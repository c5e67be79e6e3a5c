import type { ClockSetting, Hosts, NodeName } from "../hosts.js";
import { Serial } from "./serial.js";

export const TRUE_TIME: ClockSetting = { wallOffsetMs: 0, monotonicRate: 1 };

/** `Hosts.setClock` sets offset and rate together; this keeps what one fault set while another changes its own part. */
export class ClockLedger {
  readonly #hosts: Hosts;
  readonly #serial = new Serial();
  readonly #settings = new Map<NodeName, ClockSetting>();

  constructor(hosts: Hosts) {
    this.#hosts = hosts;
  }

  async set(node: NodeName, part: Partial<ClockSetting>): Promise<void> {
    await this.#serial.run(node, async () => {
      const setting = { ...(this.#settings.get(node) ?? TRUE_TIME), ...part };
      this.#settings.set(node, setting);
      await this.#hosts.setClock(node, setting);
    });
  }
}
