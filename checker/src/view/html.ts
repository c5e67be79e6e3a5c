import type { Model } from "../model.js";
import type { Operation } from "../operation.js";
import type { CheckResult } from "../result.js";
import type { PageData, PageOrder, PagePartition } from "./data.js";
import { escapeHtml, scriptJson } from "./escape.js";
import { type HistoryHtmlOptions, pageData } from "./page-data.js";
import { pageScript } from "./script.js";
import { pageStyle } from "./style.js";
import { count } from "./texts.js";

/**
 * A checked history as one page that needs nothing else: no file, no network (its own policy forbids both). It shows
 * operations in lanes by process, the witness or a longest partial order with the states it went through, and what
 * could come next but was impossible. `operations` and `result` are those of one check.
 *
 * Text that comes from the history is data to the page, never markup. What does not fit (OPERATIONS_SHOWN and the other
 * limits of page-data.ts) is left out from the least telling end, and the page says so. Time and size are linear in
 * the operations shown, about 60 bytes for each.
 */
export function historyHtml<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  result: CheckResult,
  options: HistoryHtmlOptions<Input, Output> = {},
): string {
  const data = pageData(model, operations, result, options);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(`${result.verdict}: ${data.title}`)}</title>
<style>${pageStyle()}</style>
</head>
<body>
${header(data, result)}
${data.partitions.length === 0 ? "" : chart(data)}
${words(data)}
${script(data)}
</body>
</html>
`;
}

/** A page without operations needs none. */
function script(data: PageData): string {
  const json = `<script type="application/json" id="data">${scriptJson(data)}</script>`;
  return data.partitions.length === 0 ? json : `${json}\n<script>${pageScript()}</script>`;
}

const MEANING = {
  ok: "linearizable: for every key there is an order of its operations that explains every answer",
  illegal:
    "not linearizable: no order of the operations, each between its call and its return, explains every answer",
  unknown: "undecided: what was checked is legal, but not everything could be checked",
} as const;

function header(data: PageData, result: CheckResult): string {
  const first = data.partitions[0];
  const reason = first === undefined ? "" : of(first) + first.reason;
  return `<header class="${result.verdict}">
<p class="quiet">${escapeHtml(data.title)} · model ${escapeHtml(data.model)}</p>
<h1>${result.verdict}</h1>
<p id="reason">${escapeHtml(reason)}</p>
<p id="notes" class="quiet">${escapeHtml([...(first?.notes ?? []), ...(first?.orders[0]?.notes ?? [])].join("; "))}</p>
<p class="quiet">${MEANING[result.verdict]}. ${escapeHtml(tally(data, result))}</p>
</header>`;
}

function of({ key }: PagePartition): string {
  return key === "" ? "" : `key ${key}: `;
}

function tally(data: PageData, { partitions }: CheckResult): string {
  const operations = partitions.reduce((sum, partition) => sum + partition.operations.length, 0);
  const by = (["illegal", "unknown", "ok"] as const)
    .map(
      (verdict) => [verdict, partitions.filter((partition) => partition.verdict === verdict).length] as const,
    )
    .filter(([, number]) => number > 0)
    .map(([verdict, number]) => `${number} ${verdict}`);
  const missing = partitions.length - data.partitions.length;
  const keys = `${count(partitions.length, "partition")}${by.length === 0 ? "" : `: ${by.join(", ")}`}`;
  const left = missing === 0 ? "" : `; ${count(missing, "partition")} had no room on this page`;
  return `${count(operations, "operation")} in ${keys}${left}.`;
}

function chart(data: PageData): string {
  return `<nav class="bar" aria-label="View">
<label>Partition <select id="chooser">${choices(data)}</select></label>
${button("previous", "‹", "partition before")}${button("next", "›", "next partition")}
<span id="verdict" class="chip"></span>
<span class="gap"></span>
${button("jump", "Where it broke")}${button("next-illegal", "Next impossible")}
${button("step-back", "◂ Step", "one step back in the order")}${button("step-on", "Step ▸", "one step on in the order")}
${button("time", "Real time")}${button("order", "Order")}${button("dim", "Only minimal")}
${button("zoom-out", "−", "zoom out")}${button("zoom-in", "+", "zoom in")}${button("fit", "All")}
${button("theme", "◐", "dark or light")}${button("help-button", "?", "keys")}
</nav>
<noscript><p>The picture needs scripts. Without them the failures are told in words, below.</p></noscript>
<main>
<div class="chart">
<canvas id="strip" aria-hidden="true"></canvas>
<div class="stage">
<div id="scroller"><div id="spacer"><canvas id="canvas" tabindex="0" role="application" aria-label="Operations in lanes by process. Press question mark for the keys; the text of the selected operation is read out."></canvas></div></div>
<div id="tooltip" hidden></div>
</div>
${legend(data)}
</div>
<section id="side" aria-labelledby="order-title"><h2 id="order-title"></h2><select id="orders" aria-label="Which longest partial order" hidden></select><div id="steps" tabindex="0" role="listbox" aria-label="Steps of the order"><div id="steps-inner"></div></div></section>
</main>
<div id="status" class="unseen" role="status" aria-live="polite"></div>
<dialog id="help" aria-labelledby="help-title"><h2 id="help-title">Keys</h2><dl id="keys"></dl><button id="help-close" type="button">Close</button></dialog>`;
}

function button(id: string, text: string, label?: string): string {
  const name = label === undefined ? "" : ` aria-label="${escapeHtml(label)}"`;
  return `<button id="${id}" type="button"${name}>${text}</button>`;
}

function choices({ partitions }: PageData): string {
  const option = (partition: PagePartition, index: number): string =>
    `<option value="${index}">${escapeHtml(`${partition.key === "" ? "everything" : partition.key} (${count(partition.call.length, "operation")})`)}</option>`;
  const groups = (["illegal", "unknown", "ok"] as const).map((verdict) => {
    const options = partitions.map((partition, i) =>
      partition.verdict === verdict ? option(partition, i) : "",
    );
    const inside = options.join("");
    return inside === "" ? "" : `<optgroup label="${verdict}">${inside}</optgroup>`;
  });
  return groups.join("");
}

function legend({ kinds, partitions, faults }: PageData): string {
  const used = new Set(partitions.flatMap(({ kind }) => [...new Set(kind)]));
  const some = (has: (partition: PagePartition) => boolean): boolean => partitions.some(has);
  const items = [
    ...kinds.map((kind, i) => (used.has(i) ? item("kind", escapeHtml(kind), i) : "")),
    some(({ end }) => end.includes(null)) ? item("open", "never returned") : "",
    some(({ failed }) => failed.length > 0) ? item("failed", "failed: did not happen") : "",
    some(({ brokeAt }) => brokeAt !== -1) ? item("broke", "✗ where it broke") : "",
    some(({ orders, brokeAt }) =>
      orders.some(({ illegalNext }) => illegalNext.some((next) => next !== brokeAt)),
    )
      ? item("next", "✗ could come next, but impossible")
      : "",
    some(({ minimal }) => minimal.length > 0) ? item("minimal", "minimal sub-history") : "",
    some(({ orders }) => orders.length > 0) ? item("point", "where it takes effect in the order") : "",
    faults.length > 0 ? item("fault", "fault") : "",
  ];
  return `<ul class="legend" aria-label="Legend">${items.join("")}</ul>`;
}

function item(style: string, text: string, kind?: number): string {
  const hue = kind === undefined ? "" : ` style="--hue: var(--kind-${kind})"`;
  return `<li><i class="${style}"${hue}></i>${text}</li>`;
}

/** The failures in words: for those who cannot see the picture, and where scripts do not run. */
const FAILURES_TOLD = 50;
const OPERATIONS_TOLD = 40;

function words(data: PageData): string {
  const told = data.partitions.filter(({ verdict }) => verdict !== "ok");
  if (told.length === 0) return "";
  const more =
    told.length > FAILURES_TOLD ? `<p>${told.length - FAILURES_TOLD} more are not told here.</p>` : "";
  return `<details><summary>In words: ${count(told.length, "partition")} that ${told.length === 1 ? "is" : "are"} not ok</summary><div>
${told
  .slice(0, FAILURES_TOLD)
  .map((partition) => failure(data, partition))
  .join("\n")}
${more}</div></details>`;
}

function failure({ texts }: PageData, partition: PagePartition): string {
  const { verdict, reason, orders, brokeAt, minimal, possibleStates } = partition;
  const tell = (operation: number): string => {
    const id = partition.ids[operation] ?? -1;
    const text = texts[partition.text[operation] ?? 0] ?? "";
    return `operation ${id}, ${text} (process ${partition.process[operation]})`;
  };
  const list = (title: string, operations: readonly number[]): string => {
    if (operations.length === 0) return "";
    const rows = operations
      .slice(0, OPERATIONS_TOLD)
      .map((operation) => `<li>${escapeHtml(tell(operation))}</li>`);
    const more = operations.length - rows.length;
    return `<p>${title}</p><ul>${rows.join("")}${more > 0 ? `<li>and ${more} more</li>` : ""}</ul>`;
  };
  return `<h3>${escapeHtml(of(partition))}${verdict}</h3><p>${escapeHtml(reason)}</p>
${list("It broke at:", brokeAt === -1 ? [] : [brokeAt])}
${possibleStates.length === 0 ? "" : `<p>${escapeHtml(`The states possible before its return: ${possibleStates.join(" or ")}.`)}</p>`}
${list("A minimal sub-history that is still illegal:", minimal)}
${verdict === "illegal" ? orders.map((order, i) => ending(order, i)).join("\n") : ""}`;

  function ending({ operations, from, states, illegalNext }: PageOrder, i: number): string {
    const last = states.at(-1) ?? -1;
    const state = last === -1 ? "" : `; the state after it: ${texts[last]}`;
    const name =
      orders.length === 1 ? "A longest partial order" : `Longest partial order ${i + 1} of ${orders.length}`;
    return `<p>${escapeHtml(`${name}: ${count(from + operations.length, "operation")}${state}.`)}</p>
${i === 0 ? list("Could come next after it, but have impossible answers:", illegalNext) : ""}`;
  }
}
