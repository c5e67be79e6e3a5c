import { assert } from "../errors.js";
import type { DiskHosts, DiskSetting, Hosts } from "../hosts.js";

export const HEALTHY_DISK: DiskSetting = {
  syncDelayMs: 0,
  stalled: false,
  writeErrorShare: 0,
  syncErrorShare: 0,
  full: false,
};

const PARTS = Object.keys(HEALTHY_DISK) as (keyof DiskSetting)[];

export function sameDisk(a: DiskSetting, b: DiskSetting): boolean {
  return PARTS.every((part) => a[part] === b[part]);
}

export function describeDisk(setting: DiskSetting): string {
  const changed = PARTS.filter((part) => setting[part] !== HEALTHY_DISK[part]);
  if (changed.length === 0) return "its disk is healthy";
  return `its disk has ${changed.map((part) => `${part} ${setting[part]}`).join(", ")}`;
}

export function diskFacet(hosts: Hosts): DiskHosts {
  assert(hosts.disks !== undefined, "hosts with a capability of disks have the facet `disks`");
  return hosts.disks;
}
