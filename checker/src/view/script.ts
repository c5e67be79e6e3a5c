import { createAxis } from "./client/axis.js";
import { createBackdrop } from "./client/backdrop.js";
import { createBars } from "./client/bars.js";
import { createCommands } from "./client/commands.js";
import { createControls } from "./client/controls.js";
import { firstView } from "./client/first-view.js";
import { createTimeFormat } from "./client/format.js";
import { createGeometry } from "./client/geometry.js";
import { createLanes } from "./client/lanes.js";
import { middleOut } from "./client/middle-out.js";
import { createNotable } from "./client/notable.js";
import { createOrderChooser } from "./client/order-chooser.js";
import { createOverlay } from "./client/overlay.js";
import { createOverview } from "./client/overview.js";
import { createPainter } from "./client/painter.js";
import { type PageParts, startPage } from "./client/page.js";
import { createPanel } from "./client/panel.js";
import { createPoints } from "./client/points.js";
import { createScene } from "./client/scene.js";
import { firstIndex } from "./client/search.js";
import { createSteps } from "./client/steps.js";
import { createStripPointer } from "./client/strip-pointer.js";
import { createSurface } from "./client/surface.js";
import { createTooltip } from "./client/tooltip.js";
import { createViewport } from "./client/viewport.js";
import { createWords } from "./client/words.js";

const PARTS: PageParts = {
  createAxis,
  createBackdrop,
  createBars,
  createCommands,
  createControls,
  createGeometry,
  createLanes,
  createNotable,
  createOrderChooser,
  createOverlay,
  createOverview,
  createPainter,
  createPanel,
  createPoints,
  createScene,
  createSteps,
  createStripPointer,
  createSurface,
  createTimeFormat,
  createTooltip,
  createViewport,
  createWords,
  firstIndex,
  firstView,
  middleOut,
};

/**
 * The page's script: the source of these functions, as the engine that runs us holds it. That works from dist/, from a
 * bundle and after minifying, without reading a file, for each function uses only what it is given: a name of this
 * module's scope does not exist in the page.
 */
export function pageScript(): string {
  const parts = Object.entries(PARTS).map(([name, part]) => `${JSON.stringify(name)}: ${String(part)}`);
  return `"use strict";
{
const ${nameKeeper()} = (value) => value;
(${String(startPage)})(window, {
${parts.join(",\n")},
});
}`;
}

/**
 * Bundlers that keep the names of functions wrap each in a call of a helper of theirs, which the page has not: what
 * it is called here. `__name` where nothing was wrapped.
 */
function nameKeeper(): string {
  function sample(): () => number {
    const named = (): number => 0;
    return named;
  }
  return /([\w$]+)\(\(\)\s*=>\s*0,\s*["'`]named["'`]\)/.exec(String(sample))?.[1] ?? "__name";
}
