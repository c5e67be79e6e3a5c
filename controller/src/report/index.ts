export { renderReport, type ReportInput } from "./render.js";
