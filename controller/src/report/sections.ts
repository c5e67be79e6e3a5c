import type { CheckResult, FaultRecord, FunctionStats, RunResults, Verdict } from "@gauntlet/histories";
import { familyOf } from "./families.js";
import { html, type Html } from "./html.js";
import { groupBy } from "./group.js";
import type { ShownOperation } from "./operations.js";
import type { Panel, Picture } from "./panels.js";
import { drawTimeline } from "./timeline-svg.js";

const MEANINGS: Readonly<Record<Verdict, string>> = {
  valid: "Every check passed, on a run that did what it set out to do.",
  invalid: "A check found a violation.",
  unknown: "The run proves nothing: a check gave up, or the run was vacuous.",
  failed: "The rig itself failed. This says nothing about the system under test.",
};

export function verdictSection(title: string, results: RunResults): Html {
  return html`<header class="verdict ${results.verdict}">
<p class="title">${title}</p>
<h1>${results.verdict}</h1>
<p class="reason">${results.reason}</p>
<p class="meaning">${MEANINGS[results.verdict]}</p>
</header>`;
}

export function tilesSection(
  results: RunResults,
  operations: readonly ShownOperation[],
  endMs: number,
): Html {
  const count = (outcome: ShownOperation["outcome"]): number =>
    operations.filter((operation) => operation.outcome === outcome).length;
  const proved = results.faults.filter(({ outcome }) => outcome.type === "proved").length;
  const tiles: readonly (readonly [string, string])[] = [
    [String(count("ok")), "ok"],
    [String(count("fail")), "fail (certainly did not happen)"],
    [String(count("info")), "info (outcome unknown)"],
    [results.okPerSecond.toFixed(1), "ok a second"],
    [`${(endMs / 1000).toFixed(1)} s`, "recorded"],
    [`${proved} of ${results.faults.length}`, "faults proved to have had an effect"],
  ];
  return html`<section class="tiles">${tiles.map(([value, label]) => html`<div><b>${value}</b><span>${label}</span></div>`)}</section>`;
}

export function checksSection(checks: readonly CheckResult[]): Html {
  const rows = checks.map(
    ({ name, kind, verdict, reason }) =>
      html`<tr><td>${chip(verdict)}</td><td>${name}</td><td class="quiet">${kind}</td><td>${reason}</td></tr>`,
  );
  return html`<section><h2>Checks</h2>${table(["Verdict", "Check", "Kind", "Why"], rows, "No check ran.")}</section>`;
}

/** `failedKeys`: a page with all operations of the keys that failed. */
export function timelineSection(panels: readonly Panel[], failedKeys: string | null): Html {
  const failing = panels.some(({ reason }) => reason !== null);
  const title = failing ? "Where it broke" : "Operations by process";
  if (panels.length === 0) {
    return html`<section><h2>${title}</h2><p class="quiet">The history has no operations.</p></section>`;
  }
  const options = panels.map(({ name }, index) => html`<option value="${index}">${name}</option>`);
  const select = panels.length > 1 ? html`<label>Show <select id="panel">${options}</select></label>` : "";
  const whole =
    failedKeys === null
      ? ""
      : html`<p><a href="${failedKeys}">The whole histories of the keys that failed</a>: every operation, the orders tried and the states they led to, the faults.</p>`;
  return html`<section><h2>${title}</h2>${whole}${select}
${panels.map((panel, index) => html`<div class="panel" data-panel="${index}">${panelBody(panel)}</div>`)}
<p class="quiet">x is the order of events, not the length of time; times stand on the axis. A bar runs from the call to its answer; a dashed line goes on from an operation whose outcome is unknown, which may take effect at any later time. ✗: the compare-and-set found another value. ${failing ? "Red: the answer that no order explains; in a red frame: what it contradicts. " : ""}Point at a bar for everything that is known of it.</p>
</section>`;
}

function panelBody({ name, reason, facts, minimal, note, layout }: Panel): Html {
  const why =
    reason === null
      ? ""
      : html`<div class="violation"><p><b>${name}:</b> ${reason}</p><ul>${facts.map((fact) => html`<li>${fact}</li>`)}</ul></div>`;
  return html`${why}${minimal === null ? "" : pictureOf(minimal)}${drawTimeline(layout)}<p class="quiet">${note}.</p>`;
}

/** As an image: its styles stay its own, nothing in it can run, and a reader can save it. */
function pictureOf({ svg, alt, caption }: Picture): Html {
  const source = `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`;
  return html`<figure><div class="scroll"><img src="${source}" alt="${alt}"></div><figcaption class="quiet">${caption}</figcaption></figure>`;
}

export function chartsSection(
  latency: { readonly shown: number; readonly total: number },
  bucketSeconds: number,
): Html {
  if (latency.total === 0) {
    return html`<section><h2>Latency and rate</h2><p class="quiet">No operation ended.</p></section>`;
  }
  const thinned =
    latency.shown < latency.total
      ? ` ${latency.shown} of ${latency.total} operations are drawn, the slowest of each moment.`
      : ` All ${latency.total} operations are drawn.`;
  return html`<section><h2>Latency</h2><div class="chart" id="latency"></div>
<p class="quiet">One point an operation, at the time of its answer; logarithmic.${thinned} Shaded: faults.</p>
<h2>Rate</h2><div class="chart" id="rate"></div>
<p class="quiet">Operations a second by outcome, in steps of ${bucketSeconds} s.</p></section>`;
}

export function faultsSection(faults: readonly FaultRecord[]): Html {
  const rows = faults.map((fault) => {
    const { outcome, startedAtMs, endedAtMs, healed } = fault;
    const nodes = fault.nodes.map((node) => `${node} (${fault.roles[node] ?? "role not known"})`).join(", ");
    const window = startedAtMs === null ? "–" : `${seconds(startedAtMs)} – ${seconds(endedAtMs)}`;
    const undone = healed === null ? "nothing to undo" : healed ? "yes" : "no";
    return html`<tr><td class="nowrap"><i class="swatch ${familyOf(fault.fault)}"></i>${fault.fault}</td><td>${[fault.target].flat().join(", ")}</td><td>${nodes || "–"}</td><td class="nowrap">${window}</td><td>${chip(outcome.type)} ${outcome.type === "proved" ? outcome.proof : outcome.reason}</td><td class="${healed === false ? "bad" : ""}">${undone}</td></tr>`;
  });
  const heads = ["Fault", "Target", "Nodes and their roles", "Window", "Effect", "Undone"];
  return html`<section><h2>Faults</h2>${table(heads, rows, "No fault was executed.")}</section>`;
}

function seconds(milliseconds: number | null): string {
  return milliseconds === null ? "not ended" : `${(milliseconds / 1000).toFixed(2)} s`;
}

export function statsSection(stats: readonly FunctionStats[]): Html {
  const rows = stats.map(
    ({ f, ok, fail, info, p50Ms, p99Ms, maxMs }) =>
      html`<tr><td>${f}</td>${[ok, fail, info].map((count) => html`<td class="number">${count}</td>`)}${[p50Ms, p99Ms, maxMs].map((ms) => html`<td class="number">${ms === null ? "–" : ms.toFixed(2)}</td>`)}</tr>`,
  );
  const heads = ["Function", "ok", "fail", "info", "p50, ms", "p99, ms", "max, ms"];
  return html`<section><h2>Operations</h2>${table(heads, rows, "No operation was recorded.")}</section>`;
}

/** Every error code with its count: what `fail` and `info` stand for in this run. */
export function errorsSection(operations: readonly ShownOperation[]): Html {
  const failed = operations.filter(({ outcome }) => outcome !== "ok");
  if (failed.length === 0) {
    return html``;
  }
  const groups = groupBy(
    failed,
    ({ outcome, end }) => `${outcome} ${end?.error?.code ?? "no answer recorded"}`,
  );
  const rows = [...groups]
    .toSorted(([, a], [, b]) => b.length - a.length)
    .map(([group, list]) => {
      const example = list.find(({ end }) => end?.error !== undefined)?.end?.error?.message ?? "–";
      const functions = [...groupBy(list, ({ f }) => f)].map(([f, of]) => `${of.length} ${f}`).join(", ");
      return html`<tr><td class="nowrap">${group}</td><td class="number">${list.length}</td><td class="nowrap">${functions}</td><td class="quiet">${example}</td></tr>`;
    });
  return html`<section><h2>Errors</h2>${table(["Outcome and code", "Count", "Of", "For example"], rows, "")}</section>`;
}

export function configurationSection(test: unknown): Html {
  const fields = typeof test === "object" && test !== null ? Object.entries(test) : [["test", test] as const];
  const rows = fields.map(
    ([name, value]) => html`<tr><th scope="row">${name}</th><td>${configValue(value)}</td></tr>`,
  );
  return html`<section><h2>Configuration</h2><div class="scroll"><table class="config"><tbody>${rows}</tbody></table></div></section>`;
}

function configValue(value: unknown): Html {
  if (value === null || value === undefined) {
    return html`–`;
  }
  if (typeof value !== "object") {
    return html`${typeof value === "string" ? value : JSON.stringify(value)}`;
  }
  const line = JSON.stringify(value);
  return line.length <= 80
    ? html`${line}`
    : html`<details><summary>show</summary><pre>${JSON.stringify(value, null, 2)}</pre></details>`;
}

function table(heads: readonly string[], rows: readonly Html[], empty: string): Html {
  if (rows.length === 0) {
    return html`<p class="quiet">${empty}</p>`;
  }
  return html`<div class="scroll"><table><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

/** Verdicts and outcomes of faults: a word of ours, in a colour. */
function chip(word: Verdict | FaultRecord["outcome"]["type"]): Html {
  return html`<span class="chip ${word}">${word}</span>`;
}
