import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { BuildOptions, Plugin } from "esbuild";

const resolveHere = createRequire(import.meta.url).resolve;

/**
 * How to make the server, or anything that imports it, one CommonJS file for esbuild, with LMDB's native addon beside it:
 * a second output, `lmdb-<hash>.node`. The addon is the one for this machine's architecture, any Node from 20 on, and glibc.
 */
export const serverBundle: BuildOptions = {
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node24",
  logLevel: "silent",
  loader: { ".node": "copy" },
  assetNames: "lmdb-[hash]",
  plugins: [lmdbAddon()],
};

/** lmdb looks for its addon in directories that a bundle does not have. */
function lmdbAddon(): Plugin {
  const lmdb = resolveHere("lmdb");
  const fromLmdb = createRequire(lmdb).resolve;
  return {
    name: "lmdb-addon",
    setup(build) {
      // The CommonJS build of the package: the other asks for `import.meta`.
      build.onResolve({ filter: /^lmdb$/ }, () => ({ path: lmdb }));
      build.onResolve({ filter: /^node-gyp-build-optional-packages$/ }, () => ({
        path: "lmdb-addon",
        namespace: "lmdb-addon",
      }));
      // An optional accelerator of msgpackr, which is not used: records are bytes.
      build.onResolve({ filter: /^msgpackr-extract$/ }, ({ path }) => ({ path, external: true }));
      build.onLoad({ filter: /.*/, namespace: "lmdb-addon" }, () => {
        const addon = addonFile(fromLmdb);
        return {
          contents: `module.exports = () => require(${JSON.stringify(addon)});`,
          resolveDir: dirname(addon),
        };
      });
    },
  };
}

function addonFile(resolve: (name: string) => string): string {
  const name = `@lmdb/lmdb-linux-${process.arch}`;
  const file = join(dirname(resolve(`${name}/package.json`)), "node.napi.glibc.node");
  if (!existsSync(file)) throw new Error(`${file} is missing: npm ci --include=optional brings it`);
  return file;
}
