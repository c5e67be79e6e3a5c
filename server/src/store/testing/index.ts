/** For the tests of this package and of others that bring an engine of their own. */
export { describeStateStorage, type EngineWorld } from "./engine-suite.js";
export { MemoryEngine, MemoryStates, noSpace } from "./memory-engine.js";
