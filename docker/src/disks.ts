import type {
  Damage,
  DamagePlace,
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

  /** Torn within a page is nothing that a loop disk does: `tornWrites` is 0 there. */
  async powerLoss(node: NodeName): Promise<PowerLoss> {
    return this.#machine(node).request<"power-loss">({ command: "power-loss" });
  }

  async damage(node: NodeName, kind: Damage["kind"], area: DamagePlace): Promise<Damage | null> {
    if (kind === "bad-sector") throw new DockerError(`${node}: machines made of containers know no ${kind}`);
    return (await this.#machine(node).request<"harm">({ command: "harm", kind, area })).damage;
  }

  async damages(node: NodeName): Promise<readonly Damage[]> {
    return (await this.#machine(node).request<"read-damages">({ command: "read-damages" })).damages;
  }

  #read(node: NodeName): Promise<{ readonly setting: DiskSetting; readonly counts: DiskCounts }> {
    return this.#machine(node).request<"read-disk">({ command: "read-disk" });
  }
}
