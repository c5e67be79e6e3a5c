import type { CasRegisterOperation } from "../generator.js";
import type { CasRegisterInput, CasRegisterOutput } from "../models/cas-register.js";

type Answered = readonly [CasRegisterInput, CasRegisterOutput];

const CRASHED: readonly CasRegisterInput[] = [write(1), write(2), write(3), cas(1, 2), cas(2, 1), cas(2, 3)];

const OPEN: readonly Answered[] = [
  [write(1), {}],
  [write(2), {}],
  [write(3), {}],
  [cas(1, 2), { succeeded: true }],
  [cas(2, 1), { succeeded: true }],
  [cas(1, 3), { succeeded: true }],
  [{ f: "read" }, { value: 1 }],
  [{ f: "read" }, { value: 2 }],
];

/**
 * All histories of this shape: the register holds 1; up to two updates are called that never return; three operations
 * are called together and return one after the other; then the register is read. Whatever a search leaves out of the
 * orders that such operations allow, because another order does as well, one of these histories needs the other.
 */
export function* openUpdateHistories(): Generator<CasRegisterOperation[]> {
  for (const crashed of upToTwo(CRASHED)) {
    for (const first of OPEN) {
      for (const second of OPEN) {
        for (const third of OPEN) {
          for (const value of [1, 2, 3]) yield history(crashed, [first, second, third], value);
        }
      }
    }
  }
}

function history(
  crashed: readonly CasRegisterInput[],
  open: readonly Answered[],
  value: number,
): CasRegisterOperation[] {
  return [
    { process: 0, input: write(1), output: {}, call: 0, return: 1 },
    ...crashed.map((input, i) => ({ process: 10 + i, input, call: 2 })),
    ...open.map(([input, output], i) => ({ process: 1 + i, input, output, call: 3, return: 4 + i })),
    { process: 0, input: { f: "read" }, output: { value }, call: 8, return: 9 },
  ];
}

function upToTwo<T>(from: readonly T[]): (readonly T[])[] {
  const pairs = from.flatMap((first, i) => from.slice(i).map((second) => [first, second]));
  return [[], ...from.map((one) => [one]), ...pairs];
}

function write(value: number): CasRegisterInput {
  return { f: "write", value };
}

function cas(from: number, to: number): CasRegisterInput {
  return { f: "cas", from, to };
}
