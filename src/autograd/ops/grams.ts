/**
 * @file N-grams of ids, counted and weighted in a graph: what src/tokenizers/ngram-features.ts computes of a text, for programs
 * that give a model ids alone.
 *   value = (1 + ln occurrences) · idf, over the L2 norm of the row
 */
import { DtypeError, ShapeError } from '../../errors/failures.js';
import { ELEMENT_TYPE } from '../../onnx/element-type.js';
import { type Dim, formatShape, type Shape } from '../../tensor/shape.js';
import { fromNumbers } from '../../tensor/tensor.js';
import { defineVariadic, type VariadicOp } from '../op.js';
import type { Emitter, Value } from '../value.js';
import { uniform } from './samples.js';

export type GramSumsAttributes = {
  /** The ids of each n-gram, F of them, none twice. */
  readonly grams: readonly (readonly number[])[];
  /** [F] */
  readonly idf: readonly number[];
};

const gramSumsOp: VariadicOp<GramSumsAttributes> = defineVariadic({
  name: 'gramSums',
  onnx: {
    emit: (emitter, [table, ids], { grams, idf }, [signature], [output]) => {
      const one = (type: string, ...inputs: readonly string[]) => emitter.node(type, inputs)[0] as string;
      const whole = (values: readonly number[], lengths: readonly number[] = [values.length]) =>
        emitter.constant(fromNumbers('int64', lengths, values));
      const float = (value: number) => emitter.constant(fromNumbers('float32', [], [value]));
      const joined = (axis: number, ...parts: readonly string[]) =>
        emitter.node('Concat', parts, { axis: { kind: 'int', value: axis } })[0] as string;
      const add = (axis: number, to: string, at: string, values: string) =>
        emitter.node('ScatterElements', [to, at, values], {
          axis: { kind: 'int', value: axis },
          reduction: { kind: 'string', value: 'add' },
        })[0] as string;
      const F = grams.length;
      const dtype = output?.dtype ?? 'float32';
      const rows = one('Slice', one('Shape', ids as string), whole([0]), whole([1])); // [1]: B
      const numbers = joined(1, ...gramNumbers(emitter, ids as string, grams)); // [B, S times n]
      const ones = one('Expand', float(1), one('Shape', numbers));
      const none = one('Expand', float(0), joined(0, rows, whole([F + 1])));
      const counts = one('Slice', add(1, none, numbers, ones), whole([0]), whole([F]), whole([1])); // [B, F]
      const places = one('NonZero', counts); // [2, N], row by row
      const row = one('Gather', places, whole([0], [])); // [N]
      const gram = one('Gather', places, whole([1], []));
      const found = one('GatherND', counts, one('Transpose', places));
      const tf = one('Add', one('Log', found), float(1));
      const value = one('Mul', tf, one('Gather', emitter.constant(fromNumbers('float32', [F], idf)), gram));
      const squares = add(0, one('Expand', float(0), rows), row, one('Mul', value, value)); // [B]
      const share = one('Div', value, one('Gather', one('Sqrt', squares), row)); // [N]
      const cast = emitter.node('Cast', [share], { to: { kind: 'int', value: ELEMENT_TYPE[dtype] } })[0] as string;
      const weighted = one('Mul', one('Unsqueeze', cast, whole([1])), one('Gather', table as string, gram)); // [N, W]
      const width = whole([Number(signature?.shape[1])]);
      const index = one('Expand', one('Unsqueeze', row, whole([1])), joined(0, one('Shape', row), width));
      const zeros = one('Expand', emitter.constant(fromNumbers(dtype, [], [0])), joined(0, rows, width));
      return [add(0, zeros, index, weighted)];
    },
  },
  dtype: ([table, ids], _attributes, where) => {
    if ((table === 'float32' || table === 'float64') && ids === 'int64') return table;
    throw new DtypeError({ where, wanted: 'a float table and int64 ids', got: `${table}, ${ids}`, fix: 'cast them' });
  },
  shape: ([table, ids], { grams, idf }, where) => {
    const [rows, width] = table as Shape;
    if (table?.length === 2 && ids?.length === 2 && rows === grams.length && idf.length === grams.length) {
      return [ids[0] as Dim, width as Dim];
    }
    throw new ShapeError({
      where,
      wanted: 'a table [F, W] of F n-grams with an idf each, and ids [B, S]',
      got: `${formatShape(table as Shape)}, ${grams.length} n-grams, ${idf.length} idf, ${formatShape(ids as Shape)}`,
    });
  },
  vjp: { notDifferentiable: 'for exports: training reads features, whose rows are looked up with gather' },
  samples: (random) => [
    {
      inputs: [uniform(random, [3, 2], -2, 2), fromNumbers('int64', [2, 4], [7, 5, 7, 5, 5, 5, 9, 9])],
      attributes: { grams: [[7], [5, 7], [5]], idf: [1, 2, 1.5] },
    },
    {
      about: 'a row without any, and n-grams longer than the rows',
      inputs: [uniform(random, [2, 1], -2, 2), fromNumbers('int64', [2, 1], [3, 8])],
      attributes: { grams: [[8], [8, 8, 8]], idf: [1, 1] },
    },
  ],
});

/**
 * Of each row of ids [B, S] the sum of a table's rows [F, W] by its n-grams, each times its value; of a row without any 0:
 * [B, W].
 */
export function gramSums(table: Value, ids: Value, attributes: GramSumsAttributes): Value {
  return gramSumsOp([table, ids], attributes);
}
gramSums.op = gramSumsOp.op;

/**
 * For each n the numbers of the n-grams that begin at each place, int64 [B, S]; F where there is none. Single ids are looked up in
 * a table. A longer n-gram has a key, the place of its beginning among the n-grams of n − 1 times V and its last id, which is
 * searched for by halves in the sorted keys. ONNX has an operator for it, TfidfVectorizer, but no browser's runtime has that.
 */
function gramNumbers(emitter: Emitter, ids: string, grams: GramSumsAttributes['grams']): string[] {
  const { singles, levels, known } = gramKeys(grams);
  const one = (type: string, ...inputs: readonly string[]) => emitter.node(type, inputs)[0] as string;
  const whole = (values: readonly number[], lengths: readonly number[] = [values.length]) =>
    emitter.constant(fromNumbers('int64', lengths, values));
  const scalar = (value: number) => whole([value], []);
  const V = singles.length;
  const isKnown = one('And', one('GreaterOrEqual', ids, scalar(0)), one('Less', ids, scalar(V - 1)));
  const inRange = one('Where', isKnown, ids, scalar(V - 1));
  const numbers = known ? [one('Gather', whole(singles), inRange)] : [];
  let place = inRange;
  for (const [i, { keys, features }] of levels.entries()) {
    const ends = one('Pad', inRange, whole([0, i + 1]), scalar(V - 1), whole([1]));
    const last = one('Slice', ends, whole([i + 1]), whole([2 ** 31]), whole([1]));
    const key = one('Add', one('Mul', place, scalar(V)), last);
    const sorted = whole(keys);
    let at = one('Mul', key, scalar(0));
    for (let length = keys.length; length > 1; length -= length >> 1) {
      const further = one('Add', at, scalar(length >> 1));
      at = one('Where', one('LessOrEqual', one('Gather', sorted, further), key), further, at);
    }
    const isFound = one('Equal', one('Gather', sorted, at), key);
    numbers.push(one('Where', isFound, one('Gather', whole(features), at), scalar(grams.length)));
    // Below every key, and so are those that begin with it.
    place = one('Where', isFound, at, scalar(-V));
  }
  return numbers;
}

type GramLevel = {
  /** Ascending. */
  readonly keys: readonly number[];
  /** The number of each; of one that is only the beginning of others F. */
  readonly features: readonly number[];
};

/** `singles` [V]: the number of each id as an n-gram, F for none; its last is of all ids that no n-gram has. */
function gramKeys(grams: GramSumsAttributes['grams']) {
  const V = grams.reduce((most, gram) => gram.reduce((a, id) => Math.max(a, id), most), 0) + 2;
  const F = grams.length;
  const singles = new Array<number>(V).fill(F);
  const byLength = new Map<number, Map<string, number>>();
  for (const [number, gram] of grams.entries()) {
    if (gram.length === 1) singles[gram[0] as number] = number;
    for (let n = 2; n <= gram.length; n++) {
      const level = byLength.get(n) ?? new Map<string, number>();
      const name = gram.slice(0, n).join();
      byLength.set(n, level.set(name, n === gram.length ? number : (level.get(name) ?? F)));
    }
  }
  let places = new Map(Array.from({ length: V }, (_, id) => [String(id), id] as const));
  const levels: GramLevel[] = [];
  for (const [, level] of [...byLength].sort(([a], [b]) => a - b)) {
    const keyed = [...level].map(([name, feature]) => {
      const at = name.lastIndexOf(',');
      return { name, feature, key: (places.get(name.slice(0, at)) as number) * V + Number(name.slice(at + 1)) };
    });
    keyed.sort((a, b) => a.key - b.key);
    levels.push({ keys: keyed.map(({ key }) => key), features: keyed.map(({ feature }) => feature) });
    places = new Map(keyed.map(({ name }, place) => [name, place] as const));
  }
  return { singles, levels, known: singles.some((number) => number < F) };
}
