import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { BuildOptions, Plugin } from "esbuild";

const resolveHere = createRequire(import.meta.url).resolve;

/**
 * How to make the server, or anything that imports it, one CommonJS file for esbuild, with the native addons of LMDB and
 * of the directory's lock beside it: further outputs, `<name>-<hash>.node`. They are those for this machine's architecture,
 * any Node from 20 on, and glibc.
 */
export const serverBundle: BuildOptions = {
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node24",
  logLevel: "silent",
  loader: { ".node": "copy" },
  assetNames: "[name]-[hash]",
  plugins: [lmdbAddon(), lockAddon()],
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
        const addon = addonFile(
          `@lmdb/lmdb-linux-${process.arch}/package.json`,
          "node.napi.glibc.node",
          fromLmdb,
        );
        return {
          contents: `module.exports = () => require(${JSON.stringify(addon)});`,
          resolveDir: dirname(addon),
        };
      });
    },
  };
}

/** fs-native-extensions does so, too: its module `binding` is nothing but the search. */
function lockAddon(): Plugin {
  const library = resolveHere("fs-native-extensions");
  return {
    name: "lock-addon",
    setup(build) {
      build.onResolve({ filter: /^fs-native-extensions$/ }, () => ({ path: library }));
      build.onResolve({ filter: /^\.\/binding$/ }, ({ importer }) =>
        importer === library ? { path: "lock-addon", namespace: "lock-addon" } : null,
      );
      build.onLoad({ filter: /.*/, namespace: "lock-addon" }, () => {
        const prebuilt = join("prebuilds", `linux-${process.arch}`, "fs-native-extensions.node");
        const addon = addonFile("fs-native-extensions/package.json", prebuilt, resolveHere);
        return {
          contents: `module.exports = require(${JSON.stringify(addon)});`,
          resolveDir: dirname(addon),
        };
      });
    },
  };
}

/** `manifest`: of the package that ships the file. */
function addonFile(manifest: string, path: string, resolve: (name: string) => string): string {
  const file = join(dirname(resolve(manifest)), path);
  if (!existsSync(file)) throw new Error(`${file} is missing: npm ci --include=optional brings it`);
  return file;
}
