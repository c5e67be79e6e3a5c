import { familyOf } from "./families.js";
import { html, type Html } from "./html.js";
import type { ShownOperation } from "./operations.js";
import { labelOf, secondsText, valueText } from "./operations.js";
import type { Bar, TimelineLayout } from "./timeline-layout.js";
import { laneLabel } from "./timeline-layout.js";

const LANE = 26;
const BAR = 20;
const TOP = 44;

/** The lanes' names stay in place while the operations scroll beside them. */
export function drawTimeline(layout: TimelineLayout): Html {
  const height = TOP + layout.lanes.length * LANE + 8;
  const names = layout.lanes.map(
    ({ label }, lane) => html`<text x="4" y="${middle(lane)}" class="lane-name">${label}</text>`,
  );
  const lines = layout.lanes.map(
    (_, lane) =>
      html`<line x1="0" x2="${layout.width}" y1="${TOP + lane * LANE}" y2="${TOP + lane * LANE}" class="lane"/>`,
  );
  const bars = layout.lanes.map(({ bars }, lane) => bars.map((bar) => drawBar(bar, lane, layout.width)));
  return html`<div class="timeline">
<svg class="names" width="150" height="${height}" aria-hidden="true">${names}</svg>
<svg width="${layout.width}" height="${height}" role="img" aria-label="Operations by process">
${layout.bands.map(({ band, x, width }) => html`<g class="band ${familyOf(band.fault)}"><rect x="${px(x)}" y="0" width="${px(width)}" height="${height}"/><text x="${px(x + 4)}" y="13">${band.label}</text></g>`)}
${layout.ticks.map(({ x, text }) => html`<g class="tick"><line x1="${px(x)}" x2="${px(x)}" y1="${TOP - 8}" y2="${height}"/><text x="${px(x + 3)}" y="${TOP - 12}">${text}</text></g>`)}
${lines}${bars}
${layout.culpritX === null ? "" : html`<line class="culprit-line" x1="${px(layout.culpritX)}" x2="${px(layout.culpritX)}" y1="${TOP - 8}" y2="${height}"/>`}
</svg>
</div>`;
}

function drawBar(bar: Bar, lane: number, right: number): Html {
  const y = TOP + lane * LANE + (LANE - BAR) / 2;
  const { operation, label, mark, x, width, tailX, cutOff } = bar;
  const tail =
    tailX === null
      ? ""
      : html`<line class="tail" x1="${px(tailX)}" x2="${right}" y1="${y + BAR / 2}" y2="${y + BAR / 2}"/>`;
  return html`<g class="op ${operation.outcome} ${kindOf(operation)} ${mark ?? ""}"><title>${describe(operation)}</title>${tail}<rect x="${px(x)}" y="${y}" width="${px(width)}" height="${BAR}" rx="3"/><text x="${px(x + 6)}" y="${middle(lane)}">${cutOff ? "◂ " : ""}${label}</text></g>`;
}

/** A class of our own for what comes from a history. */
function kindOf({ f }: ShownOperation): string {
  return f === "read" || f === "write" || f === "cas" ? f : "other";
}

/** Everything known of one operation, for the tooltip. */
export function describe(operation: ShownOperation): string {
  const { id, invoke, end, key, outcome } = operation;
  const parts = [
    `${labelOf(operation)}${key === null ? "" : ` (key ${key})`}`,
    laneLabel(operation),
    end === null
      ? `event ${id} at ${secondsText(invoke.time)}, no completion recorded`
      : `events ${id}–${end.index}, ${secondsText(invoke.time)} to ${secondsText(end.time)} (${((end.time - invoke.time) / 1e6).toFixed(2)} ms)`,
  ];
  if (end?.revision !== undefined) {
    parts.push(`revision ${end.revision}`);
  }
  if (end?.error !== undefined) {
    parts.push(`${outcome}: ${end.error.code}: ${valueText(end.error.message)}`);
  }
  return parts.join("\n");
}

function middle(lane: number): number {
  return TOP + lane * LANE + LANE / 2 + 4;
}

function px(x: number): string {
  return x.toFixed(1);
}
