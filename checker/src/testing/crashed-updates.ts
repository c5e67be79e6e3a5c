import type { CasRegisterOperation } from "../generator.js";
import type { CasRegisterInput, CasRegisterOutput } from "../models/cas-register.js";

const UPDATES: readonly CasRegisterInput[] = [
  { f: "write", value: 1 },
  { f: "write", value: 2 },
  { f: "cas", from: 0, to: 1 },
  { f: "cas", from: 0, to: 2 },
  { f: "cas", from: 1, to: 2 },
];

type Look = readonly [CasRegisterInput, CasRegisterOutput];

const LOOKS: readonly Look[] = [
  [{ f: "read" }, { value: 0 }],
  [{ f: "read" }, { value: 1 }],
  [{ f: "read" }, { value: 2 }],
  [{ f: "cas", from: 0, to: 0 }, { succeeded: false }],
];

/**
 * All histories of this shape: two or three updates that never returned; a write of 0 and then a look at the register,
 * three times or twice. What was seen can be explained by one crashed update or another, and what is left of them
 * must explain what is seen later: the questions that decide which crashed operations can stand in for which.
 */
export function* crashedUpdateHistories(): Generator<CasRegisterOperation[]> {
  for (const crashed of sequences(UPDATES, 2)) {
    for (const looks of sequences(LOOKS, 3)) yield history(crashed, looks);
  }
  for (const crashed of choices(UPDATES, 3)) {
    for (const looks of sequences(LOOKS, 2)) yield history(crashed, looks);
  }
}

function history(crashed: readonly CasRegisterInput[], looks: readonly Look[]): CasRegisterOperation[] {
  const reset: Look = [{ f: "write", value: 0 }, {}];
  const answered = looks
    .flatMap((look) => [reset, look])
    .map(([input, output], i) => ({ process: 0, input, output, call: 10 * i, return: 10 * i + 5 }));
  return [...answered, ...crashed.map((input, i) => ({ process: i + 1, input, call: 6 }))];
}

/** With repetition, the order being of no account. */
function* choices<T>(from: readonly T[], count: number): Generator<T[]> {
  if (count === 0) {
    yield [];
    return;
  }
  for (const [i, first] of from.entries()) {
    for (const others of choices(from.slice(i), count - 1)) yield [first, ...others];
  }
}

function* sequences<T>(from: readonly T[], count: number): Generator<T[]> {
  if (count === 0) {
    yield [];
    return;
  }
  for (const first of from) for (const others of sequences(from, count - 1)) yield [first, ...others];
}
