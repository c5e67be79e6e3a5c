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
  // What edn-data alone reads as something else, or not at all.
  ["[1;2\n3 ; 4]\n5]", [1, 3, 5]],
  ["7 ;", 7],
  [String.raw`[\{ \} \" \; \, \# \[ 1]`, ["{", "}", '"', ";", ",", "#", "[", 1]],
  ["[##-Inf 2 ##Inf]", [Number.NEGATIVE_INFINITY, 2, Number.POSITIVE_INFINITY]],
  ["##NaN", Number.NaN],
  ["[9007199254740993 -9007199254740993 1000000000000000]", [9007199254740993n, -9007199254740993n, 1e15]],
  ["0x5e3d57c7", 0x5e3d57c7],
  ['#inst "the day before"', "the day before"],
  ["{:a #_1 2 #_:b}", { a: 2 }],
  ["[#_#_1 2 3]", [3]],
  ["[1 #_{:a 1 :a 2}]", [1]],
  // A tag that is no record's stays, so that what it marks equals nothing else.
  ["[#foo 1 #foo nil #a.b 2]", [{ "#foo": 1 }, { "#foo": null }, { "#a.b": 2 }]],
  ["#a #b {:c 1}", { "#a": { "#b": { c: 1 } } }],
  ['#jepsen.history.Op{:value #uuid "ab"}', { value: "ab" }],
  ['#{1 "1" [1] ["1"] nil}', [1, "1", [1], ["1"], null]],
])("reads %s", (edn, value) => {
  expect(parseEdn(edn, 1)).toEqual(value);
});

test.each<[edn: string, reason: string]>([
  ["", "it ends in the middle of a form"],
  ["[1", "it ends in the middle"],
  ["   ", "it ends in the middle"],
  ["{:a [1}", '"}" where nothing of its kind is open'],
  ["1]", '"]" where nothing of its kind is open'],
  ["[1)", '")" where nothing of its kind is open'],
  ["1 2", '"2" after a form'],
  ['"abc', "a string that does not end"],
  ['"\\q"', "Unexpected escape character: \\q"],
  ['"\\u00g0"', "Invalid unicode escape: \\u00g"],
  ["{:a}", "a map whose last key has no value"],
  ["{:a 1 :a 2}", 'the key "a" appears twice'],
  ['{:a 1 "a" 2}', 'the key "a" appears twice'],
  [":", "a keyword without a name"],
  ["\\abc", '"\\\\abc" is no character'],
  ["#", '"#" is no tag'],
  ["{:a 1 :b}", "a map whose last key has no value"],
  ["{:a 1 #_:b :c}", "a map whose last key has no value"],
  ["{:a #_ #_ 1}", '"}" where a tag or #_ waits for a form'],
  ["[2 #_]", '"]" where a tag or #_ waits for a form'],
  ["[#foo]", '"]" where a tag or #_ waits for a form'],
  ["#foo", "it ends in the middle"],
  ["#_1", "it ends in the middle"],
  ['#"a"', '"#" is no tag'],
  ["# {1 2}", '"#" is no tag'],
  ["#constructor 1", '"#constructor" is no tag'],
  ["#toString 1", '"#toString" is no tag'],
  ["#foo#{1}", '"#foo#" is no tag'],
  ["##Infinity", '"##Infinity" is no tag'],
  ["[:a#{1}]", '":a#" is no symbol or keyword'],
  ["::a", '"::a" is no symbol or keyword'],
  ["@a", '"@a" is no symbol or keyword'],
  ["a\\b", '"a\\\\b" is no symbol or keyword'],
  ["^a", "metadata"],
  ["[:a\u00a01]", "is no white space of EDN"],
  ["\\", '"\\\\" is no character'],
  ["\\formfeed", "is no character"],
  ["1/2", '"1/2" is no integer and no decimal number; record it as a string'],
  ["007", '"007" is no integer and no decimal number'],
  ["[1#_2]", '"1#_2" is no integer'],
  [".5", '".5" is no integer'],
  ["1.0000000000000001M", "more digits than can be told apart"],
  ["#{1 1}", "the element 1 appears twice in one set"],
  ["#{[1] (1)}", "the element [1] appears twice in one set"],
  ["[{:a 1} {:b {:c 1, :c 2}}]", 'the key "c" appears twice'],
  ["^{:a 1} [2]", "metadata"],
])("refuses %s", (edn, reason) => {
  expect(() => parseEdn(edn, 1)).toThrow(FormatError);
  expect(() => parseEdn(edn, 1)).toThrow(reason);
});

test.each(["[", "#_", "#a ", "{1 ", "#{"])("refuses %s without end", (opening) => {
  expect(() => parseEdn(opening.repeat(10_000), 1)).toThrow(FormatError);
  expect(() => parseEdn(opening.repeat(10_000), 1)).toThrow("nested deeper than 64");
});

test("the line of the damage, counted from the form's first", () => {
  expect(() => parseEdn("{:a 1\n :b ]}", 10)).toThrow('line 11: not EDN: "]" where');
  expect(() => parseEdn("[; (\n\n 1/2]", 10)).toThrow('line 12: not EDN: "1/2" is no integer');
});

test("reads what was written", () => {
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
  fc.assert(
    fc.property(value, fc.boolean(), (data, spacious) => {
      const edn = written(data, spacious ? " ,\n" : " ");
      expect(parseEdn(edn, 1)).toEqual(data);
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
