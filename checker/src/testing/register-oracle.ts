import type { CasRegisterOperation } from "../generator.js";

/**
 * Linearizability of one register by its definition, for tests: tries every order, remembers nothing, knows the register
 * by its own few lines and not by the model. Exponential: for a handful of operations.
 */
export function isLinearizableRegister(
  history: readonly CasRegisterOperation[],
  initial: string | number | null = null,
): boolean {
  return extend(history, initial);
}

function extend(left: readonly CasRegisterOperation[], value: string | number | null): boolean {
  if (left.every((operation) => operation.return === undefined)) return true;
  return left.some((next) => {
    // Nothing still left may have returned before `next` was called.
    if (left.some((other) => other.return !== undefined && other.return < next.call)) return false;
    const after = apply(next, value);
    return (
      after !== IMPOSSIBLE &&
      extend(
        left.filter((other) => other !== next),
        after,
      )
    );
  });
}

const IMPOSSIBLE = Symbol("impossible");

function apply(
  { input, output }: CasRegisterOperation,
  value: string | number | null,
): string | number | null | typeof IMPOSSIBLE {
  if (input.f === "write") return input.value;
  if (input.f === "read") return output === undefined || output.value === value ? value : IMPOSSIBLE;
  const success = input.from === value;
  if (output !== undefined && output.succeeded !== success) return IMPOSSIBLE;
  return success ? input.to : value;
}
