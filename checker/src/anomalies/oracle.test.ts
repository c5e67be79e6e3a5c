import { expect, test } from "vitest";
import type { ConsistencyModel } from "./consistency-models.js";
import { analyzeListAppend } from "./list-append.js";
import { parseListAppend } from "./list-append-history.js";
import { isSerializable, isSnapshotIsolated, type OracleOrder } from "./testing/oracle.js";
import { weakHistory } from "./testing/weak-database.js";

const HISTORIES = Number(process.env["ANOMALY_HISTORIES"] ?? 1500);

const MODELS: readonly (readonly [ConsistencyModel, typeof isSerializable, OracleOrder])[] = [
  ["serializable", isSerializable, "none"],
  ["strong-session-serializable", isSerializable, "process"],
  ["strict-serializable", isSerializable, "realtime"],
  ["snapshot-isolation", isSnapshotIsolated, "none"],
  ["strong-session-snapshot-isolation", isSnapshotIsolated, "process"],
  ["strong-snapshot-isolation", isSnapshotIsolated, "realtime"],
];

test.each(MODELS)(
  "%s: what is illegal has no explanation, and where all is read, what has none is illegal",
  (model, oracle, order) => {
    const wrong: string[] = [];
    const counts = { legal: 0, illegal: 0, missed: 0 };
    for (let seed = 1; seed <= HISTORIES; seed++) {
      const { history, complete } = weakHistory(seed);
      const legal = oracle(history, order);
      const { verdict, reason } = analyzeListAppend(parseListAppend(history), { consistencyModel: model });
      if (legal) counts.legal++;
      else if (verdict === "illegal") counts.illegal++;
      else counts.missed++;
      if (legal && verdict === "illegal") wrong.push(`seed ${seed}: legal, but ${reason}`);
      if (!legal && complete && verdict !== "illegal")
        wrong.push(`seed ${seed}: ${verdict} (${reason}), but it has no explanation`);
    }
    console.log(`${model}: ${JSON.stringify(counts)} of ${HISTORIES}`);
    expect(wrong).toEqual([]);
    expect(counts.legal).toBeGreaterThan(HISTORIES / 20);
    expect(counts.illegal).toBeGreaterThan(HISTORIES / 20);
  },
  600_000,
);
