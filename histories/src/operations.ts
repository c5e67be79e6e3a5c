import type { CasRegisterInput, CasRegisterOutput, Operation } from "porcupine-ts";
import { z } from "zod";
import { HistoryError } from "./errors.js";
import type { HistoryEvent } from "./event.js";
import { firstIssue } from "./reader.js";

/** An invoke and what became of it. Without a completion: nothing at all was heard, which is as info. */
export interface EventPair {
  readonly invoke: HistoryEvent;
  readonly completion: HistoryEvent | null;
}

/** The operations of a valid history, in order of invocation; faults are left out. */
export function pairEvents(events: readonly HistoryEvent[]): EventPair[] {
  const pairs: { readonly invoke: HistoryEvent; completion: HistoryEvent | null }[] = [];
  const open = new Map<number, { completion: HistoryEvent | null }>();
  for (const event of events) {
    if (event.process === "nemesis") continue;
    if (event.type === "invoke") {
      const pair = { invoke: event, completion: null };
      pairs.push(pair);
      open.set(event.process, pair);
      continue;
    }
    const pair = open.get(event.process);
    if (pair === undefined)
      throw new HistoryError("history", event.index + 1, `${event.type} without an invoke`);
    pair.completion = event;
    open.delete(event.process);
  }
  return pairs;
}

export type RegisterOperation = Operation<CasRegisterInput, CasRegisterOutput>;

/**
 * The register operations (read, write, cas) of a history for the checker. `fail` certainly did not
 * happen and is left out; `info`, or no completion, never returned.
 *
 * Times are the events' indexes: one thread recorded them, so their order is known even where the clock
 * gave two of them the same time, and intervals that merely touch are not taken for concurrent. An
 * operation's `id` is the index of its invoke. `name` is for messages. Throws HistoryError.
 */
export function toOperations(events: readonly HistoryEvent[], name = "history"): RegisterOperation[] {
  return pairEvents(events).flatMap(({ invoke, completion }): RegisterOperation[] => {
    if (completion?.type === "fail") return [];
    const operation = {
      process: invoke.process as number,
      id: invoke.index,
      call: invoke.index,
      input: parse(inputSchema, invoke, name),
    };
    if (completion?.type !== "ok") return [operation];
    return [{ ...operation, return: completion.index, output: toOutput(completion, name) }];
  });
}

/** What an invoke asks of a register, for a checker that is fed event by event. Throws HistoryError. */
export function toRegisterInput(invoke: HistoryEvent, name = "history"): CasRegisterInput {
  return parse(inputSchema, invoke, name);
}

/** What an ok answered. Throws HistoryError. */
export function toRegisterOutput(ok: HistoryEvent, name = "history"): CasRegisterOutput {
  return toOutput(ok, name);
}

const value = z.union([z.string(), z.number()], "expected a string or a number");
const key = z.string().optional();

const inputSchema = z.discriminatedUnion("f", [
  z.object({ f: z.literal("read"), key }),
  z.object({ f: z.literal("write"), key, value }),
  z
    .object({ f: z.literal("cas"), key, value: z.tuple([value, value]) })
    .transform(({ f, key, value: [from, to] }) => ({ f, key, from, to })),
]);

/** A read's null says that the key is absent; without a value nothing is known, and that is not ok. */
const readSchema = z.object({ value: z.union([value, z.null()], "expected what was read, or null") });
/** An ok cas took place unless it says that it found another value. */
const casSchema = z.object({ succeeded: z.boolean().default(true) });

function toOutput(completion: HistoryEvent, name: string): CasRegisterOutput {
  if (completion.f === "read") return parse(readSchema, completion, name);
  return completion.f === "cas" ? parse(casSchema, completion, name) : {};
}

function parse<T>(schema: z.ZodType<T>, event: HistoryEvent, name: string): T {
  const parsed = schema.safeParse(event);
  if (parsed.success) return parsed.data;
  throw new HistoryError(name, event.index + 1, `${event.type} ${event.f}: ${firstIssue(parsed.error)}`);
}
