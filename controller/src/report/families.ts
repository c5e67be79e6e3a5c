/** Families of faults, each with one colour in charts, timelines and tables; a CSS class and custom property each. */
const FAMILIES = ["partition", "packet", "process", "pause", "clock", "disk", "member", "resource"] as const;

export type Family = (typeof FAMILIES)[number] | "other";

/** The class comes from this list alone, whatever a fault's name holds. */
export function familyOf(fault: string): Family {
  if (fault === "process.pause") {
    return "pause";
  }
  const prefix = fault.split(".")[0];
  return FAMILIES.find((family) => family === prefix) ?? "other";
}
