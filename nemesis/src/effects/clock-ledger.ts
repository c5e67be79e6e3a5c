import type { ClockSetting, Hosts, NodeName } from "../hosts.js";
import { Serial } from "./serial.js";

export const TRUE_TIME: ClockSetting = { wallOffsetMs: 0, monotonicRate: 1 };

export function isTrueTime({ wallOffsetMs, monotonicRate }: ClockSetting): boolean {
  return wallOffsetMs === TRUE_TIME.wallOffsetMs && monotonicRate === TRUE_TIME.monotonicRate;
}

export function describeClock(setting: ClockSetting): string {
  if (isTrueTime(setting)) return "its clocks are set to true time";
  return `its clocks are set to ${setting.wallOffsetMs} ms off true time and ${setting.monotonicRate} times its speed`;
}

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
