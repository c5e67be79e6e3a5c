import type { Model } from "../model.js";
import { at, type Operation } from "../operation.js";
import { escapeXml } from "../xml.js";
import type { Explanation } from "./explain.js";
import { type Bar, layOut } from "./layout.js";

/**
 * The minimal history as a picture for a bug report: one SVG without anything outside it, in dark and light.
 * Required operations are filled, optional ones outlined, the one without an order marked.
 */
export function explanationSvg<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  explanation: Explanation,
): string {
  const label = (text: string): number => Math.ceil(text.length * CHARACTER) + 24;
  const layout = layOut(model, operations, explanation, { label, gap: 26 });
  const lines = wrap(explanation.sentence, Math.max(60, Math.floor((layout.width + LEFT) / CHARACTER)));
  const top = 22 + lines.length * LINE;
  const meaning = layout.bars.some(({ role }) => role === "optional")
    ? "filled: required for the contradiction · outlined: may have taken effect or not"
    : "every operation shown is required for the contradiction";
  const legend = `${meaning} · time runs to the right, not to scale`;
  const width = Math.ceil(Math.max(LEFT + layout.width + RIGHT, 32 + legend.length * CHARACTER));
  const height = top + layout.processes.length * LANE + 34;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeXml(explanation.sentence)}">`,
    `<style>${STYLE}</style>`,
    `<rect class="page" width="${width}" height="${height}"/>`,
    ...lines.map((line, i) => `<text class="why" x="16" y="${26 + i * LINE}">${escapeXml(line)}</text>`),
    ...layout.processes.map((process, lane) => {
      const y = top + lane * LANE + LANE / 2;
      return (
        `<text class="lane" x="16" y="${y + 4}">process ${process}</text>` +
        `<line class="lane" x1="${LEFT}" x2="${width - 16}" y1="${y}" y2="${y}"/>`
      );
    }),
    ...layout.bars.map((bar) => drawBar(bar, top, at(operations, bar.operation).id ?? bar.operation)),
    `<text class="lane" x="16" y="${height - 12}">${legend}</text>`,
    "</svg>",
  ].join("\n");
}

const CHARACTER = 7.4;
const LEFT = 110;
const RIGHT = 40;
const LANE = 44;
const LINE = 19;

const STYLE = [
  "text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}",
  ".page{fill:#ffffff}.why{fill:#1f2328;font-weight:600}text.lane{fill:#59636e}line.lane{stroke:#d1d9e0}",
  ".required{fill:#cfe0f7;stroke:#2f6fbf}.optional{fill:#ffffff;stroke:#818b98;stroke-dasharray:4 3}",
  ".failed{fill:#ffd8d3;stroke:#c0281c;stroke-width:2}.label{fill:#1f2328}.fade{stroke-dasharray:2 4}",
  "@media (prefers-color-scheme:dark){.page{fill:#0d1117}.why,.label{fill:#e6edf3}text.lane{fill:#9198a1}",
  "line.lane{stroke:#30363d}.required{fill:#173a63;stroke:#4f9cf5}.optional{fill:#0d1117}.failed{fill:#5c1a16;stroke:#ff7b72}}",
].join("");

function drawBar({ lane, start, end, label, role, isOpen }: Bar, top: number, id: number): string {
  const x = LEFT + start;
  const y = top + lane * LANE + 8;
  const width = end - start;
  const height = LANE - 16;
  // One that never returned has no right edge.
  const shape = isOpen
    ? `<path class="${role}" d="M${x + width} ${y}H${x}V${y + height}H${x + width}"/>`
    : `<rect class="${role}" x="${x}" y="${y}" width="${width}" height="${height}" rx="4"/>`;
  const mark = role === "failed" ? `<text class="why" x="${x + width + 6}" y="${y + 18}">✗</text>` : "";
  return (
    `<g><title>operation ${id}: ${escapeXml(label)}</title>${shape}` +
    `<text class="label" x="${x + 12}" y="${y + 18}">${escapeXml(label)}</text>${mark}</g>`
  );
}

function wrap(text: string, length: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > length) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
