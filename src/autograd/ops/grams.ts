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
import type { Value } from '../value.js';
import { uniform } from './samples.js';
import { int64 } from './shaping.js';

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
      const float = (values: readonly number[], lengths: readonly number[]) =>
        emitter.constant(fromNumbers('float32', lengths, values));
      const add = (to: string, at: string, rows: string) =>
        emitter.node('ScatterElements', [to, at, rows], {
          axis: { kind: 'int', value: 0 },
          reduction: { kind: 'string', value: 'add' },
        })[0] as string;
      const dtype = output?.dtype ?? 'float32';
      const counts = emitter.node('TfIdfVectorizer', [ids as string], vectorizer(grams))[0] as string; // [B, F]
      const places = one('NonZero', counts); // [2, N], row by row
      const row = one('Gather', places, emitter.constant(fromNumbers('int64', [], [0]))); // [N]
      const gram = one('Gather', places, emitter.constant(fromNumbers('int64', [], [1])));
      const found = one('GatherND', counts, one('Transpose', places));
      const tf = one('Add', one('Log', found), float([1], []));
      const value = one('Mul', tf, one('Gather', float(idf, [idf.length]), gram));
      const rows = one('Slice', one('Shape', ids as string), int64(emitter, [0]), int64(emitter, [1])); // [1]: B
      const squares = add(one('Expand', float([0], []), rows), row, one('Mul', value, value)); // [B]
      const share = one('Div', value, one('Gather', one('Sqrt', squares), row)); // [N]
      const cast = emitter.node('Cast', [share], { to: { kind: 'int', value: ELEMENT_TYPE[dtype] } });
      const column = one('Unsqueeze', cast[0] as string, int64(emitter, [1]));
      const weighted = one('Mul', column, one('Gather', table as string, gram)); // [N, 1] x [N, W]
      const width = int64(emitter, [Number(signature?.shape[1])]);
      const zeros = emitter.constant(fromNumbers(dtype, [], [0]));
      const index = one(
        'Expand',
        one('Unsqueeze', row, int64(emitter, [1])),
        emitter.node('Concat', [one('Shape', row), width], { axis: { kind: 'int', value: 0 } })[0] as string,
      );
      const sums = emitter.node('Concat', [rows, width], { axis: { kind: 'int', value: 0 } })[0] as string;
      return [add(one('Expand', zeros, sums), index, weighted)];
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

/** Attributes of ONNX's operator: n-grams by their length, each with its number. */
function vectorizer(grams: GramSumsAttributes['grams']) {
  const lengths = grams.map((gram) => gram.length);
  const longest = lengths.reduce((most, n) => Math.max(most, n), 1);
  const order = Array.from(grams.keys()).sort((a, b) => (lengths[a] as number) - (lengths[b] as number) || a - b);
  const counts = new Array<number>(longest).fill(0);
  for (const n of lengths) for (let longer = n; longer < longest; longer++) counts[longer] = (counts[longer] ?? 0) + n;
  return {
    mode: { kind: 'string', value: 'TF' },
    min_gram_length: { kind: 'int', value: lengths.reduce((least, n) => Math.min(least, n), longest) },
    max_gram_length: { kind: 'int', value: longest },
    max_skip_count: { kind: 'int', value: 0 },
    ngram_counts: { kind: 'ints', value: counts },
    ngram_indexes: { kind: 'ints', value: order },
    pool_int64s: { kind: 'ints', value: order.flatMap((i) => grams[i] as readonly number[]) },
  } as const;
}
