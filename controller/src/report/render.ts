import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { HistoryEvent, RunResults } from "@gauntlet/histories";
import { html, json, raw } from "./html.js";
import { operationsOf } from "./operations.js";
import { panelsOf } from "./panels.js";
import {
  chartsSection,
  checksSection,
  configurationSection,
  errorsSection,
  faultsSection,
  statsSection,
  tilesSection,
  timelineSection,
  verdictSection,
} from "./sections.js";
import { bandsOf, endOfRunMs, latencyOverTime, rateOverTime } from "./series.js";

export interface ReportInput {
  readonly title: string;
  readonly results: RunResults;
  /** test.json as it is; its fields become the table of the configuration. */
  readonly test: unknown;
  readonly history: readonly HistoryEvent[];
  /** A page beside this one with the whole histories of the keys that are not linearizable. */
  readonly failedKeys?: string | null;
}

const require = createRequire(import.meta.url);

/** Seen from src/ and from dist/ alike: what the browser runs is not compiled. */
function asset(name: string): string {
  return readFileSync(new URL(`../../src/report/${name}`, import.meta.url), "utf8");
}

function uplot(name: string): string {
  return readFileSync(require.resolve(`uplot/dist/${name}`), "utf8");
}

/**
 * One page that needs nothing else: scripts and styles are in it, and its own policy forbids every fetch and
 * every script but these. Whatever comes from a run is escaped.
 */
export function renderReport({ title, results, test, history, failedKeys = null }: ReportInput): string {
  const operations = operationsOf(history);
  const endMs = endOfRunMs(operations);
  const bands = bandsOf(results.faults, endMs);
  const panels = panelsOf(results.checks, { history, operations, bands });
  const latency = latencyOverTime(operations);
  const rate = rateOverTime(operations);
  const violated = panels.some(({ reason }) => reason !== null);
  const timeline = timelineSection(panels, failedKeys);
  const scripts = [uplot("uPlot.iife.min.js"), asset("page.js")];
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(scripts)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${results.verdict}: ${title}</title>
<style>${raw(uplot("uPlot.min.css"))}
${raw(asset("page.css"))}</style>
</head>
<body>
${verdictSection(title, results)}
${tilesSection(results, operations, endMs)}
${violated ? timeline : ""}
${checksSection(results.checks)}
${faultsSection(results.faults)}
${chartsSection(latency, rate.bucketSeconds)}
${statsSection(results.stats)}
${errorsSection(operations)}
${violated ? "" : timeline}
${configurationSection(test)}
<script type="application/json" id="data">${json({ latency, rate, bands, endSeconds: endMs / 1000 })}</script>
${scripts.map((script) => html`<script>${raw(script)}</script>\n`)}
</body>
</html>
`;
  return page.text;
}

/** Only these scripts, by their hashes; only pictures that are in the page. uPlot and the page set styles on elements. */
function policy(scripts: readonly string[]): string {
  const hashes = scripts.map((script) => `'sha256-${createHash("sha256").update(script).digest("base64")}'`);
  return `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src ${hashes.join(" ")}`;
}
