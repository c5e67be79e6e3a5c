import { createBackdrop } from "./client/backdrop.js";
import { createControls } from "./client/controls.js";
import { createHover } from "./client/hover.js";
import { createLayout } from "./client/layout.js";
import { createMessages } from "./client/messages.js";
import { createNodes } from "./client/nodes.js";
import { createOperations } from "./client/operations.js";
import { type PageParts, startPage } from "./client/page.js";
import { below, createScale } from "./client/scene.js";
import { createViewport } from "./client/viewport.js";

const PARTS: PageParts = {
  below,
  createBackdrop,
  createControls,
  createHover,
  createLayout,
  createMessages,
  createNodes,
  createOperations,
  createScale,
  createViewport,
};

/**
 * The page's script: the source of these functions, as the engine that runs us holds it, as porcupine-ts does. Each
 * uses only what it is given: a name of this module's scope does not exist in the page.
 */
export function pageScript(): string {
  const parts = Object.entries(PARTS).map(([name, part]) => `${JSON.stringify(name)}: ${String(part)}`);
  return `"use strict";\n(${String(startPage)})(window, {\n${parts.join(",\n")},\n});`;
}
