import type { Verdict } from "@gauntlet/histories";

const THIN_SPACE = "\u202f";

/** `12 345`. */
export function count(value: number): string {
  return String(Math.round(value)).replaceAll(/\B(?=(\d{3})+$)/g, THIN_SPACE);
}

/** `0.42 ms`, `12 ms`, `3.1 s`. */
export function latency(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return "–";
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(ms >= 10_000 ? 0 : 1)} s`;
  return `${ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2)} ms`;
}

/** A moment or a length of a run: `12.3 s`, `4:05`, `1:02:03`. */
export function time(ms: number, digits = 1): string {
  if (ms < 120_000) return `${(ms / 1_000).toFixed(digits)} s`;
  const seconds = Math.floor(ms / 1_000);
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (part: number): string => String(part).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

export function bytes(size: number): string {
  if (size < 1_000) return `${size} B`;
  if (size < 1e6) return `${(size / 1e3).toFixed(0)} kB`;
  return size < 1e9 ? `${(size / 1e6).toFixed(1)} MB` : `${(size / 1e9).toFixed(1)} GB`;
}

/** `+0.3 ms`, `−2.0 s`. */
export function skew(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return "–";
  const size = Math.abs(ms);
  const sign = ms < 0 ? "−" : "+";
  return size >= 1_000
    ? `${sign}${(size / 1_000).toFixed(1)} s`
    : `${sign}${size.toFixed(size < 10 ? 1 : 0)} ms`;
}

/** In the reader's own time zone. */
export function date(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const two = (part: number): string => String(part).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** Never by colour alone. */
export const MARKS: Readonly<Record<Verdict, string>> = {
  valid: "✓",
  invalid: "✗",
  unknown: "?",
  failed: "!",
};

export const MEANINGS: Readonly<Record<Verdict, string>> = {
  valid: "Every check passed, on a run that did what it set out to do.",
  invalid: "A check found a violation.",
  unknown: "The run proves nothing: a check gave up, or the run was vacuous.",
  failed: "The rig itself failed. This says nothing about the system under test.",
};
