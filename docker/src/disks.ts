import type {
  Damage,
  DamageArea,
  DiskCounts,
  DiskHosts,
  DiskSetting,
  NodeName,
  PowerLoss,
} from "@gauntlet/nemesis";
import { DockerError } from "./docker-error.js";
import type { NodeMachine } from "./node-machine.js";

/** The disks of the containers: each node's agent does it, src/agent/machine-disk.ts. */
export class DockerDisks implements DiskHosts {
  readonly #machine: (node: NodeName) => NodeMachine;

  constructor(machine: (node: NodeName) => NodeMachine) {
    this.#machine = machine;
  }

  async set(node: NodeName, setting: DiskSetting): Promise<void> {
    await this.#machine(node).request<"set-disk">({ command: "set-disk", setting });
  }

  async setting(node: NodeName): Promise<DiskSetting> {
    return (await this.#read(node)).setting;
  }

  async counts(node: NodeName): Promise<DiskCounts> {
    return (await this.#read(node)).counts;
  }

  /** Torn within a page is nothing that this disk does: `tornWrites` is 0. */
  async powerLoss(node: NodeName): Promise<PowerLoss> {
    const lost = await this.#machine(node).request<"power-loss">({ command: "power-loss" });
    return { ...lost, tornWrites: 0 };
  }

  async damage(node: NodeName, kind: Damage["kind"], area: DamageArea | "any"): Promise<Damage | null> {
    if (kind !== "bit-flip") throw new DockerError(`${node}: machines made of containers know no ${kind}`);
    if (area !== "any") throw new DockerError(`${node}: machines made of containers do not choose the area`);
    const { damage } = await this.#machine(node).request<"flip-bit">({ command: "flip-bit" });
    return damage && placed(damage);
  }

  async damages(node: NodeName): Promise<readonly Damage[]> {
    const { damages } = await this.#machine(node).request<"read-damages">({ command: "read-damages" });
    return damages.map(placed);
  }

  #read(node: NodeName): Promise<{ readonly setting: DiskSetting; readonly counts: DiskCounts }> {
    return this.#machine(node).request<"read-disk">({ command: "read-disk" });
  }
}

function placed(damage: Omit<Damage, "area">): Damage {
  return { ...damage, area: damage.file.endsWith(".wal") ? "wal" : "checkpoint" };
}
