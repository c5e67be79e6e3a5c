import { parseEDNString } from "edn-data";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseEdn } from "./edn.js";
import { FormatError } from "./format-error.js";

test.each<[edn: string, value: unknown]>([
  ["nil", null],
  [" true ; yes\n", true],
  ["-12", -12],
  ["-0", 0],
  ["7N", 7],
  ["12345678901234567890", 12345678901234567890n],
  ["1.5e3", 1500],
  ["2.0M", 2],
  ["##Inf", Number.POSITIVE_INFINITY],
  [":a.b/c", "a.b/c"],
  ["foo/bar", "foo/bar"],
  [String.raw`"a\n\"é\\"`, 'a\n"é\\'],
  [String.raw`[\a \newline \u0041 \( \\ \space]`, ["a", "\n", "A", "(", "\\", " "]],
  ["#{1 [2 (3)]}", [1, [2, [3]]]],
  ["{:a 1, 2 #{} [3] nil}", { a: 1, "2": [], "[3]": null }],
  ['#inst "2020-01-01"', "2020-01-01"],
  ["#a.b{:c #:d{:e 1}}", { c: { e: 1 } }],
  ["#_ 1 [2 #_{:a #_3 4} 5 #_6]", [2, 5]],
  ["{:__proto__ 1}", JSON.parse('{"__proto__":1}')],
])("reads %s", (edn, value) => {
  expect(parseEdn(edn, 1)).toEqual(value);
});

test.each<[edn: string, reason: string]>([
  ["", "it ends in the middle of a form"],
  ["[1", "it ends in the middle"],
  ["[1)", '")" where nothing of its kind is open'],
  ["1 2", '"2" after a form'],
  ['"abc', "a string that does not end"],
  ['"\\q"', "the escape \\q in a string"],
  ['"\\u00g0"', "the escape \\u in a string"],
  ["{:a}", "a map whose last key has no value"],
  ["{:a 1 :a 2}", 'the key "a" appears twice'],
  ['{:a 1 "a" 2}', 'the key "a" appears twice'],
  [":", "a keyword without a name"],
  ["\\abc", '"\\\\abc" is no character'],
  ["#", '"#" is no tag'],
  ["^{:a 1} [2]", "metadata"],
  ["[".repeat(10_000), "nested deeper than 64"],
  ["#_".repeat(10_000), "nested deeper than 64"],
])("refuses %s", (edn, reason) => {
  expect(() => parseEdn(edn, 1)).toThrow(FormatError);
  expect(() => parseEdn(edn, 1)).toThrow(reason);
});

test("the line of the damage, counted from the form's first", () => {
  expect(() => parseEdn("{:a 1\n :b ]}", 10)).toThrow('line 11: not EDN: "]" where');
});

test("reads what another reader reads alike", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "é", '"', "\\", "\n", ";", "}") });
  const scalar = fc.oneof(fc.integer(), fc.boolean(), fc.constant(null), text);
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      scalar,
      fc.array(tie("value")),
      fc.dictionary(fc.stringMatching(/^[a-z]+$/), tie("value")),
    ),
  }));
  const options = { mapAs: "object", keywordAs: "string", listAs: "array" } as const;
  fc.assert(
    fc.property(value, fc.boolean(), (data, spacious) => {
      const edn = written(data, spacious ? " ,\n" : " ");
      expect(parseEdn(edn, 1)).toEqual(data);
      expect(parseEDNString(edn, options)).toEqual(data);
    }),
  );
});

function written(value: unknown, space: string): string {
  if (typeof value === "string") return `"${value.replace(/["\\]/g, "\\$&")}"`;
  if (typeof value !== "object" || value === null) return value === null ? "nil" : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((element) => written(element, space)).join(space)}]`;
  return `{${Object.entries(value)
    .map(([key, member]) => `:${key} ${written(member, space)}`)
    .join(space)}}`;
}
