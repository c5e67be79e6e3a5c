import type { RunResults } from "@gauntlet/histories";
import type { PageData } from "@gauntlet/ui";
import { standalonePage } from "../ui/page.js";
import { RunFeed } from "../ui/run-feed.js";

/** What a page that can be mailed should hold at most: some three megabytes. */
const OPERATIONS = 40_000;

/** The page of a run that is over, as one file that needs nothing else: read from the run's folder. */
export async function renderReport(directory: string, results: RunResults): Promise<string> {
  const id = directory.split(/[/\\]/).slice(-2).join("/");
  const feed = new RunFeed(directory, id, results);
  do await feed.read();
  while (feed.isBehind);
  const view = await feed.view();
  const operations = await feed.operations(0, Math.max(1, Math.ceil(view.endMs)), OPERATIONS);
  const data: PageData = { page: "report", view, operations };
  return standalonePage(`${results.verdict}: ${id}`, data);
}
