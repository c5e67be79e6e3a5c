import { paletteCss } from "./palette.js";

/** One look with the report of a run: the same type, panels, chips and hues. */
export function pageStyle(): string {
  return `${paletteCss()}${LAYOUT}`;
}

const LAYOUT = `
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html, body { height: 100%; }
body {
  display: flex;
  flex-direction: column;
  gap: 10px;
  margin: 0;
  padding: 14px 20px;
  background: var(--back);
  color: var(--text);
  font: 15px / 1.45 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
header {
  flex: none;
  padding: 12px 20px;
  border-left: 10px solid var(--tone);
  border-radius: 6px;
  background: var(--panel);
}
header h1 { margin: 0; color: var(--tone); font-size: 30px; line-height: 1.15; }
header p { margin: 2px 0; overflow-wrap: anywhere; }
#reason { max-height: 8.7em; overflow-y: auto; }
.quiet { color: var(--quiet); font-size: 13px; }
.ok { --tone: var(--valid); }
.illegal { --tone: var(--invalid); }
.unknown { --tone: var(--unknown); }
.bar { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; }
.bar .gap { flex: 1; }
select, button {
  min-height: 30px;
  padding: 3px 10px;
  border: 1px solid var(--line);
  border-radius: 5px;
  background: var(--back);
  color: var(--text);
  font: inherit;
  font-size: 13.5px;
}
select { max-width: min(420px, 60vw); }
button { cursor: pointer; }
button:hover { border-color: var(--quiet); }
button[aria-pressed="true"] { border-color: var(--focus); background: var(--panel); box-shadow: inset 0 -2px var(--focus); }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 1px; }
.chip {
  padding: 0 9px;
  border: 1px solid var(--tone);
  border-radius: 10px;
  color: var(--tone);
  font-size: 12.5px;
  font-weight: 600;
}
main { display: flex; flex: 1 1 auto; gap: 12px; min-height: 320px; }
.chart { display: flex; flex: 1 1 auto; flex-direction: column; gap: 6px; min-width: 0; }
#strip { flex: none; width: 100%; height: 40px; border-radius: 5px; cursor: pointer; touch-action: pan-y; }
.stage { position: relative; flex: 1 1 auto; min-height: 0; border: 1px solid var(--line); border-radius: 6px; overflow: hidden; }
#scroller { position: absolute; inset: 0; overflow-x: hidden; overflow-y: auto; }
#spacer { position: relative; min-height: 100%; }
#canvas { position: sticky; top: 0; display: block; cursor: grab; touch-action: pan-y; }
#canvas:active { cursor: grabbing; }
#tooltip {
  position: absolute;
  max-width: min(540px, 90%);
  padding: 6px 10px;
  border: 1px solid var(--quiet);
  border-radius: 5px;
  background: var(--back);
  box-shadow: 0 2px 8px rgb(0 0 0 / 25%);
  font-size: 12.5px;
  overflow-wrap: anywhere;
  pointer-events: none;
}
#tooltip div:first-child { font-weight: 600; }
#side { display: flex; flex: 0 0 350px; flex-direction: column; min-width: 0; }
#side h2 { margin: 0 0 6px; font-size: 15px; }
#orders { flex: none; max-width: 100%; margin: 0 0 6px; }
#steps { position: relative; flex: 1 1 auto; overflow-y: auto; border: 1px solid var(--line); border-radius: 6px; }
#steps-inner { position: relative; }
.step {
  position: absolute;
  right: 0;
  left: 0;
  height: 42px;
  padding: 3px 10px;
  border-bottom: 1px solid var(--line);
  font-size: 13px;
  line-height: 18px;
  white-space: nowrap;
  overflow: hidden;
  text-overflow: ellipsis;
  cursor: pointer;
}
.step span { display: block; overflow: hidden; color: var(--quiet); font-size: 12px; text-overflow: ellipsis; }
.step.tall { height: 60px; }
.step.tall span { line-height: 17px; white-space: normal; overflow-wrap: anywhere; }
.step:hover { background: var(--panel); }
.step.current { background: var(--panel); box-shadow: inset 4px 0 var(--order); }
.step.bad { color: var(--invalid); font-weight: 600; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 0; padding: 0; list-style: none; }
.legend li { display: flex; align-items: center; gap: 6px; color: var(--quiet); font-size: 12.5px; }
.legend i { display: inline-block; width: 18px; height: 12px; border: 1px solid var(--hue); }
.legend i.kind { background: color-mix(in srgb, var(--hue) 22%, var(--back)); }
.legend i.open { --hue: var(--quiet); border-style: dashed; border-right: none; background: linear-gradient(90deg, var(--line), transparent); }
.legend i.failed { --hue: var(--quiet); background: linear-gradient(to top right, transparent 45%, var(--quiet) 45%, var(--quiet) 55%, transparent 55%); }
.legend i.broke { --hue: var(--invalid); background: var(--invalid); }
.legend i.next { --hue: var(--invalid); border-width: 2.5px; }
.legend i.minimal { --hue: var(--text); border-width: 2.5px; }
.legend i.point { --hue: transparent; border: none; width: 2px; height: 14px; background: var(--order); }
.legend i.fault { --hue: var(--fault); background: color-mix(in srgb, var(--fault) 20%, var(--back)); }
details { font-size: 13.5px; }
details > div { max-height: 40vh; overflow-y: auto; }
details h3 { margin: 8px 0 2px; font-size: 14px; }
details p, details ul { margin: 2px 0; overflow-wrap: anywhere; }
dialog { max-width: 640px; border: 1px solid var(--line); border-radius: 8px; background: var(--back); color: var(--text); }
dialog h2 { margin: 0 0 10px; font-size: 18px; }
dialog dl { display: grid; grid-template-columns: auto 1fr; gap: 3px 14px; margin: 0 0 12px; font-size: 13.5px; }
dialog dd { margin: 0; }
kbd { padding: 0 6px; border: 1px solid var(--line); border-radius: 4px; background: var(--panel); font: inherit; font-size: 12.5px; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
@media (max-width: 860px) {
  html, body { height: auto; }
  body { padding: 10px; }
  main { flex-direction: column; }
  .chart { height: 60vh; flex: none; }
  #side { flex: none; height: 280px; }
  header { padding: 10px 12px; }
  header h1 { font-size: 24px; }
  #reason { max-height: 40vh; }
  .bar { gap: 4px; }
  .bar .gap { display: none; }
  .bar button { padding: 3px 8px; }
}
@media print {
  .bar, .unseen { display: none; }
}
`;
