import { escapeXml } from "../xml.js";
import type { Cycle, CycleStep, CycleTransaction } from "./cycle.js";

/** Longer cycles are drawn with their middle left out. */
const SHOWN = 16;
const LINE_CHARS = 64;
const MAX_LINES = 4;
const CHAR = 7.3;
const LINE = 18;
const PADDING = 12;
const GAP = 58;
const LEFT = 46;
const TOP = 44;

const STYLE = `
svg { color: #1d2430; background: #ffffff; font: 12px ui-monospace, Menlo, Consolas, monospace; }
.box { fill: none; stroke: currentColor; stroke-opacity: .35; }
text { fill: currentColor; } .title { font-weight: 700; font-size: 14px; } .name { font-weight: 700; }
.dim { opacity: .65; } path { fill: none; stroke-width: 1.8; } .head { stroke: none; }
.ww { --edge: #b3261e; } .wr { --edge: #1f6feb; } .rw { --edge: #9a5b00; } .process, .realtime { --edge: #5b6472; }
.edge { stroke: var(--edge); } .head, .label { fill: var(--edge); } .process .edge, .realtime .edge { stroke-dasharray: 5 4; }
@media (prefers-color-scheme: dark) {
  svg { color: #e6e9ef; background: #12161d; }
  .ww { --edge: #ff8a80; } .wr { --edge: #7ab7ff; } .rw { --edge: #f0b35a; } .process, .realtime { --edge: #a3adbb; }
}`;

interface Row {
  readonly transaction: CycleTransaction;
  readonly lines: readonly string[];
  readonly top: number;
  readonly height: number;
}

/**
 * The cycle as a picture: a transaction below the other, each arrow from the one that comes first, with its kind and
 * its evidence; the last goes back to the top. A whole SVG document that refers to nothing else, for dark and light.
 */
export function cycleSvg(cycle: Cycle): string {
  const hidden = Math.max(0, cycle.transactions.length - SHOWN);
  const kept = (_: unknown, i: number): boolean => hidden === 0 || i < SHOWN / 2 || i >= SHOWN / 2 + hidden;
  const steps = cycle.steps.filter(kept);
  const rows = layOut(cycle.transactions.filter(kept));
  const boxWidth = Math.ceil(
    PADDING * 2 + CHAR * Math.max(...rows.flatMap(({ lines }) => lines.map(({ length }) => length)), 24),
  );
  const labels = steps.map((step) => labelOf(step));
  const width =
    LEFT + Math.max(boxWidth, ...labels.map(({ length }) => length * CHAR + boxWidth / 2 + 20)) + 16;
  const last = rows.at(-1) ?? rows[0];
  if (last === undefined) throw new Error("a cycle without transactions");
  const height = last.top + last.height + 44;
  const arrows = rows.map((row, i) => {
    const step = steps[i];
    const next = rows[i + 1];
    if (step === undefined) return "";
    if (next === undefined) return backArrow(row, step);
    const skipped = hidden > 0 && i === SHOWN / 2 - 1 ? ` … ${hidden} more transactions` : "";
    return downArrow(row, next, LEFT + boxWidth / 2, step, skipped);
  });
  const title = `${cycle.type}: a cycle of ${cycle.transactions.length} transactions`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${Math.ceil(width)}" height="${height}" viewBox="0 0 ${Math.ceil(width)} ${height}" role="img">`,
    `<title>${escapeXml(title)}</title><desc>${escapeXml(cycle.text)}</desc><style>${STYLE}</style>`,
    text(LEFT, 26, "title", title),
    ...rows.map((row) => box(row, boxWidth)),
    ...arrows,
    "</svg>",
  ].join("\n");
}

function layOut(transactions: readonly CycleTransaction[]): Row[] {
  let top = TOP;
  return transactions.map((transaction): Row => {
    const lines = [`${transaction.name}  process ${transaction.process}`, ...wrap(transaction.operations)];
    const height = PADDING * 2 + LINE * lines.length - 6;
    const row = { transaction, lines, top, height };
    top += height + GAP;
    return row;
  });
}

/** Operations in lines, none longer than LINE_CHARS. */
function wrap(operations: readonly string[]): string[] {
  const lines: string[] = [];
  operations.forEach((operation, i) => {
    const separator = i < operations.length - 1 ? "," : "";
    const word =
      (operation.length > LINE_CHARS ? `${operation.slice(0, LINE_CHARS - 1)}…` : operation) + separator;
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > LINE_CHARS) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  });
  return lines.length > MAX_LINES ? [...lines.slice(0, MAX_LINES), "…"] : lines;
}

function box({ lines, top, height }: Row, width: number): string {
  const words = lines.map((line, i) =>
    text(LEFT + PADDING, top + PADDING + 10 + i * LINE, i === 0 ? "name" : "", line),
  );
  return `<rect class="box" x="${LEFT}" y="${top}" width="${width}" height="${height}" rx="6"/>${words.join("")}`;
}

function downArrow(from: Row, to: Row, x: number, step: CycleStep, skipped: string): string {
  const [start, end] = [from.top + from.height, to.top];
  const label = text(x + 12, (start + end) / 2 + 4, "label", labelOf(step) + skipped);
  return `<g class="${step.kind}"><path class="edge" d="M${x} ${start}V${end - 8}"/>${head(x, end, 0)}${label}</g>`;
}

/** From the last transaction, along the left side, to the first. */
function backArrow(from: Row, step: CycleStep): string {
  const bottom = from.top + from.height;
  const path = `M${LEFT + 24} ${bottom}v12q0 8 -8 8H${LEFT - 18}q-8 0 -8 -8V${TOP + 26}q0 -8 8 -8H${LEFT - 8}`;
  const label = text(LEFT + 36, bottom + 24, "label", labelOf(step));
  return `<g class="${step.kind}"><path class="edge" d="${path}"/>${head(LEFT, TOP + 18, -90)}${label}</g>`;
}

function head(x: number, y: number, degrees: number): string {
  return `<path class="head" d="M0 0L-5 -9H5Z" transform="translate(${x} ${y}) rotate(${degrees})"/>`;
}

function labelOf({ kind, label }: CycleStep): string {
  return `${kind}  ${label}`;
}

function text(x: number, y: number, className: string, words: string): string {
  const attribute = className === "" ? "" : ` class="${className}"`;
  return `<text x="${x}" y="${y}"${attribute} xml:space="preserve">${escapeXml(words)}</text>`;
}
