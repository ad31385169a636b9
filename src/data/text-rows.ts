import type { FileReading } from '../options/file-reading.js';
import { defined } from '../options/given.js';
import type { Tokenizer, TruncationOptions } from '../tokenizers/tokenizer.js';
import type { TextTable } from './text-table.js';

/** What is known of a data set's rows if they are texts. */
export type TextRows = {
  /** The texts, for a teacher that reads them in its own way. */
  readonly table: TextTable;
  /** What made ids of them. */
  readonly tokenizer: Tokenizer;
  /** How long a row may be, and what of a longer one is left. */
  readonly cut: TruncationOptions;
  /** Tokens of each row, special tokens included and cut to the most allowed; of two inputs the longer one. */
  readonly lengths: Uint32Array;
  /** 1 for each row that lost tokens to the most allowed, else 0; of two inputs, if either did. */
  readonly isTruncated: Uint8Array;
};

/** How many rows lost tokens. */
export function truncatedRows({ isTruncated }: Pick<TextRows, 'isTruncated'>): number {
  return isTruncated.reduce((sum, isCut) => sum + isCut, 0);
}

/** What a model that learns from these rows is saved with. */
export function savedWithTexts({ tokenizer, table }: TextRows): {
  readonly tokenizerFiles: ReadonlyMap<string, string>;
  readonly readsPairs: boolean;
  readonly readAs?: FileReading;
} {
  const { pairs, readAs } = table;
  return { tokenizerFiles: tokenizer.files, readsPairs: pairs !== undefined, ...defined({ readAs }) };
}
