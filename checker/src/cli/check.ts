import type { EngineName } from "../engine.js";
import type { HistoryFormat, Meaning, Recording } from "../formats/event.js";
import { FormatError } from "../formats/format-error.js";
import { InputError } from "../operation.js";
import { FailureError, UsageError } from "./errors.js";
import { exitCodeOf, type FileStatus, STATUS_OF } from "./exit-codes.js";
import { findJudge, guessModel, judge, type Judge, type JudgeOptions } from "./judge.js";
import { type ProgressLine, progressLine } from "./progress.js";
import type { FileResult, FileVerdict } from "./report.js";
import { jsonLine } from "./report-json.js";
import { failureLine, verdictText } from "./report-text.js";
import { readSource } from "./source.js";

export interface CheckFlags {
  readonly model?: string;
  readonly init?: unknown;
  readonly format?: HistoryFormat;
  readonly nil?: "absent" | "unknown";
  readonly failedCas?: "happened" | "nothing";
  readonly independent?: boolean;
  readonly groupSize?: number;
  readonly timeout?: number;
  readonly memory?: number;
  readonly engine?: EngineName | "auto";
  readonly stopAtFirst?: boolean;
  readonly verify?: boolean;
  readonly json?: boolean;
  readonly progress: boolean;
}

/** Judges the files one after the other and returns the exit code. Throws UsageError. */
export async function checkCommand(files: readonly string[], flags: CheckFlags): Promise<number> {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  process.on("SIGINT", interrupt);
  const progress = progressLine(process.stderr, flags.progress && flags.json !== true);
  const options = judgeOptions(flags, controller.signal);
  const given = flags.model === undefined ? undefined : await findJudge(flags.model, options);
  try {
    const statuses: FileStatus[] = [];
    for (const file of files) {
      const result = await checkFile(file, given, flags, options, progress);
      progress.clear();
      await write(process.stdout, flags.json === true ? `${jsonLine(result)}\n` : verdictText(result));
      if (result.type === "failure") await write(process.stderr, failureLine(result));
      else
        for (const note of result.notes) await write(process.stderr, `porcupine: ${file}: note: ${note}\n`);
      statuses.push(result.type === "failure" ? result.failure.kind : result.status);
      if (controller.signal.aborted) {
        const left = files.length - statuses.length;
        if (left > 0)
          await write(process.stderr, `porcupine: interrupted, ${left} files were not looked at\n`);
        return exitCodeOf([...statuses, "unknown"]);
      }
    }
    return exitCodeOf(statuses);
  } finally {
    process.off("SIGINT", interrupt);
  }
}

function judgeOptions(flags: CheckFlags, signal: AbortSignal): JudgeOptions {
  const meaning: Partial<Meaning> = {
    ...(flags.nil === undefined ? {} : { nilIsAbsent: flags.nil === "absent" }),
    ...(flags.failedCas === undefined ? {} : { failedCasHappened: flags.failedCas === "happened" }),
  };
  return {
    model: flags.model,
    initial: flags.init,
    meaning,
    independent: flags.independent,
    groupSize: flags.groupSize,
    timeoutMs: flags.timeout,
    maxBytes: flags.memory,
    engine: flags.engine,
    stopAtFirst: flags.stopAtFirst,
    verifyWitness: flags.verify,
    signal,
  };
}

async function checkFile(
  file: string,
  given: Judge | undefined,
  flags: CheckFlags,
  options: JudgeOptions,
  progress: ProgressLine,
): Promise<FileResult> {
  try {
    const startedAt = performance.now();
    const recording = await readSource(file, flags.format);
    const readMs = performance.now() - startedAt;
    const by = given ?? (await guessJudge(recording, options));
    const onProgress: JudgeOptions["onProgress"] = (now) => progress.show(file, now);
    const judgement = await judge(by, recording, { ...options, onProgress });
    const verdict = judgement.type === "model" ? judgement.result.verdict : judgement.report.verdict;
    const guessed =
      given === undefined ? [`the model is ${by.name}, by the operations (--model chooses)`] : [];
    return {
      type: "verdict",
      file,
      status: STATUS_OF[verdict],
      format: recording.format,
      events: recording.events.length,
      readMs,
      judgement,
      notes: [...recording.notes, ...guessed, ...judgement.notes],
    } satisfies FileVerdict;
  } catch (error) {
    return { type: "failure", file, failure: failureOf(error) };
  }
}

async function guessJudge(recording: Recording, options: JudgeOptions): Promise<Judge> {
  const name = guessModel(recording);
  if (name !== undefined) return findJudge(name, options);
  throw new UsageError(
    "--model: its operations do not say which model they are of; name one (porcupine models lists them)",
  );
}

/** Only what was foreseen: anything else is a bug, and is told as such. */
function failureOf(error: unknown): FailureError["failure"] {
  if (error instanceof FailureError) return error.failure;
  if (error instanceof FormatError)
    return { kind: "data", reason: error.reason, remedy: error.remedy, line: error.line };
  if (error instanceof InputError) return { kind: "data", reason: error.message, remedy: null, line: null };
  throw error;
}

/** Waits where a pipe is full, so that nothing is lost when the process ends. */
function write(stream: NodeJS.WriteStream, text: string): Promise<void> {
  if (text === "") return Promise.resolve();
  return new Promise((done, fail) => {
    stream.write(text, (error) => (error ? fail(error) : done()));
  });
}
