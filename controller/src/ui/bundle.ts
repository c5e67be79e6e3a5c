import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { buildSync } from "esbuild";

/** What a browser runs and how it looks: one script, one style sheet. */
export interface Bundle {
  readonly script: string;
  readonly style: string;
}

let made: Bundle | null = null;

/** Made of ui/src when it is asked for first (0.2 s), in memory: it is never older than its sources. */
export function bundle(): Bundle {
  made ??= make();
  return made;
}

function make(): Bundle {
  const home = dirname(createRequire(import.meta.url).resolve("@gauntlet/ui/package.json"));
  // In a process of its own, which ends with it: a service that lives on gets the terminal's Ctrl-C, and a run that was
  // interrupted would have no report.
  const { outputFiles } = buildSync({
    entryPoints: [join(home, "src/browser/main.tsx")],
    bundle: true,
    minify: true,
    write: false,
    outdir: "out",
    format: "iife",
    target: "es2022",
    legalComments: "none",
    charset: "utf8",
    jsx: "automatic",
    jsxImportSource: "preact",
    logLevel: "silent",
  });
  const text = (end: string): string => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? "";
  // Inside a page's script element nothing may look like its end.
  return { script: text(".js").replaceAll("</script", String.raw`<\/script`), style: text(".css") };
}
