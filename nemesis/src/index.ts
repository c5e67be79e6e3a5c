export { FACET_CAPABILITIES, type FacetCapability, notOffered } from "./capabilities.js";
export { formatDuration, parseDuration } from "./duration.js";
export { UNSHAPED } from "./effects/packet-ledger.js";
export { ScheduleError } from "./errors.js";
export { FAULTS } from "./faults/catalogue.js";
export type { Fault } from "./faults/fault.js";
export { type Applicable, applicableFamilies, type LeftOut } from "./generate/applicable.js";
export { checkFamilies, FAMILIES, FAMILY_NAMES, type Family, type FamilyName } from "./generate/families.js";
export { type GenerateOptions, generateSchedule } from "./generate/generate.js";
export { generateSwarm, type SwarmOptions } from "./generate/swarm.js";
export { SWARM_FAMILY_NAMES, type SwarmFamilyName } from "./generate/swarm-families.js";
export type * from "./hosts.js";
export { Random } from "./random.js";
export type { Clock } from "./run/clock.js";
export {
  type ExecutedFault,
  type FaultOutcome,
  type NemesisEvent,
  toExecutedSchedule,
} from "./run/executed.js";
export type { HealReport, NodeHeal } from "./run/heal.js";
export type { MembersHeal } from "./run/heal-members.js";
export { type NemesisOptions, NemesisRunner } from "./run/runner.js";
export { DEFAULT_TIMING, type Timing } from "./run/timing.js";
export { type Expanded, expand } from "./schedule/expand.js";
export { type ExplainOptions, explainSchedule } from "./schedule/explain.js";
export { scheduleJsonSchema } from "./schedule/file-shape.js";
export {
  formatSchedule,
  type PhasedScheduleFile,
  type ScheduleEntry,
  type ScheduleFile,
  toScheduleFile,
} from "./schedule/format.js";
export { parseSchedule, readSchedule, readWrittenSchedule } from "./schedule/parse.js";
export type { Phase, PhasedSchedule, RandomPart, WrittenSchedule } from "./schedule/phases.js";
export { type Resolved, type ResolveOptions, resolveSchedule } from "./schedule/resolve.js";
export type { Schedule, ScheduledFault } from "./schedule/schedule.js";
export { type ShrinkScheduleOptions, type ShrunkSchedule, shrinkSchedule } from "./shrink/shrink.js";
export { resolveTarget, TARGET_WORDS, type Target, type TargetWord } from "./targets.js";
