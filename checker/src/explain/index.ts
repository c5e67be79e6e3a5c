export * from "./explain.js";
export * from "./minimal.js";
export { explanationSvg } from "./svg.js";
export { explanationText } from "./text.js";
