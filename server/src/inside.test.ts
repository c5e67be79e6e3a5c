import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, test } from "vitest";

test("the parts for a world of one's own load neither gRPC nor anything of Node that does I/O", async () => {
  const { metafile } = await build({
    entryPoints: [fileURLToPath(new URL("inside.ts", import.meta.url))],
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    format: "esm",
    logLevel: "silent",
  });
  const inputs = Object.entries(metafile.inputs);
  const loaded = inputs.flatMap(([path, { imports }]) => [path, ...imports.map((each) => each.path)]);
  expect(loaded.filter((path) => path.endsWith("replica.ts"))).not.toEqual([]);
  expect(
    loaded.filter((path) =>
      /grpc-js|prom-client|pino|commander|^node:(?!zlib$)|\/(peer\/(?!(report-)?codec\.)|runtime\/|api\/)/.test(
        path,
      ),
    ),
  ).toEqual([]);
});
