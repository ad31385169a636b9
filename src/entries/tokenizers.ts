export { loadTokenizer } from '../tokenizers/load-tokenizer.js';
export {
  type EncodedBatch,
  type EncodedRow,
  type EncodeOptions,
  padRows,
  type Tokenizer,
  type TruncationOptions,
} from '../tokenizers/tokenizer.js';
export type { Truncation } from '../tokenizers/truncation.js';
