/** @file Texts as rows of ids for one model. */
import { OptionError, ShapeError } from '../errors/failures.js';
import { type Tensor, tensor, zeros } from '../tensor/tensor.js';
import { type Tokenizer, type TruncationOptions, usualLength } from '../tokenizers/tokenizer.js';
import { type Batch, type Dataset, paddedRows, paddingWeights } from './dataset.js';
import type { TextTable } from './text-table.js';
import { TokenRows } from './token-rows.js';

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
  const lengths = new Uint32Array(table.size);
  const encodeAll = (texts: readonly string[], seconds?: readonly string[]): TokenRows => {
    const rows = new TokenRows();
    for (let i = 0; i < table.size; i++) {
      const text = texts[i] as string;
      const second = seconds?.[i];
      const row = tokenizer.encodeRow(text, second, rule);
      // A row that is as long as allowed was cut, or is just that long: only then it is worth another look.
      const isCut = () => row.ids.length === maxLength && tokenizer.encodeRow(text, second).ids.length > maxLength;
      if (row.isTruncated ?? isCut()) isTruncated[i] = 1;
      lengths[i] = Math.max(lengths[i] as number, row.ids.length);
      rows.add(row);
    }
    rows.close();
    return rows;
  };
  const first = encodeAll(table.texts, isApart ? undefined : pairs);
  const second = isApart && pairs !== undefined ? encodeAll(pairs) : undefined;
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

/** int64 [B, S]: ids, types, or 1 for each token; padding stands at the end. */
function filled(from: TokenRows, rows: Uint32Array, S: number, kind: string, padId: number): Tensor<'int64'> {
  const made = zeros('int64', [rows.length, S]);
  const { data } = made;
  // The low words of int64 numbers, which come first on every platform that ONNX Runtime has: BigInts are many times slower.
  const words = new Int32Array(data.buffer, data.byteOffset, 2 * data.length);
  for (const [r, row] of rows.entries()) {
    const { ids, types, start, end } = from.row(row);
    const count = end - start;
    const at = 2 * r * S;
    const values = kind === TYPES ? types : ids;
    for (let s = 0; s < count; s++) words[at + 2 * s] = kind === MASK ? 1 : (values?.[start + s] ?? 0);
    if (kind === IDS && padId !== 0) for (let s = count; s < S; s++) words[at + 2 * s] = padId;
  }
  return made;
}

/** float32 [B, S]: the value of each feature; 0 for padding. */
function filledValues(from: TokenRows, rows: Uint32Array, S: number): Tensor<'float32'> {
  const made = zeros('float32', [rows.length, S]);
  for (const [r, row] of rows.entries()) {
    const { values, start, end } = from.row(row);
    if (values !== undefined) made.data.set(values.subarray(start, end), r * S);
  }
  return made;
}
