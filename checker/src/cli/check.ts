import type { ConsistencyModel } from "../anomalies/index.js";
import type { EngineName } from "../engine.js";
import type { HistoryFormat, Meaning, Recording } from "../formats/event.js";
import { FormatError } from "../formats/format-error.js";
import { FailureError, UsageError } from "./errors.js";
import { exitCodeOf, type FileStatus, SIGNAL_CODES, STATUS_OF } from "./exit-codes.js";
import { guessModel } from "./guess-model.js";
import { findJudge, judge } from "./judge.js";
import type { Judge, JudgeOptions } from "./judgement.js";
import { type PictureTarget, type PictureTargets, pictureTargets } from "./picture-target.js";
import { pageOf, svgOf } from "./pictures.js";
import { type ProgressLine, progressLine } from "./progress.js";
import { counted, type FileResult, type FileVerdict, statusOf } from "./report.js";
import { jsonLine } from "./report-json.js";
import { failureLine, verdictText } from "./report-text.js";
import { readSource } from "./source.js";
import { summaryText } from "./summary.js";

export interface CheckFlags {
  readonly model?: string;
  readonly init?: { readonly value: unknown };
  readonly format?: HistoryFormat;
  readonly nil?: "absent" | "unknown";
  readonly failedCas?: "happened" | "nothing";
  readonly independent?: boolean;
  readonly groupSize?: number;
  readonly threads?: number;
  readonly timeout?: number;
  readonly memory?: number;
  readonly engine?: EngineName | "auto";
  readonly stopAtFirst?: boolean;
  readonly verify?: boolean;
  readonly consistencyModel?: ConsistencyModel;
  readonly json?: boolean;
  readonly html?: string;
  readonly svg?: string;
  readonly progress: boolean;
}

/** Judges the files one after the other and returns the exit code. Throws UsageError. */
export async function checkCommand(files: readonly string[], flags: CheckFlags): Promise<number> {
  if (files.indexOf("-") !== files.lastIndexOf("-"))
    throw new UsageError("-: standard input can be read once; give the other history as a file");
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(SIGNAL_CODES.interruptedTwice);
    controller.abort();
  };
  process.on("SIGINT", interrupt);
  try {
    const command = await Command.of(files, flags, controller.signal);
    const statuses: FileStatus[] = [];
    const results: FileResult[] = [];
    for (const [i, file] of files.entries()) {
      const { result, problems } = await command.check(file);
      results.push(result);
      statuses.push(statusOf(result), ...problems);
      const left = files.length - i - 1;
      if (!controller.signal.aborted) continue;
      if (left > 0)
        await write(process.stderr, `porcupine: interrupted, ${counted(left, "file")} not looked at\n`);
      return exitCodeOf([...statuses, "unknown"]);
    }
    if (files.length > 1 && flags.json !== true) await write(process.stdout, summaryText(results));
    return exitCodeOf(statuses);
  } finally {
    process.off("SIGINT", interrupt);
  }
}

class Command {
  readonly #flags: CheckFlags;
  readonly #options: JudgeOptions;
  readonly #progress: ProgressLine;
  /** Undefined: the operations of each file must say. */
  readonly #given: Judge | undefined;
  readonly #html: PictureTarget | undefined;
  readonly #svg: PictureTarget | undefined;

  private constructor(
    flags: CheckFlags,
    options: JudgeOptions,
    given: Judge | undefined,
    pictures: PictureTargets,
  ) {
    this.#flags = flags;
    this.#options = options;
    this.#progress = progressLine(process.stderr, flags.progress && flags.json !== true);
    this.#given = given;
    this.#html = pictures.html;
    this.#svg = pictures.svg;
  }

  static async of(files: readonly string[], flags: CheckFlags, signal: AbortSignal): Promise<Command> {
    const options = judgeOptions(flags, signal);
    const given = flags.model === undefined ? undefined : await findJudge(flags.model, options);
    return new Command(flags, options, given, await pictureTargets(files, flags));
  }

  /** What became of the file, and of its pictures if one cannot be written. */
  async check(
    file: string,
  ): Promise<{ readonly result: FileResult; readonly problems: readonly FileStatus[] }> {
    const { result, recording } = await this.#judge(file);
    this.#progress.clear();
    await write(process.stdout, this.#flags.json === true ? `${jsonLine(result)}\n` : verdictText(result));
    if (result.type === "failure") {
      await write(process.stderr, failureLine(result));
      return { result, problems: [] };
    }
    for (const note of result.notes) await tell(file, `note: ${note}`);
    const problems = recording === undefined ? [] : await this.#draw(file, recording, result);
    for (const problem of problems) await tell(file, problem);
    return { result, problems: problems.map(() => "failed") };
  }

  async #judge(file: string): Promise<{ readonly result: FileResult; readonly recording?: Recording }> {
    try {
      const startedAt = performance.now();
      const recording = await readSource(file, this.#flags.format);
      const readMs = performance.now() - startedAt;
      const by = this.#given ?? (await guessJudge(recording, this.#options));
      const onProgress: JudgeOptions["onProgress"] = (now) => this.#progress.show(file, now);
      const judgement = await judge(by, recording, { ...this.#options, onProgress });
      const verdict = judgement.type === "model" ? judgement.result.verdict : judgement.report.verdict;
      const guessed =
        this.#given === undefined ? [`the model is ${by.name}, by the operations (--model chooses)`] : [];
      const result: FileVerdict = {
        type: "verdict",
        file,
        status: STATUS_OF[verdict],
        format: recording.format,
        events: recording.events.length,
        readMs,
        judgement,
        notes: [...recording.notes, ...guessed, ...judgement.notes],
      };
      return { result, recording };
    } catch (error) {
      return { result: { type: "failure", file, failure: failureOf(error) } };
    }
  }

  /** What could not be written. */
  async #draw(file: string, recording: Recording, { judgement }: FileVerdict): Promise<readonly string[]> {
    if (judgement.type === "check") {
      if (this.#html !== undefined || this.#svg !== undefined)
        await tell(file, "note: a check has no picture; models have");
      return [];
    }
    const svg = this.#svg === undefined ? undefined : svgOf(judgement);
    const problems = [
      await this.#html?.write(file, "html", pageOf(file, recording, judgement)),
      svg === undefined ? undefined : await this.#svg?.write(file, "svg", svg),
    ];
    return problems.filter((problem) => problem !== undefined);
  }
}

function tell(file: string, text: string): Promise<void> {
  return write(process.stderr, `porcupine: ${file}: ${text}\n`);
}

function judgeOptions(flags: CheckFlags, signal: AbortSignal): JudgeOptions {
  const meaning: Partial<Meaning> = {
    ...(flags.nil === undefined ? {} : { nilIsAbsent: flags.nil === "absent" }),
    ...(flags.failedCas === undefined ? {} : { failedCasHappened: flags.failedCas === "happened" }),
  };
  return {
    model: flags.model,
    initial: flags.init?.value,
    meaning,
    independent: flags.independent,
    groupSize: flags.groupSize,
    consistencyModel: flags.consistencyModel,
    threads: flags.threads,
    timeoutMs: flags.timeout,
    maxBytes: flags.memory,
    engine: flags.engine,
    stopAtFirst: flags.stopAtFirst,
    verifyWitness: flags.verify,
    signal,
  };
}

/** Throws FailureError: the file is without a verdict, and others may have theirs. */
async function guessJudge(recording: Recording, options: JudgeOptions): Promise<Judge> {
  const name = guessModel(recording);
  const remedy = "name one with --model (porcupine models lists them)";
  if (name === undefined) {
    const reason = "its operations do not say which model they are of";
    throw new FailureError({ kind: "usage", reason, remedy, line: null });
  }
  try {
    return await findJudge(name, options);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const reason = `the model is ${name}, by the operations, but ${error.message}`;
    throw new FailureError({ kind: "usage", reason, remedy, line: null });
  }
}

/** Only what was foreseen: anything else is a bug, and is told as such. */
function failureOf(error: unknown): FailureError["failure"] {
  if (error instanceof FailureError) return error.failure;
  if (error instanceof FormatError)
    return { kind: "data", reason: error.reason, remedy: error.remedy, line: error.line };
  throw error;
}

/**
 * Waits where a pipe is full, so that nothing is lost when the process ends. Errors are the stream's to tell
 * (main.ts).
 */
function write(stream: NodeJS.WriteStream, text: string): Promise<void> {
  if (text === "") return Promise.resolve();
  return new Promise((done) => {
    stream.write(text, (error) => {
      if (!error) done();
    });
  });
}
