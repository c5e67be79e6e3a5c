import { generateTransactions, listAppend } from "porcupine-ts/anomalies";
import type { Prepared } from "./row.js";

/** Strictly serializable list-append transactions of 20 clients, judged as strict-serializable from the bare events on. */
export function transactions(count: number): () => Prepared {
  return () => {
    const events = generateTransactions({ seed: 1, transactions: count, clients: 20 });
    return () => {
      const { verdict } = listAppend().run(events);
      return { verdict, configurations: 0 };
    };
  };
}
