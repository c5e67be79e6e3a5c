import type { ClockSetting, Hosts, NodeName } from "../hosts.js";
import { Serial } from "./serial.js";

export const TRUE_TIME: ClockSetting = { wallOffsetMs: 0, wallRate: 1, monotonicRate: 1 };

export function isTrueTime({ wallOffsetMs, wallRate, monotonicRate }: ClockSetting): boolean {
  return wallOffsetMs === 0 && wallRate === 1 && monotonicRate === 1;
}

export function describeClock(setting: ClockSetting): string {
  if (isTrueTime(setting)) return "its clocks are set to true time";
  const drift = setting.wallRate === 1 ? "" : `, its wall clock to ${setting.wallRate} times its speed`;
  return `its clocks are set to ${setting.wallOffsetMs} ms off true time and ${setting.monotonicRate} times its speed${drift}`;
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
