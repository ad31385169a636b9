/** @file Word embeddings that a small model starts with: those of an encoder, made narrower, or vectors from a file. */
import { CheckpointError, OptionError } from '../errors/failures.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import { WORD_EMBEDDINGS } from './encoder.js';
import { ENCODERS } from './families.js';
import type { Weights } from './model.js';
import { truncatedSvd } from './truncated-svd.js';

export const WORD_TABLE = `${WORD_EMBEDDINGS}.weight`;
/** Root mean square of U(±0.25), from which embeddings start otherwise. */
const SPREAD = 0.25 / Math.sqrt(3);

type Table = Tensor<'float32'>;

/**
 * The word embeddings [V, H] of an encoder.
 * @throws CheckpointError for weights without.
 */
export function wordTable(weights: Weights): Table {
  const table = weights[WORD_TABLE];
  if (table?.shape.length === 2) return table;
  throw new CheckpointError({
    where: "the teacher's weights",
    wanted: `'${WORD_TABLE}', as an encoder has (${ENCODERS})`,
    got: Object.keys(weights).slice(0, 3).join(', ') || 'none',
    fix: 'use such a teacher, or word vectors from a file',
  });
}

/** Rows of a table by number. */
export function rowsOf(table: Table, rows: readonly number[]): Table {
  const H = Number(table.shape[1]);
  const data = new Float32Array(rows.length * H);
  for (const [i, row] of rows.entries()) data.set(table.data.subarray(row * H, (row + 1) * H), i * H);
  return tensor('float32', [rows.length, H], data);
}

export type ReducedRows = {
  /** E, at most H. */
  readonly size: number;
  readonly padId: number;
  /** For messages: what the rows are. */
  readonly what: string;
  readonly where: string;
};

/**
 * A table [V, H] as [V, E]: less the mean of its rows, projected on the E directions in which they differ most (truncated SVD
 * of the centred table, which is principal component analysis), all times one number that gives the elements the root mean
 * square of U(±0.25). The row of padding takes no part and is zero.
 * @throws OptionError for an E above H, or a `padId` that is no row; CheckpointError for equal rows.
 */
export async function reducedRows(table: Table, { size, padId, what, where }: ReducedRows): Promise<Table> {
  const [V, H] = table.shape as readonly [number, number];
  if (!Number.isInteger(size) || size < 1 || size > H) {
    throw new OptionError({
      where: 'embedding_size',
      wanted: `an integer from 1 to ${H}, the width of ${what}`,
      got: String(size),
      fix: `use at most ${H}, a wider teacher, or word vectors from a file`,
    });
  }
  if (!Number.isInteger(padId) || padId < 0 || padId >= V) {
    throw new OptionError({ where: 'padId', wanted: `a row from 0 to ${V - 1}`, got: String(padId) });
  }
  const { projected } = await truncatedSvd(centred(table, padId), size); // [V, E]
  let squares = 0;
  for (const value of projected.data) squares += value * value;
  if (squares === 0) throw new CheckpointError({ where, wanted: 'rows that differ', got: 'equal ones' });
  const factor = SPREAD / Math.sqrt(squares / ((V - 1) * size));
  const rows = projected.data.map((value) => value * factor);
  // 0 times a negative number is -0.
  return tensor('float32', [V, size], rows.fill(0, padId * size, (padId + 1) * size));
}

/** Less the mean of all rows but one, which becomes zero: [V, H] -> [V, H] */
function centred({ data, shape }: Table, without: number): Table {
  const [V, H] = shape as readonly [number, number];
  const mean = new Float64Array(H);
  for (let v = 0; v < V; v++) {
    if (v === without) continue;
    for (let h = 0; h < H; h++) mean[h] = (mean[h] as number) + (data[v * H + h] as number) / (V - 1);
  }
  const rows = data.map((value, i) => value - (mean[i % H] as number));
  return tensor('float32', [V, H], rows.fill(0, without * H, (without + 1) * H));
}
