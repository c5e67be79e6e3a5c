/** Families of faults, each with a hue (style.css); the name always stands beside it. */
const FAMILIES = ["partition", "packet", "process", "clock", "disk", "member", "resource"] as const;

/** A class of ours, whatever a fault's name holds. */
export function familyOf(fault: string): string {
  if (fault === "process.pause") return "pause";
  const prefix = fault.split(".")[0];
  return FAMILIES.find((family) => family === prefix) ?? "other";
}
