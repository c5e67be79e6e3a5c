import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseJson } from "./json.js";

test("reads what JSON.parse reads", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), fc.boolean(), (json, pretty) => {
      const value: unknown = JSON.parse(json);
      expect(parseJson(pretty ? JSON.stringify(value, null, 2) : json, 1)).toEqual({ value });
    }),
  );
});

test("a key given twice is found wherever it is, and no other key is taken for one", () => {
  const key = fc.string({ unit: fc.constantFrom("a", '"', "\\", ":", "{", "}", "ä") });
  fc.assert(
    fc.property(
      fc.uniqueArray(key, { minLength: 1, maxLength: 5 }),
      fc.nat(),
      fc.nat(3),
      (keys, pick, depth) => {
        const members = keys.map((name) => `${JSON.stringify(name)}:{"a":[]}`);
        const nested = (object: string): string => '{"x":['.repeat(depth) + object + "]}".repeat(depth);
        expect(parseJson(nested(`{${members.join(",")}}`), 1)).toBeDefined();
        const doubled = keys[pick % keys.length] as string;
        const twice = `{${[...members, `${JSON.stringify(doubled)} : 1`].join(",")}}`;
        expect(() => parseJson(nested(twice), 7)).toThrow(
          `line 7: the key ${JSON.stringify(doubled)} appears twice in one object; keep the one that is meant`,
        );
      },
    ),
  );
});

test("what is no JSON is undefined", () => {
  for (const text of ["", "{", '{"a":1,}', '"\\', '{"a":"b}', "nul", "{a:1}", "1 2"]) {
    expect(parseJson(text, 1)).toBeUndefined();
  }
});
