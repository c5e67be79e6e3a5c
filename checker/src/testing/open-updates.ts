import type { CasRegisterInput, CasRegisterOutput } from "../models/cas-register.js";
import type { KvInput, KvOutput } from "../models/kv.js";
import type { Operation } from "../operation.js";

export interface Mix<Input, Output> {
  /** Done before all else. */
  readonly first: Input;
  readonly crashed: readonly Input[];
  readonly open: readonly (readonly [Input, Output])[];
  /** What is read when all is done. */
  readonly last: readonly (readonly [Input, Output])[];
}

/**
 * All histories of this shape: an update; up to two are called that never return; three operations are called together
 * and return one after the other; then the object is read. Whatever a search leaves out of the orders that such
 * operations allow, because another order does as well: if that is wrong, one of these needs what was left out.
 */
export function* mixes<Input, Output>({
  first,
  crashed,
  open,
  last,
}: Mix<Input, Output>): Generator<Operation<Input, Output | object>[]> {
  for (const inputs of upToTwo(crashed)) {
    const before = [
      { process: 0, input: first, output: {}, call: 0, return: 1 },
      ...inputs.map((input, i) => ({ process: 10 + i, input, call: 2 })),
    ];
    for (const a of open) {
      for (const b of open) {
        for (const c of open) {
          const together = [a, b, c].map(([input, output], i) => ({
            process: 1 + i,
            input,
            output,
            call: 3,
            return: 4 + i,
          }));
          for (const [input, output] of last)
            yield [...before, ...together, { process: 0, input, output, call: 8, return: 9 }];
        }
      }
    }
  }
}

function upToTwo<T>(from: readonly T[]): (readonly T[])[] {
  const pairs = from.flatMap((first, i) => from.slice(i).map((second) => [first, second]));
  return [[], ...from.map((one) => [one]), ...pairs];
}

const write = (value: number): CasRegisterInput => ({ f: "write", value });
const cas = (from: number, to: number): CasRegisterInput => ({ f: "cas", from, to });
const read = (value: number): readonly [CasRegisterInput, CasRegisterOutput] => [{ f: "read" }, { value }];

export const REGISTER_MIX: Mix<CasRegisterInput, CasRegisterOutput> = {
  first: write(1),
  crashed: [write(1), write(2), write(3), cas(1, 2), cas(2, 1), cas(2, 3)],
  open: [
    ...[write(1), write(2), write(3)].map((input) => [input, {}] as const),
    ...[cas(1, 2), cas(2, 1), cas(1, 3)].map((input) => [input, { succeeded: true }] as const),
    read(1),
    read(2),
  ],
  last: [read(1), read(2), read(3)],
};

const put = (value: string): KvInput => ({ f: "put", key: "a", value });
const append = (value: string): KvInput => ({ f: "append", key: "a", value });
const get = (value: string): readonly [KvInput, KvOutput] => [{ f: "get", key: "a" }, { value }];

export const KV_MIX: Mix<KvInput, KvOutput> = {
  first: put("x"),
  crashed: [put("x"), put("y"), append("y")],
  open: [
    ...[put("x"), put("y"), append("x"), append("y")].map((input) => [input, {}] as const),
    get("x"),
    get("xy"),
  ],
  last: [get("x"), get("y"), get("xy"), get("yx")],
};
