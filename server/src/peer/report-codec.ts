import { gauntletpeer, toSafeNumber } from "@gauntlet/proto";
import type { Alarm, Report } from "../replica/report.js";

type WireReport = gauntletpeer.Report.$Properties;

const ALARM_TO_WIRE = {
  NOSPACE: gauntletpeer.Alarm.NOSPACE,
  CORRUPT: gauntletpeer.Alarm.CORRUPT,
} as const satisfies Record<Alarm, gauntletpeer.Alarm>;

export function reportToWire({ alarms, hashes, hashFormat }: Report): WireReport {
  return {
    alarms: alarms.map((alarm) => ALARM_TO_WIRE[alarm]),
    hashes: hashes.map(({ index, revision, hash }) => ({ index, revision, hash })),
    hash_format: hashFormat,
  };
}

/** The inverse. Throws on an alarm that is not known here, and on numbers beyond 2^53. */
export function reportFromWire({ alarms, hashes, hash_format: hashFormat }: WireReport): Report {
  return {
    alarms: (alarms ?? []).map((alarm) => {
      if (alarm === gauntletpeer.Alarm.NOSPACE) return "NOSPACE";
      if (alarm === gauntletpeer.Alarm.CORRUPT) return "CORRUPT";
      throw new Error(`a report has the alarm ${alarm}, which is not known here`);
    }),
    hashes: (hashes ?? []).map(({ index, revision, hash }) => {
      return { index: toSafeNumber(index ?? 0), revision: toSafeNumber(revision ?? 0), hash: hash ?? 0 };
    }),
    // 0: from a member that does not tell yet.
    hashFormat: Math.max(1, hashFormat ?? 1),
  };
}
