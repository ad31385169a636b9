import type { Tokenizer } from '../tokenizers/tokenizer.js';
import type { TextTable } from './text-table.js';

/** What is known of a data set's rows if they are texts. */
export type TextRows = {
  /** The texts, for a teacher that reads them in its own way. */
  readonly table: TextTable;
  /** What made ids of them. */
  readonly tokenizer: Tokenizer;
  /** Tokens of each row, special tokens included and cut to the most allowed; of two inputs the longer one. */
  readonly lengths: Uint32Array;
  /** Rows that lost tokens to the most allowed. */
  readonly truncated: number;
};
