import { createHash } from "node:crypto";
import type { PageData } from "@gauntlet/ui";
import { bundle } from "./bundle.js";

/** A page of the server: script and style are files beside it. `up`: the way to the root, relative. */
export function servedPage(title: string, up: string, data: PageData): string {
  return page(
    title,
    `<link rel="stylesheet" href="${up}assets/app.css">`,
    `${dataElement(data)}<script src="${up}assets/app.js"></script>`,
  );
}

/** Of what the server gives out: nothing from anywhere else, and no frame around it. */
export const SERVED_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** A page that needs nothing else. Its own policy forbids every fetch and every script but this one. */
export async function standalonePage(title: string, data: PageData): Promise<string> {
  const { script, style } = bundle();
  const hash = createHash("sha256").update(script).digest("base64");
  const policy = `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  return page(
    title,
    `<meta http-equiv="Content-Security-Policy" content="${policy}">\n<style>${style}</style>`,
    `${dataElement(data)}<script>${script}</script>`,
  );
}

function page(title: string, head: string, end: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
${head}
<title>${escape(title)}</title>
</head>
<body>
<div id="app"></div>
<noscript>This page is drawn by a script; the results are in results.json beside it.</noscript>
${end}
</body>
</html>
`;
}

/** JSON in a script element: no tag and no comment can begin in it. */
function dataElement(data: PageData): string {
  const json = JSON.stringify(data).replaceAll("<", String.raw`\u003c`);
  return `<script type="application/json" id="data">${json}</script>\n`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
