import type { AnyModel } from "../models/index.js";

const PROPERTIES = Object.keys({
  name: true,
  init: true,
  step: true,
  stateKey: true,
  key: true,
  problem: true,
  overwrites: true,
  readOnly: true,
  operationKey: true,
  covers: true,
  simplify: true,
  project: true,
  register: true,
  version: true,
  spec: true,
  describeOperation: true,
  describeState: true,
} satisfies Record<keyof AnyModel, true>) as readonly (keyof AnyModel)[];

/** What a thread calls to get the same model (ModelReference). */
export async function importOwnModel({
  href,
  name,
}: {
  readonly href: string;
  readonly name: string;
}): Promise<AnyModel> {
  const { model } = (await import(href)) as { readonly model: AnyModel };
  return ownModel(model, name);
}

/**
 * A model that no compiler has seen, with a `step` that stops where it returns no list: a string has a length and
 * items too, and its letters would be taken for states.
 */
export function ownModel(model: AnyModel, name: string): AnyModel {
  const properties = PROPERTIES.flatMap((property): readonly (readonly [string, unknown])[] => {
    const value: unknown = model[property];
    if (value === undefined) return [];
    // It may be an instance of a class, whose methods want their `this`.
    return [[property, typeof value === "function" ? (value.bind(model) as unknown) : value]];
  });
  const own: Partial<AnyModel> = Object.fromEntries(properties);
  return {
    ...(own as AnyModel),
    name,
    step: (state, input, output) => {
      const after: unknown = model.step(state, input, output);
      if (Array.isArray(after)) return after;
      throw new Error(
        `its step returned ${kindOf(after)} and no list for "${model.describeOperation(input, output)}"`,
      );
    },
  };
}

function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (value instanceof Promise) return "a promise";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
