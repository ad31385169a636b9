/** @file Texts as rows of ids for one model. */
import { OptionError, ShapeError } from '../errors/failures.js';
import { type Tensor, tensor, zeros } from '../tensor/tensor.js';
import { type EncodedRow, type Tokenizer, type TruncationOptions, usualLength } from '../tokenizers/tokenizer.js';
import { type Batch, type Dataset, paddedRows, paddingWeights } from './dataset.js';
import type { TextTable } from './text-table.js';

/** As much of a model as says what its batches hold. */
export type TextReader = {
  readonly kind: string;
  inputs(dims: { readonly B: number; readonly S: number }): readonly { readonly name: string }[];
};

export type TextDatasetOptions = TruncationOptions & { readonly model: TextReader };

const MASK = 'attention_mask';
const IDS = 'input_ids';
const TYPES = 'token_type_ids';
/** Suffix of the inputs that hold a second text by itself. */
const SECOND = '_b';

/** Of features: how much there is of each, 0 for padding. */
const VALUES = 'feature_values';

/** All rows of ids behind each other. */
type Encoded = {
  readonly ids: Int32Array;
  readonly types: Uint8Array;
  readonly values: Float32Array;
  readonly starts: Uint32Array;
};

/**
 * A table of texts as a model reads it: `input_ids`, `attention_mask` and `token_type_ids` [B, S] for an encoder, with
 * two texts in one row for pairs; `input_ids`, `attention_mask` of each text for a model that reads them apart; `input_ids`,
 * `feature_values` for one of features.
 * @param options.maxLength tokens of a row at most, special ones included; 128 unless given, or all of a tokenizer that reads whole texts.
 * @throws OptionError for a model of pairs and a table without, or one that reads no texts.
 */
export function textDataset(table: TextTable, tokenizer: Tokenizer, options: TextDatasetOptions): Dataset {
  const { model, maxLength = usualLength(tokenizer), truncation } = options;
  const names = model.inputs({ B: 1, S: 1 }).map(({ name }) => name);
  if (!names.includes(IDS)) {
    throw new OptionError({ where: table.name, wanted: 'a model that reads texts', got: `a ${model.kind}` });
  }
  const isApart = names.includes(IDS + SECOND);
  const { pairs, labels, scores } = table;
  if (isApart && pairs === undefined) {
    throw new OptionError({
      where: table.name,
      wanted: `two texts per row, since the ${model.kind} reads pairs`,
      got: 'one',
      fix: 'name the column of the second text, or use a model of single texts',
    });
  }
  const rule = { maxLength, ...(truncation && { truncation }) };
  const isTruncated = new Uint8Array(table.size);
  const encodeAll = (texts: readonly string[], seconds?: readonly string[]): Encoded => {
    const rows = texts.map((text, i) => {
      const row = tokenizer.encodeRow(text, seconds?.[i], rule);
      // A row that is as long as allowed was cut, or is just that long: only then it is worth another look.
      const isCut = () =>
        row.ids.length === maxLength && tokenizer.encodeRow(text, seconds?.[i]).ids.length > maxLength;
      if (row.isTruncated ?? isCut()) isTruncated[i] = 1;
      return row;
    });
    return flattened(rows);
  };
  const first = encodeAll(table.texts, isApart ? undefined : pairs);
  const second = isApart && pairs !== undefined ? encodeAll(pairs) : undefined;
  const lengths = Uint32Array.from({ length: table.size }, (_, row) =>
    Math.max(lengthOf(first, row), second === undefined ? 0 : lengthOf(second, row)),
  );
  return {
    name: table.name,
    size: table.size,
    labelNames: table.labelNames,
    text: { table, tokenizer, cut: rule, lengths, isTruncated },
    batch: (rows, paddedTo = rows.length, _place, length) => {
      const padded = paddedRows(rows, paddedTo, table.size, table.name);
      // A text without words has no tokens where a tokenizer adds none; a tensor needs one.
      let longest = 1;
      for (const row of padded) longest = Math.max(longest, lengths[row] as number);
      const S = length ?? longest;
      if (S < longest) {
        throw new ShapeError({ where: table.name, wanted: `room for ${longest} tokens`, got: `a length of ${S}` });
      }
      const inputs: Record<string, Tensor> = {};
      for (const name of names) {
        const isSecond = name.endsWith(SECOND);
        const from = isSecond ? second : first;
        const kind = isSecond ? name.slice(0, -SECOND.length) : name;
        if (from === undefined) continue;
        inputs[name] = kind === VALUES ? filledValues(from, padded, S) : filled(from, padded, S, kind, tokenizer.padId);
      }
      return {
        inputs,
        ids: Array.from(padded, (row) => table.ids[row] as string),
        weights: paddingWeights(rows.length, paddedTo),
        ...(labels && {
          labels: tensor(
            'int64',
            [paddedTo],
            BigInt64Array.from(padded, (row) => BigInt(labels[row] as number)),
          ),
        }),
        ...(scores && {
          scores: tensor(
            'float32',
            [paddedTo],
            Float32Array.from(padded, (row) => scores[row] as number),
          ),
        }),
      } satisfies Batch;
    },
  };
}

function flattened(rows: readonly EncodedRow[]): Encoded {
  const starts = new Uint32Array(rows.length + 1);
  for (const [i, { ids }] of rows.entries()) starts[i + 1] = (starts[i] as number) + ids.length;
  const ids = new Int32Array(starts[rows.length] as number);
  const types = new Uint8Array(ids.length);
  const values = new Float32Array(rows.some((row) => row.values !== undefined) ? ids.length : 0);
  for (const [i, row] of rows.entries()) {
    ids.set(row.ids, starts[i]);
    types.set(row.typeIds, starts[i]);
    if (row.values !== undefined) values.set(row.values, starts[i]);
  }
  return { ids, types, values, starts };
}

function lengthOf({ starts }: Encoded, row: number): number {
  return (starts[row + 1] as number) - (starts[row] as number);
}

/** int64 [B, S]: ids, types, or 1 for each token; padding stands at the end. */
function filled(
  { ids, types, starts }: Encoded,
  rows: Uint32Array,
  S: number,
  kind: string,
  padId: number,
): Tensor<'int64'> {
  const made = zeros('int64', [rows.length, S]);
  const { data } = made;
  // The low words of int64 numbers, which come first on every platform that ONNX Runtime has: BigInts are many times slower.
  const words = new Int32Array(data.buffer, data.byteOffset, 2 * data.length);
  for (const [r, row] of rows.entries()) {
    const start = starts[row] as number;
    const count = (starts[row + 1] as number) - start;
    const at = 2 * r * S;
    for (let s = 0; s < count; s++) {
      words[at + 2 * s] = kind === MASK ? 1 : ((kind === TYPES ? types : ids)[start + s] as number);
    }
    if (kind === IDS && padId !== 0) for (let s = count; s < S; s++) words[at + 2 * s] = padId;
  }
  return made;
}

/** float32 [B, S]: the value of each feature; 0 for padding. */
function filledValues({ values, starts }: Encoded, rows: Uint32Array, S: number): Tensor<'float32'> {
  const made = zeros('float32', [rows.length, S]);
  for (const [r, row] of rows.entries()) made.data.set(values.subarray(starts[row], starts[row + 1]), r * S);
  return made;
}
