/**
 * The colours of every picture of a history (page and SVG), light and dark; the same hues as the run's report.
 * What a mark means is never told by hue alone: shape, line or text says it too.
 */
export interface Palette {
  readonly back: string;
  readonly panel: string;
  readonly line: string;
  readonly text: string;
  readonly quiet: string;
  readonly valid: string;
  readonly invalid: string;
  readonly unknown: string;
  /** Linearization points, and the line that joins them. */
  readonly order: string;
  readonly fault: string;
  /** Of what people selected. */
  readonly focus: string;
  /** Operations by kind (the first word of their description); the last is for all further kinds. */
  readonly kinds: readonly string[];
}

export const LIGHT: Palette = {
  back: "#ffffff",
  panel: "#f5f6f8",
  line: "#d9dde3",
  text: "#1b1f24",
  quiet: "#5b6470",
  valid: "#1a7f37",
  invalid: "#c62828",
  unknown: "#9a6700",
  order: "#6e40c9",
  fault: "#7c6a4f",
  focus: "#0b5cd6",
  kinds: ["#2f6fbd", "#b3590a", "#17806d", "#b14f8f", "#5f7a1f", "#8355c9", "#66707c"],
};

export const DARK: Palette = {
  back: "#14171b",
  panel: "#1d2127",
  line: "#353b44",
  text: "#e4e7eb",
  quiet: "#9aa4b0",
  valid: "#3fb35f",
  invalid: "#f0605a",
  unknown: "#d9a21b",
  order: "#b592f5",
  fault: "#b09a78",
  focus: "#7db4ff",
  kinds: ["#6aa7ee", "#eb9a4e", "#46bfa6", "#d87ab8", "#a5bd5c", "#a981ec", "#98a2ae"],
};

/** Kinds that always have the same colour, whichever comes first in a history. */
export const KNOWN_KINDS: readonly string[] = ["read", "write", "cas"];

/** Custom properties `--back`, `--kind-0` …: as the system prefers, unless data-theme on the root says otherwise. */
export function paletteCss(): string {
  return `:root {
  color-scheme: light;
${properties(LIGHT)}}
@media (prefers-color-scheme: dark) {
  :root:not([data-theme="light"]) {
  color-scheme: dark;
${properties(DARK)}}
}
:root[data-theme="dark"] {
  color-scheme: dark;
${properties(DARK)}}
`;
}

function properties(palette: Palette): string {
  const { kinds, ...rest } = palette;
  const named = [
    ...Object.entries(rest),
    ...kinds.map((color, index): [string, string] => [`kind-${index}`, color]),
  ];
  return named.map(([name, color]) => `  --${name}: ${color};\n`).join("");
}
