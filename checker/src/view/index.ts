export type { TimeUnit } from "./data.js";
export { historyHtml } from "./html.js";
export type { HistoryHtmlOptions, ViewFault } from "./page-data.js";
export { DARK, LIGHT, type Palette } from "./palette.js";
