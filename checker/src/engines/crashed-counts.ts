import { at } from "../operation.js";
import type { Problem } from "../problem.js";

/**
 * How many of each group of crashed operations are used up, packed into a few words, so that two such counts are
 * compared a word at a time. Each field has a guard bit above it: `(b | guards) - a` keeps all guards exactly
 * if no field of a is above b's.
 *
 * Of two configurations that differ only in this, the one that has left all that the other has left, or
 * operations that can stand in for it (`problem.coveredBy`), can do all that the other can. For a family, a group
 * and those that it covers, that is: what the one used beyond the other of the covered groups is
 * no more than what it has left beyond the other of the covering one.
 */
export class CrashedCounts {
  /** Words in all. */
  readonly words: number;
  /** The first words, compared as they are: groups without a family, of a family the cover and the sum. */
  readonly #compared: number;
  readonly #guards: Int32Array;
  /** By group. */
  readonly #fields: readonly Field[];
  /** By group: the sum of its family; undefined: it has no family. */
  readonly #sums: readonly (Field | undefined)[];
  readonly #families: readonly { readonly cover: Field; readonly members: readonly Field[] }[];

  constructor({ crashedGroups, coveredBy }: Problem) {
    const packer = new Packer();
    const size = (group: number): number => at(crashedGroups, group).length;
    const membersOf = crashedGroups.map((_, group) => indexesOf(coveredBy, group));
    const fields: (Field | undefined)[] = crashedGroups.map((_, group) =>
      coveredBy[group] === -1 ? packer.add(size(group)) : undefined,
    );
    const sums: (Field | undefined)[] = crashedGroups.map(() => undefined);
    membersOf.forEach((members, cover) => {
      if (members.length === 0) return;
      const sum = packer.add(members.reduce((all, group) => all + size(group), size(cover)));
      for (const group of [cover, ...members]) sums[group] = sum;
    });
    this.#compared = packer.words;
    packer.startWord();
    this.#fields = fields.map((field, group) => field ?? packer.add(size(group)));
    this.#sums = sums;
    this.#families = membersOf.flatMap((members, cover) =>
      members.length === 0
        ? []
        : [{ cover: at(this.#fields, cover), members: members.map((group) => at(this.#fields, group)) }],
    );
    this.words = packer.words;
    this.#guards = packer.guards();
  }

  get(counts: Int32Array, group: number): number {
    return read(counts, 0, this.#fields[group] as Field);
  }

  /** Adds 1 or -1. */
  change(counts: Int32Array, group: number, by: 1 | -1): void {
    const { word, unit } = this.#fields[group] as Field;
    counts[word] = (counts[word] as number) + by * unit;
    const sum = this.#sums[group];
    if (sum !== undefined) counts[sum.word] = (counts[sum.word] as number) + by * sum.unit;
  }

  /** Whether the counts in `a` from `aStart` have left all that those in `b` have, or what can stand in for it. */
  leaveNoLess(a: Int32Array, aStart: number, b: Int32Array, bStart: number): boolean {
    const guards = this.#guards;
    for (let word = 0; word < this.#compared; word++) {
      const guard = guards[word] as number;
      const difference = ((b[bStart + word] as number) | guard) - (a[aStart + word] as number);
      if ((difference & guard) !== guard) return false;
    }
    for (let family = 0; family < this.#families.length; family++) {
      const { cover, members } = this.#families[family] as { cover: Field; members: readonly Field[] };
      let spare = read(b, bStart, cover) - read(a, aStart, cover);
      for (let i = 0; i < members.length; i++) {
        const member = members[i] as Field;
        const more = read(a, aStart, member) - read(b, bStart, member);
        if (more > 0) spare -= more;
      }
      if (spare < 0) return false;
    }
    return true;
  }
}

interface Field {
  readonly word: number;
  readonly shift: number;
  readonly mask: number;
  readonly unit: number;
}

function read(counts: Int32Array, start: number, { word, shift, mask }: Field): number {
  return ((counts[start + word] as number) >>> shift) & mask;
}

class Packer {
  words = 0;
  #bit = WORD_BITS;
  readonly #guards: number[] = [];

  startWord(): void {
    this.#bit = WORD_BITS;
  }

  add(max: number): Field {
    const width = WORD_BITS - Math.clz32(max);
    if (width >= WORD_BITS) throw new RangeError(`${max} crashed operations are more than a field can count`);
    if (this.#bit + width + 1 > WORD_BITS) {
      this.words++;
      this.#guards.push(0);
      this.#bit = 0;
    }
    const word = this.words - 1;
    const shift = this.#bit;
    this.#guards[word] = at(this.#guards, word) | (1 << (shift + width));
    this.#bit += width + 1;
    return { word, shift, mask: 2 ** width - 1, unit: 1 << shift };
  }

  guards(): Int32Array {
    return Int32Array.from(this.#guards);
  }
}

const WORD_BITS = 32;

function indexesOf(list: Int32Array, wanted: number): number[] {
  const indexes: number[] = [];
  list.forEach((value, index) => {
    if (value === wanted) indexes.push(index);
  });
  return indexes;
}
