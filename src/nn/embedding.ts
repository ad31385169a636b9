import { equal, not } from '../autograd/ops/compare.js';
import { gateRows } from '../autograd/ops/indexing.js';
import { constant } from '../autograd/value.js';
import { OptionError } from '../errors/failures.js';
import { fromNumbers } from '../tensor/tensor.js';
import { normal } from './initialisers.js';
import type { Initialiser, Layer } from './module.js';

export type EmbeddingOptions = {
  /** A row that starts at zero and whose gradient stays 0. */
  readonly paddingIndex?: number;
  /** Default: N(0, 1), as PyTorch's. */
  readonly weight?: Initialiser;
};

function withZeroRow(initialise: Initialiser, row: number): Initialiser {
  return (random, shape) => {
    const values = initialise(random, shape);
    const width = shape[1] as number;
    return values.fill(0, row * width, (row + 1) * width);
  };
}

/**
 * Rows of a table by number: ids int64 [..] -> [.., H], as `torch.nn.Embedding`. Parameter: `NAME.weight` [V, H].
 * @throws OptionError if `paddingIndex` is not a row.
 */
export function embedding(name: string, rows: number, width: number, options: EmbeddingOptions = {}): Layer {
  const { paddingIndex, weight = normal(1) } = options;
  if (paddingIndex !== undefined && !(Number.isInteger(paddingIndex) && 0 <= paddingIndex && paddingIndex < rows)) {
    throw new OptionError({
      where: `paddingIndex of '${name}'`,
      wanted: `a row from 0 to ${rows - 1}`,
      got: String(paddingIndex),
    });
  }
  const spec = {
    name: `${name}.weight`,
    shape: [rows, width],
    initialise: paddingIndex === undefined ? weight : withZeroRow(weight, paddingIndex),
  };
  return {
    parameters: [spec],
    forward: ({ parameters }, ids) => {
      const embedded = parameters.rows(spec.name, ids); // [..] -> [.., H]
      if (paddingIndex === undefined) return embedded;
      const padding = constant(fromNumbers('int64', [], [paddingIndex]));
      return gateRows(embedded, not(equal(ids, padding)));
    },
  };
}
