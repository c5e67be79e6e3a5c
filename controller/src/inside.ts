/** The parts that load a system and record what it answers, for measurements of the rig itself. */
export { RunClock } from "./run/clock.js";
export { LiveCheck } from "./run/live.js";
export { type Arrival, Pacer } from "./run/pacer.js";
export { drawFrom } from "./run/random.js";
export { Recorder } from "./run/recorder.js";
export { Workers } from "./run/workers.js";
