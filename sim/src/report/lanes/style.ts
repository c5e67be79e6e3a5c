import { DARK, LIGHT, type Palette } from "porcupine-ts/view";

/** One look with the pages of histories: their hues, light and dark. */
export function pageStyle(): string {
  return `:root { color-scheme: light; ${properties(LIGHT)} }
@media (prefers-color-scheme: dark) {
  :root:not([data-theme="light"]) { color-scheme: dark; ${properties(DARK)} }
}
:root[data-theme="dark"] { color-scheme: dark; ${properties(DARK)} }
${LAYOUT}`;
}

function properties({ kinds, ...named }: Palette): string {
  const colors = { ...named, append: kinds[0] ?? named.focus, other: kinds[2] ?? named.text };
  return Object.entries(colors)
    .map(([name, color]) => `--${name}: ${color};`)
    .join(" ");
}

const LAYOUT = `* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; padding: 14px 20px; background: var(--back); color: var(--text); font: 15px / 1.45 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
header { padding: 12px 20px; border-left: 10px solid var(--tone); border-radius: 6px; background: var(--panel); }
header.failed { --tone: var(--invalid); }
header.valid { --tone: var(--valid); }
h1 { margin: 0; color: var(--tone); font-size: 26px; line-height: 1.2; overflow-wrap: anywhere; }
header p { margin: 2px 0; overflow-wrap: anywhere; }
.quiet { color: var(--quiet); font-size: 13px; }
.bar { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 10px; margin: 10px 0; font-size: 13.5px; }
.bar button { min-height: 30px; padding: 3px 10px; border: 1px solid var(--line); border-radius: 5px; background: var(--back); color: var(--text); font: inherit; cursor: pointer; }
.bar button:hover { border-color: var(--quiet); }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 1px; }
.bar .gap { flex: 1; }
#stage { position: relative; border: 1px solid var(--line); border-radius: 6px; overflow: hidden; }
#canvas { display: block; width: 100%; cursor: grab; touch-action: pan-y; }
#canvas:active { cursor: grabbing; }
#tooltip { position: absolute; max-width: min(640px, 92%); padding: 6px 10px; border: 1px solid var(--quiet); border-radius: 5px; background: var(--back); box-shadow: 0 2px 8px rgb(0 0 0 / 25%); font-size: 12.5px; white-space: pre-wrap; overflow-wrap: anywhere; pointer-events: none; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 8px 0; padding: 0; list-style: none; color: var(--quiet); font-size: 12.5px; }
.legend i { display: inline-block; width: 18px; margin-right: 6px; background: var(--hue); vertical-align: baseline; }
details { margin: 10px 0; }
summary { cursor: pointer; }
pre { overflow-x: auto; padding: 10px 14px; border-radius: 6px; background: var(--panel); font-size: 12.5px; }
@media print { .bar { display: none; } body { padding: 0; } }
`;
