import type { Capability, ProbeResult } from "./hosts.js";

/** What a world can go without: the capabilities of the facets that Hosts may leave out. */
export const FACET_CAPABILITIES = [
  "network.shape",
  "network.reset",
  "clock.drift",
  "disk.delay",
  "disk.errors",
  "disk.power-loss",
  "disk.damage",
  "disk.truncate",
  "disk.tail",
  "member.change",
  "member.transfer",
  "process.upgrade",
] as const satisfies readonly Capability[];
export type FacetCapability = (typeof FACET_CAPABILITIES)[number];

/** The probe's answer of a world for what it does not offer at all. */
export function notOffered(reason: string): Readonly<Record<FacetCapability, ProbeResult>> {
  const no: ProbeResult = { available: false, reason };
  return Object.fromEntries(FACET_CAPABILITIES.map((name) => [name, no])) as Record<
    FacetCapability,
    ProbeResult
  >;
}
