import { casRegister, generateHistory, type GeneratorOptions, StreamingChecker } from "porcupine-ts";
import type { Prepared } from "./row.js";

/** The events of a generated history, pushed one by one as a running test would. */
export function streamed(options: GeneratorOptions): () => Prepared {
  return () => {
    const events = generateHistory(options)
      .flatMap((operation) => {
        const { process, input, output, call, return: returned } = operation;
        const invoke = { time: call, event: { type: "invoke", process, input } as const };
        if (returned === undefined || output === undefined) return [invoke];
        return [invoke, { time: returned, event: { type: "ok", process, output } as const }];
      })
      .toSorted((a, b) => a.time - b.time || (a.event.type === "invoke" ? -1 : 1))
      .map(({ event }) => event);
    return () => {
      const checker = new StreamingChecker(casRegister());
      for (const event of events) checker.push(event);
      const bytes = checker.bytes;
      return { ...checker.end(), bytes };
    };
  };
}
