import type { Model, Scalar } from "../model.js";
import type { Operation } from "../operation.js";

/** A short label for the operations of a register; undefined for other models: they have their descriptions. */
export function defaultLabel<State, Input, Output>(
  model: Model<State, Input, Output>,
): (operation: Operation<Input, Output>) => string | undefined {
  const view = model.register;
  if (view === undefined) return () => undefined;
  return ({ input, output }) => {
    const does = view.input(input);
    const answer = output === undefined ? undefined : view.output(output);
    if (does.f === "write") return `w ${value(does.value)}`;
    if (does.f === "read") return answer === undefined ? "r ?" : `r ${value(answer.value ?? null)}`;
    const outcome = answer === undefined ? "?" : answer.succeeded === true ? "✓" : "✗";
    return `cas ${value(does.from)}→${value(does.to)} ${outcome}`;
  };
}

function value(scalar: Scalar): string {
  return scalar === null ? "∅" : String(scalar);
}
