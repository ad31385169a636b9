/** @file The weights of a student as `--to js` stores them: matrices in int8, what is a number a row in float32. */
import type { Model, Weights } from '../models/model.js';
import { fromInt8Rows, type Int8Rows, int8Rows } from '../tensor/int8-rows.js';
import { sizeOf } from '../tensor/shape.js';
import { tensor } from '../tensor/tensor.js';

/** Of a static model, a number a token, which is worked into the scale of its row. */
export const TOKEN_WEIGHTS = 'token_weight.weight';

/** Int8 of a matrix. */
export type StoredMatrix = Int8Rows & {
  /** [rows, width], row-major, whatever has a scale of its own. */
  readonly inOrder: Int8Array;
};

/**
 * A matrix [rows, width] by its name, a scale a row; of the table of a linear n-gram model [F, C] a scale a class, as its
 * other form W [C, F] has it: a row is a few numbers there, and float32 scales would be larger than they are.
 */
export function storedMatrix(model: Pick<Model, 'kind' | 'config'>, weights: Weights, name: string): StoredMatrix {
  const { data, shape } = weights[name] as Weights[string];
  const [rows, width] = [shape[0] as number, sizeOf(shape.slice(1))];
  if (!isByClass(model, name)) {
    const stored = int8Rows(data, rows);
    return { ...stored, inOrder: stored.values };
  }
  const stored = int8Rows(transposed(data, rows, width, new Float32Array(data.length)), width);
  return { ...stored, inOrder: transposed(stored.values, width, rows, new Int8Array(data.length)) };
}

function isByClass({ kind, config }: Pick<Model, 'kind' | 'config'>, name: string): boolean {
  return kind === 'ngram' && config.hidden_size === 0 && name === 'embed.weight';
}

/** What the students of `--to js` compute with, by the names of the model: to compare them with any other runtime. */
export function storedWeights(model: Pick<Model, 'kind' | 'config'>, weights: Weights): Weights {
  return Object.fromEntries(
    Object.entries(weights).map(([name, whole]) => {
      const [rows = 0, width = 1] = whole.shape;
      if (whole.shape.length !== 2 || name === TOKEN_WEIGHTS) return [name, whole];
      const read = fromInt8Rows(storedMatrix(model, weights, name));
      const data = isByClass(model, name) ? transposed(read, width, rows, new Float32Array(read.length)) : read;
      return [name, tensor('float32', whole.shape, data)];
    }),
  );
}

/** [rows, width] -> [width, rows] */
function transposed<T extends Float32Array | Int8Array>(from: T, rows: number, width: number, to: T): T {
  for (let r = 0; r < rows; r++) for (let i = 0; i < width; i++) to[i * rows + r] = from[r * width + i] as number;
  return to;
}
