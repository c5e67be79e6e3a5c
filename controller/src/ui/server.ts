import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { Readable } from "node:stream";
import { RUN_FILES } from "@gauntlet/histories";
import { type Context, Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { bundle } from "./bundle.js";
import { findFile } from "./files.js";
import { Hub } from "./hub.js";
import { SERVED_POLICY, servedPage } from "./page.js";
import { RunList } from "./runs.js";

/** Names as createRunDirectory gives them. Nothing else is looked for on disk. */
const TEST_NAME = /^[A-Za-z0-9][\w.-]*$/;
const RUN_NAME = /^\d{8}T\d{6}\.\d{3}Z--?\d+(-\d+)?$/;
/** Tells a browser that the line is alive, and this server that the reader is gone. */
const HEARTBEAT_MS = 15_000;

export interface UiOptions {
  readonly runsRoot: string;
  /** Host names that a request may name; null: any. Keeps pages of other sites from reading a loopback server. */
  readonly hostNames: ReadonlySet<string> | null;
}

export interface Ui {
  readonly app: Hono;
  readonly isWatched: () => boolean;
  close(): void;
}

/** The pages, read-only: no request changes anything. Addresses are relative, so it may stand behind any prefix. */
export function createUi({ runsRoot, hostNames }: UiOptions): Ui {
  const app = new Hono();
  const hub = new Hub();
  const list = new RunList(runsRoot);

  app.use(async (c, next) => {
    const host = new URL(c.req.url).hostname;
    if (hostNames !== null && !hostNames.has(host))
      return c.text("this server answers on loopback only\n", 403);
    if (c.req.method !== "GET" && c.req.method !== "HEAD")
      return c.text("read-only\n", 405, { allow: "GET, HEAD" });
    return next();
  });
  app.use(async (c, next) => {
    await next();
    c.header("content-security-policy", c.res.headers.get("content-security-policy") ?? SERVED_POLICY);
    c.header("x-content-type-options", "nosniff");
    c.header("referrer-policy", "no-referrer");
    c.header("cross-origin-resource-policy", "same-origin");
    c.header("cache-control", "no-store");
  });

  app.get("/", (c) => c.html(servedPage("Gauntlet: runs", "./", { page: "list" })));
  app.get("/runs.json", async (c) => c.json(await list.rows()));
  app.get("/assets/app.js", async (c) =>
    c.body(bundle().script, 200, { "content-type": "text/javascript; charset=utf-8" }),
  );
  app.get("/assets/app.css", async (c) =>
    c.body(bundle().style, 200, { "content-type": "text/css; charset=utf-8" }),
  );
  app.get("/runs/:test/:name", (c) => c.redirect(`./${encodeURIComponent(c.req.param("name"))}/`));
  app.get("/runs/:test/:name/", async (c) => {
    const run = await findRun(c, runsRoot);
    if (run === null) return c.notFound();
    return c.html(servedPage(`Gauntlet: ${run.id}`, "../../../", { page: "run" }));
  });
  app.get("/runs/:test/:name/events", async (c) => {
    const run = await findRun(c, runsRoot);
    return run === null ? c.notFound() : events(c, hub, run);
  });
  app.get("/runs/:test/:name/operations", async (c) => {
    const run = await findRun(c, runsRoot);
    const [from, to] = ["from", "to"].map((name) => Number(c.req.query(name) ?? Number.NaN));
    if (run === null || from === undefined || to === undefined) return c.notFound();
    if (!(from >= 0 && to >= from)) return c.text("from and to are milliseconds, from <= to\n", 400);
    return c.json(await hub.run(run.directory, run.id).feed.operations(from, to));
  });
  app.get("/runs/:test/:name/files/*", async (c) => {
    const run = await findRun(c, runsRoot);
    const [, path] = /\/files\/(.*)$/.exec(c.req.path) ?? [];
    const decoded = path === undefined ? null : decode(path);
    const file = run === null || decoded === null ? null : await findFile(run.directory, decoded);
    return file === null ? c.notFound() : sendFile(c, file);
  });
  app.notFound((c) => c.text("no such page\n", 404));
  app.onError((error, c) => c.text(`${error.message}\n`, 500));
  return { app, isWatched: () => hub.isWatched, close: () => hub.close() };
}

interface FoundRun {
  readonly id: string;
  readonly directory: string;
}

/** Only what has the name of a run and is a folder with a run's files. */
async function findRun(c: Context, runsRoot: string): Promise<FoundRun | null> {
  const [test = "", name = ""] = [c.req.param("test"), c.req.param("name")];
  if (!TEST_NAME.test(test) || !RUN_NAME.test(name)) return null;
  const directory = join(runsRoot, test, name);
  for (const file of [RUN_FILES.test, RUN_FILES.history]) {
    const found = await stat(join(directory, file)).catch(() => null);
    if (found?.isFile() === true) return { id: `${test}/${name}`, directory };
  }
  return null;
}

function events(c: Context, hub: Hub, { directory, id }: FoundRun): Response {
  return streamSSE(c, async (stream) => {
    const run = hub.run(directory, id);
    const ended = new Promise<void>((resolve) => stream.onAbort(resolve));
    let isOver = (): void => {};
    const over = new Promise<void>((resolve) => (isOver = resolve));
    let writing: Promise<unknown> = Promise.resolve();
    const stop = await run.watch(({ type, ...body }) => {
      const data = JSON.stringify(
        type === "view" ? (body as { view: unknown }).view : (body as { change: unknown }).change,
      );
      writing = writing.then(() => stream.writeSSE({ event: type, data }));
      if (run.feed.isOver) isOver();
    });
    const beat = setInterval(() => void stream.write(": alive\n\n"), HEARTBEAT_MS);
    await Promise.race([ended, over]);
    clearInterval(beat);
    stop();
    if (stream.aborted) return;
    await writing;
    await stream.writeSSE({ event: "end", data: "" });
  });
}

const TYPES: Readonly<Record<string, string>> = {
  ".json": "application/json",
  ".jsonl": "text/plain; charset=utf-8",
  ".log": "text/plain; charset=utf-8",
  ".html": "text/html; charset=utf-8",
};

/** Pages of a run are shown, but as if of another site: their scripts can reach nothing here. The rest is saved. */
async function sendFile(c: Context, path: string): Promise<Response> {
  const { size } = await stat(path);
  const type = TYPES[extname(path)] ?? "application/octet-stream";
  const isPage = type.startsWith("text/html");
  const headers = {
    "content-type": type,
    "content-length": String(size),
    "content-security-policy": isPage ? "sandbox allow-scripts allow-popups" : "default-src 'none'; sandbox",
    ...(isPage || c.req.query("show") !== undefined ? {} : { "content-disposition": "attachment" }),
  };
  if (c.req.method === "HEAD" || size === 0) return c.body(null, 200, headers);
  // A file that grows is sent as long as it was.
  const stream = createReadStream(path, { end: size - 1 });
  return c.body(Readable.toWeb(stream) as ReadableStream, 200, headers);
}

function decode(path: string): string | null {
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}
