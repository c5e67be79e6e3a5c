import { mkdir, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Explanation } from "../explain/explain.js";
import { explanationSvg } from "../explain/svg.js";
import type { RecordedEvent, Recording } from "../formats/event.js";
import { faultsOf } from "../formats/faults.js";
import { at } from "../operation.js";
import { historyHtml } from "../view/html.js";
import { messageOf, UsageError } from "./errors.js";
import type { ModelJudgement } from "./judgement.js";

/** Where the pictures of one option go: a file, or a folder with one for each history. */
export class PictureTarget {
  readonly #flag: string;
  readonly #path: string;
  readonly #isFolder: boolean;
  readonly #used = new Set<string>();

  private constructor(flag: string, path: string, isFolder: boolean) {
    this.#flag = flag;
    this.#path = path;
    this.#isFolder = isFolder;
  }

  /** Throws UsageError: before anything is checked, for hours of checking should not end in a wrong path. */
  static async of(flag: string, path: string, files: number): Promise<PictureTarget> {
    const exists = await stat(path).catch(() => undefined);
    if (exists?.isDirectory() === true) return new PictureTarget(flag, path, true);
    if (files === 1) return new PictureTarget(flag, path, false);
    if (exists !== undefined)
      throw new UsageError(`${flag}: ${path} is no folder, and there are ${files} files`);
    try {
      await mkdir(path, { recursive: true });
    } catch (error) {
      throw new UsageError(`${flag}: ${messageOf(error)}`);
    }
    return new PictureTarget(flag, path, true);
  }

  /** Undefined: written; else why not. */
  async write(file: string, extension: string, content: string): Promise<string | undefined> {
    const path = this.#isFolder ? join(this.#path, this.#name(file, extension)) : this.#path;
    try {
      await writeFile(path, content);
      return undefined;
    } catch (error) {
      return `${this.#flag}: ${messageOf(error)}`;
    }
  }

  /** Files of one name from several folders must not overwrite each other. */
  #name(file: string, extension: string): string {
    const base = file === "-" ? "stdin" : basename(file);
    let name = `${base}.${extension}`;
    for (let n = 2; this.#used.has(name); n++) name = `${base}-${n}.${extension}`;
    this.#used.add(name);
    return name;
  }
}

/** The history as a page: in the order of the recording, with its clock where it has one. */
export function pageOf(file: string, { events }: Recording, judgement: ModelJudgement): string {
  const { model, recorded, result, explanations } = judgement;
  const positions = new Map(events.map((event, position) => [event, position]));
  const positionOf = (event: RecordedEvent): number => positions.get(event) as number;
  const faults = faultsOf(events).map(({ name, target, from, to }) => ({
    name,
    target,
    from: positionOf(from),
    to: to === undefined ? undefined : positionOf(to),
  }));
  const clock = hasClock(events) ? (position: number) => at(events, position).time as number : undefined;
  return historyHtml(model, recorded.operations, result, {
    title: file === "-" ? "standard input" : file,
    faults,
    failed: recorded.failed,
    clock,
    timeUnit: clock === undefined ? undefined : "ns",
    minimal: [...explanations.values()].flatMap(minimalOf),
    sentences: new Map([...explanations].map(([key, { sentence }]) => [key, sentence])),
  });
}

function minimalOf({ required, optional }: Explanation): readonly number[] {
  return [...required, ...optional];
}

/** Of the first violation; undefined: there is none to draw. */
export function svgOf({ model, recorded, explanations }: ModelJudgement): string | undefined {
  const [explanation] = explanations.values();
  return explanation === undefined ? undefined : explanationSvg(model, recorded.operations, explanation);
}

/** Whether every event has a time and none goes back; otherwise positions say more. */
function hasClock(events: readonly RecordedEvent[]): boolean {
  return events.every(({ time }, i) => {
    const before = events[i - 1]?.time;
    return time !== undefined && (i === 0 || (before !== undefined && before <= time));
  });
}
