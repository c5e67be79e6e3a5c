import type { ErrorName } from "../errors.js";

/** What a request came to. An error means that nothing at all was changed. */
export type Result<Response> =
  | { readonly type: "ok"; readonly response: Response }
  | { readonly type: "error"; readonly error: ErrorName };
