import type { TimeUnit } from "../data.js";

export interface TimeFormat {
  /** A moment, counted from the first one of the page where the unit is known. */
  moment(time: number, precision: number): string;
  duration(time: number): string;
}

/** Part of the page's script. */
export function createTimeFormat(unit: TimeUnit | null, origin: number): TimeFormat {
  const UNITS: readonly (readonly [string, number])[] = [
    ["s", 1],
    ["ms", 1e-3],
    ["µs", 1e-6],
    ["ns", 1e-9],
  ];
  const seconds = { s: 1, ms: 1e-3, us: 1e-6, ns: 1e-9 };
  return {
    moment(time, precision) {
      if (unit === null) return plain(time);
      const scale = seconds[unit];
      return inUnit((time - origin) * scale, precision * scale);
    },
    duration(time) {
      if (unit === null) return plain(time);
      return inUnit(time * seconds[unit], (time * seconds[unit]) / 100);
    },
  };

  function plain(time: number): string {
    return String(Math.round(time * 1000) / 1000);
  }

  /** In the unit that suits the value, with the digits that the precision needs. */
  function inUnit(value: number, precision: number): string {
    const size = Math.max(Math.abs(value), Math.abs(precision));
    const [name, scale] = UNITS.find(([, least]) => size >= least) ?? ["ns", 1e-9];
    const digits = Math.ceil(-Math.log10(Math.max(Math.abs(precision), 1e-10) / scale));
    return `${(value / scale).toFixed(Math.min(Math.max(digits, 0), 6))} ${name}`;
  }
}
