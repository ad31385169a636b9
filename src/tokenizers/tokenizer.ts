/** @file Texts to ids: pieces by `@huggingface/tokenizers`; pairs, truncation and padding here, as Python's has them. */
import { OptionError, ShapeError } from '../errors/failures.js';
import { type Tensor, zeros } from '../tensor/tensor.js';
import type { Template, Templates } from './template.js';
import { MAX_LENGTH, WHOLE_LENGTH } from './token-limits.js';
import { keptLengths, TRUNCATIONS, type Truncation } from './truncation.js';

/** One text, or one pair, with its special tokens; both lists have one entry a token. */
export type EncodedRow = {
  readonly ids: readonly number[];
  readonly typeIds: readonly number[];
  /** Of features, how much there is of each; absent of tokens, of which there is one each. */
  readonly values?: ArrayLike<number>;
  /** Whether something was left out, where the number of ids does not tell. */
  readonly isTruncated?: boolean;
};

/**
 * What a model reads, [B, S] each. `attention_mask` is 1 for a token and 0 for padding; `feature_values`, of rows with
 * values, is 0 for it.
 */
export type EncodedBatch = Readonly<Record<'input_ids' | 'attention_mask' | 'token_type_ids', Tensor<'int64'>>> & {
  readonly feature_values?: Tensor<'float32'>;
};

export type TruncationOptions = {
  /** The most tokens of a row, special tokens included. Absent: as long as the texts are. */
  readonly maxLength?: number | undefined;
  /** Which text is shortened; `longest_first` unless told. */
  readonly truncation?: Truncation | undefined;
};

export type EncodeOptions = TruncationOptions & {
  /** Rows are padded to this many tokens, or to the longest of them. */
  readonly padding?: 'longest' | number;
};

export type Tokenizer = {
  /** One more than the largest id: the least `vocab_size` of a model that reads these ids. */
  readonly vocabularySize: number;
  readonly padId: number;
  /** The token of the least id that is not below this one. */
  firstFrom(least: number): { readonly token: string; readonly id: number } | undefined;
  /** What stands for pieces that the vocabulary lacks; undefined where every text has pieces. */
  readonly unknownId?: number | undefined;
  /** The length that `tokenizer_config.json` names, if it does. */
  readonly modelMaxLength: number | undefined;
  /** Whether whole texts are read unless somebody says how much, since their length costs little. */
  readonly readsWhole?: true;
  /** What the tokenizer was read from, by file name, to be saved beside a model. */
  readonly files: ReadonlyMap<string, string>;
  /** What a text is cut into, as the vocabulary spells it, without special tokens around it; absent of features. */
  readonly pieces?: (text: string) => readonly string[];
  /**
   * The ids of one text, or of two.
   * @throws OptionError if `maxLength` leaves no room for a token, or the rule of truncation cannot reach it.
   */
  encodeRow(text: string, pair?: string, options?: TruncationOptions): EncodedRow;
  /**
   * The tensors of a batch, B = `texts.length`.
   * @throws OptionError as `encodeRow` does; ShapeError for no texts, or for not as many pairs.
   */
  encode(texts: readonly string[], pairs?: readonly string[], options?: EncodeOptions): EncodedBatch;
};

/** Tokens of a text that are read where nobody says how many. */
export function usualLength({ readsWhole }: Pick<Tokenizer, 'readsWhole'>): number {
  return readsWhole ? WHOLE_LENGTH : MAX_LENGTH;
}

export type TokenizerParts = Pick<
  Tokenizer,
  'vocabularySize' | 'firstFrom' | 'padId' | 'unknownId' | 'modelMaxLength' | 'files'
> & {
  /** A text without special tokens around it; both lists have one entry a piece. */
  readonly encoded: (text: string) => { readonly ids: readonly number[]; readonly pieces: readonly string[] };
  readonly templates: Templates;
};

export function tokenizerFrom({ encoded, templates, ...rest }: TokenizerParts): Tokenizer {
  const encodeRow = (text: string, pair?: string, options: TruncationOptions = {}): EncodedRow => {
    const template = pair === undefined ? templates.single : templates.pair;
    const { maxLength, truncation } = checkedTruncation(options, template);
    let first = encoded(text).ids;
    let second = pair === undefined ? undefined : encoded(pair).ids;
    if (maxLength !== undefined) {
      const room = maxLength - specialTokens(template);
      const [a, b] = keptLengths(first.length, second?.length, room, truncation);
      first = first.slice(0, a);
      second = second?.slice(0, b);
    }
    return filled(template, first, second ?? []);
  };
  return { ...rest, pieces: (text) => encoded(text).pieces, encodeRow, encode: batchEncoder(encodeRow, rest.padId) };
}

/** `Tokenizer.encode` by `encodeRow`. */
export function batchEncoder(encodeRow: Tokenizer['encodeRow'], padId: number): Tokenizer['encode'] {
  return (texts, pairs, options = {}) => {
    if (texts.length === 0) throw new ShapeError({ where: 'encode', wanted: 'at least one text', got: 'none' });
    if (pairs !== undefined && pairs.length !== texts.length) {
      throw new ShapeError({ where: 'encode', wanted: `${texts.length} second texts`, got: `${pairs.length}` });
    }
    const rows = texts.map((text, i) => encodeRow(text, pairs?.[i], options));
    return padRows(rows, padId, options.padding ?? 'longest');
  };
}

/**
 * Rows of ids as one batch, padded at their ends; padding has type 0.
 * @param padding `Tokenizer.padId` goes before it; a length, or that of the longest row.
 * @throws ShapeError for a row that is longer than the length.
 */
export function padRows(rows: readonly EncodedRow[], padId: number, padding: 'longest' | number): EncodedBatch {
  let longest = 0;
  for (const { ids } of rows) longest = Math.max(longest, ids.length);
  const S = padding === 'longest' ? longest : padding;
  if (!Number.isInteger(S) || S < longest) {
    throw new ShapeError({
      where: 'padding',
      wanted: `a length of at least ${longest} tokens, as the longest row has`,
      got: String(S),
      fix: 'pass a maxLength that is not above it',
    });
  }
  const shape = [rows.length, S];
  const batch = {
    input_ids: zeros('int64', shape),
    attention_mask: zeros('int64', shape),
    token_type_ids: zeros('int64', shape),
  };
  const ids = lowWords(batch.input_ids);
  const mask = lowWords(batch.attention_mask);
  const types = lowWords(batch.token_type_ids);
  for (const [r, row] of rows.entries()) {
    for (let s = 0; s < S; s++) {
      const place = 2 * (r * S + s);
      const isToken = s < row.ids.length;
      ids[place] = isToken ? (row.ids[s] as number) : padId;
      mask[place] = isToken ? 1 : 0;
      types[place] = isToken ? (row.typeIds[s] as number) : 0;
    }
  }
  if (rows.every(({ values }) => values === undefined)) return batch;
  const values = zeros('float32', shape);
  for (const [r, row] of rows.entries()) values.data.set(row.values ?? [], r * S);
  return { ...batch, feature_values: values };
}

/** The words of int64 numbers, low ones first, as on every platform that ONNX Runtime has: many times faster than BigInts. */
function lowWords({ data }: Tensor<'int64'>): Int32Array {
  return new Int32Array(data.buffer, data.byteOffset, 2 * data.length);
}

function specialTokens(template: Template): number {
  let count = 0;
  for (const item of template) if ('ids' in item) count += item.ids.length;
  return count;
}

function checkedTruncation(
  { maxLength, truncation = 'longest_first' }: TruncationOptions,
  template: Template,
): { maxLength: number | undefined; truncation: Truncation } {
  if (!TRUNCATIONS.includes(truncation)) {
    throw new OptionError({ where: 'truncation', wanted: TRUNCATIONS.join(', '), got: String(truncation) });
  }
  const least = specialTokens(template) + 1;
  if (maxLength !== undefined && !(Number.isInteger(maxLength) && maxLength >= least)) {
    throw new OptionError({
      where: 'maxLength',
      wanted: `an integer ≥ ${least} (the special tokens and one token of the text)`,
      got: String(maxLength),
    });
  }
  return { maxLength, truncation };
}

function filled(template: Template, first: readonly number[], second: readonly number[]): EncodedRow {
  const ids: number[] = [];
  const typeIds: number[] = [];
  for (const item of template) {
    const part = 'ids' in item ? item.ids : item.text === 'A' ? first : second;
    // Not spread into push: a long text has more tokens than a call may have arguments.
    for (const id of part) {
      ids.push(id);
      typeIds.push(item.type);
    }
  }
  return { ids, typeIds };
}
