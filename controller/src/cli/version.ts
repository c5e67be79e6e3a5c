import { readFileSync } from "node:fs";
import { z } from "zod";

/** This package's own word on what it is; read from beside src/ and dist/ alike. */
export const PACKAGE = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")));
