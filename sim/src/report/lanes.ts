import type { SimResult } from "../result.js";
import type { Scenario } from "../scenario.js";
import type { Traced } from "../trace.js";
import { lanesData } from "./lanes/collect.js";
import { pageScript } from "./lanes/script.js";
import { pageStyle } from "./lanes/style.js";
import { counted, shownSeconds } from "./numbers.js";
import { ending } from "./trace-text.js";

/**
 * A trace as one page that needs nothing else: a lane for each node over virtual time, messages between them, faults,
 * the clients' operations, the moment of the failure. No file, no network: its own policy forbids both. Text of the
 * trace is data to the page, never markup.
 */
export function lanesHtml(trace: readonly Traced[], scenario: Scenario, result: SimResult): string {
  const data = lanesData(trace, scenario, result);
  const { failure, seed } = result;
  const title = failure === null ? `valid: seed ${seed}` : `${failure.name}: seed ${seed}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>${pageStyle()}</style>
</head>
<body>
${header(scenario, result)}
${BAR}
<noscript><p>The picture needs scripts. How it ended is told in words below.</p></noscript>
<div id="stage"><canvas id="canvas" role="img" aria-label="Lanes of the nodes over virtual time. The end is told in words below."></canvas><div id="tooltip" hidden></div></div>
${LEGEND}
<details><summary>How it ended, and the scenario</summary>
<pre>${escapeHtml(ending(trace, result))}</pre>
<pre>${escapeHtml(JSON.stringify(scenario, null, 2))}</pre>
</details>
<script type="application/json" id="data">${scriptJson(data)}</script>
<script>${pageScript()}</script>
</body>
</html>
`;
}

function header({ nodes, spareNodes, load }: Scenario, result: SimResult): string {
  const { failure, seed, simulatedMs, counts, traceHash } = result;
  const { ok, fail, info, elections, messages } = counts;
  const spares = spareNodes === 0 ? "" : ` and ${spareNodes} to spare`;
  const facts = `seed ${seed} · ${counted(nodes, "node")}${spares} · ${load.workload} · ${shownSeconds(simulatedMs)} simulated · ${ok} ok, ${fail} fail, ${info} info · ${counted(elections, "election")} · ${counted(messages, "message")} · hash ${traceHash}`;
  const [tone, headline, why] =
    failure === null
      ? ["valid", "valid", "No promise was broken."]
      : ["failed", failure.name, `${failure.what} (${failure.kind}, at ${shownSeconds(failure.atMs)})`];
  return `<header class="${tone}">
<h1>${escapeHtml(headline)}</h1>
<p>${escapeHtml(why)}</p>
<p class="quiet">${escapeHtml(facts)}</p>
</header>`;
}

const BAR = `<nav class="bar" aria-label="View">
<button id="key-0" type="button" title="0">All</button>
<button id="key-f" type="button" title="f">Where it failed</button>
<button id="key--" type="button" title="-" aria-label="zoom out">−</button>
<button id="key-+" type="button" title="+" aria-label="zoom in">+</button>
<button id="key-ArrowLeft" type="button" title="←" aria-label="earlier">‹</button>
<button id="key-ArrowRight" type="button" title="→" aria-label="later">›</button>
<label><input type="checkbox" id="kind-0" checked> appends</label>
<label><input type="checkbox" id="kind-1" checked> heartbeats</label>
<label><input type="checkbox" id="kind-2" checked> votes</label>
<label><input type="checkbox" id="kind-3" checked> others</label>
<span class="gap"></span>
<span id="note" class="quiet" role="status"></span>
<button id="key-t" type="button" title="t" aria-label="dark or light">◐</button>
</nav>`;

const LEGEND = `<ul class="legend" aria-label="Legend">
<li><i style="--hue: var(--valid); height: 14px"></i>leader</li>
<li><i style="--hue: var(--unknown); height: 11px"></i>candidate, pre-candidate</li>
<li><i style="--hue: var(--append); height: 7px; opacity: .45"></i>follower</li>
<li><i style="--hue: var(--quiet); height: 2px"></i>down</li>
<li><i style="--hue: var(--order); height: 2px"></i>commit index, one scale for all nodes in view</li>
<li><i style="--hue: var(--quiet); height: 4px; width: 8px"></i>a disk's sync</li>
<li><i style="--hue: var(--invalid); height: 2px"></i>lost message ✕, end of a process ▼</li>
<li><i style="--hue: var(--fault); height: 12px; opacity: .4"></i>fault of the schedule; ▾ struck or mended</li>
<li>clients: full ok, line fail, frame unknown</li>
<li>drag or arrow keys move, wheel or + and − zoom; the address keeps the view</li>
</ul>`;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** For text between tags and for quoted attributes. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/** JSON for a script element: without "<", neither its end tag nor a comment can begin in it. */
function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", String.raw`\u003c`);
}
