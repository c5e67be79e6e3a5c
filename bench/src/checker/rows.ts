import { casRegister, checkOperations, generateHistory, type GeneratorOptions } from "porcupine-ts";
import { recorded } from "./recorded.js";
import type { Prepared, Row } from "./row.js";
import { streamed } from "./streamed.js";
import { transactions } from "./transactions.js";

const UNIQUE = { seed: 1, values: "unique", reads: 0.5, cas: 0 } as const;
const FIVE = { seed: 1, values: 5 } as const;

export const ROWS: readonly Row[] = [
  {
    name: "Jepsen etcd logs, 53 files",
    porcupine: "272 ms, 294k configurations",
    goal: "13.6 ms, none over 3 ms",
    prepare: recorded("porcupine/jepsen/"),
  },
  {
    name: "Knossos cas-register, 68 files",
    porcupine: "-",
    goal: "10 ms",
    prepare: recorded("knossos/cas-register/"),
  },
  {
    name: "kv c50-ok",
    porcupine: "126 ms, 178k configurations",
    goal: "10 ms",
    prepare: recorded("porcupine/kv/c50-ok"),
  },
  {
    name: "kv c50-bad, all ten keys",
    porcupine: "never",
    goal: "1 s, 200 MB",
    prepare: recorded("porcupine/kv/c50-bad"),
  },
  {
    name: "unique writes, 25 clients, 1k",
    porcupine: "unknown at 60 s",
    goal: "5 ms",
    prepare: generated({ ...UNIQUE, operations: 1_000, clients: 25 }),
  },
  {
    name: "unique writes, 25 clients, 100k",
    porcupine: "unknown at 60 s",
    goal: "150 ms",
    prepare: generated({ ...UNIQUE, operations: 100_000, clients: 25 }),
  },
  {
    name: "unique writes, 5 clients, 100k",
    porcupine: "5.05 s, 4.6 GB",
    goal: "80 ms, 100 MB",
    prepare: generated({ ...UNIQUE, operations: 100_000, clients: 5 }),
  },
  {
    name: "the same, 1M, streamed",
    porcupine: "-",
    goal: "1 s, flat memory",
    repeat: 3,
    prepare: streamed({ ...UNIQUE, operations: 1_000_000, clients: 5 }),
  },
  {
    name: "cas of 5 values, 25 clients, 1k",
    porcupine: "unknown at 60 s",
    goal: "1 s",
    prepare: generated({ ...FIVE, operations: 1_000, clients: 25 }),
  },
  {
    name: "cas of 5 values, 10 clients, 1k, 2 % crashed",
    porcupine: "6.6 ms",
    goal: "6.6 ms",
    prepare: generated({ ...FIVE, operations: 1_000, clients: 10, crashRate: 0.02 }),
  },
  {
    name: "list-append, 1M transactions",
    porcupine: "- (Elle: about 10 s)",
    goal: "5 s, 2 GB",
    repeat: 3,
    prepare: transactions(1_000_000),
  },
];

function generated(options: GeneratorOptions): () => Prepared {
  return () => {
    const operations = generateHistory(options);
    return () => checkOperations(casRegister(), operations);
  };
}
