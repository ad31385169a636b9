export { fitNgrams, type NgramOptions, ngramDefaults } from '../tokenizers/fit-ngrams.js';
export { loadTokenizer } from '../tokenizers/load-tokenizer.js';
export {
  type NgramBlock,
  NgramFeatures,
  type NgramParts,
  type NgramRange,
  type NgramRow,
  type PieceTokenizer,
} from '../tokenizers/ngram-features.js';
export type { NgramTokenizer } from '../tokenizers/ngram-rows.js';
export { ngramTokenizer } from '../tokenizers/ngram-tokenizer.js';
export { type Pieces, readPieces } from '../tokenizers/pieces.js';
export { type SmallerVocabulary, smallerVocabulary } from '../tokenizers/smaller-vocabulary.js';
export {
  type EncodedBatch,
  type EncodedRow,
  type EncodeOptions,
  padRows,
  type Tokenizer,
  type TruncationOptions,
} from '../tokenizers/tokenizer.js';
export type { Truncation } from '../tokenizers/truncation.js';
export type { WordVectors, WordVectorsOptions } from '../tokenizers/word-vectors.js';
export { readWordVectors } from '../tokenizers/word-vectors-file.js';
export {
  type FrequentWordsOptions,
  frequentWords,
  type WordRules,
  wordRulesDefaults,
  wordTokenizer,
} from '../tokenizers/word-vocabulary.js';
