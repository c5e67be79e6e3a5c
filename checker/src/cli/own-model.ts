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

/** The model under a name that people know it by. */
export function ownModel(model: AnyModel, name: string): AnyModel {
  const properties = PROPERTIES.flatMap((property): readonly (readonly [string, unknown])[] => {
    const value: unknown = model[property];
    if (value === undefined) return [];
    // It may be an instance of a class, whose methods want their `this`.
    return [[property, typeof value === "function" ? (value.bind(model) as unknown) : value]];
  });
  return { ...(Object.fromEntries(properties) as unknown as AnyModel), name };
}
