/**
 * @file Static students before their first step: from an encoder by model2vec's recipe (Tulkens & van Dongen 2024,
 * github.com/MinishLab/model2vec), from word vectors in a file, or at random. Departure: model2vec's weights by frequency,
 * a / (a + p), are left out, since they hide the very words that tell questions apart: students that began with them were ten
 * points worse on TREC, and no better on SST-2. Weights are learnt all the same.
 */
import { expectKnownIds } from '../tokenizers/known-ids.js';
import type { SmallerVocabulary } from '../tokenizers/smaller-vocabulary.js';
import type { Tokenizer } from '../tokenizers/tokenizer.js';
import { vectorsFile } from '../tokenizers/word-vectors-file.js';
import { reducedRows, wordTable } from './initial-embeddings.js';
import type { TrainedModel } from './model.js';
import { EMBEDDINGS, type NewStudent, newStudent } from './new-student.js';
import { pieceVectors } from './piece-vectors.js';
import { type StaticConfig, staticDefaults, staticModel } from './static-model.js';
import { type FileVectorsOptions, studentFromVectors } from './vectors-start.js';

export type StaticFromEncoderOptions = {
  /** Draws the layers after the mean. */
  readonly seed: number;
  /** `embedding_size` is 256, or the encoder's width if that is less, unless given. */
  readonly config?: Partial<Omit<StaticConfig, 'vocab_size' | 'pad_token_id'>>;
  /** Of the encoder's tokenizer: the student reads its ids in place of the encoder's. */
  readonly smaller?: SmallerVocabulary | undefined;
};

/**
 * A static model that reads the ids of an encoder's tokenizer. A token's vector is what the encoder makes of it alone
 * (`pieceVectors`), projected on the directions in which these differ most (`reducedRows`); its weight is ½, as of all others.
 * Special tokens around a text start at zero.
 * @throws as `pieceVectors` and `reducedRows` do; FileError for a tokenizer with more ids than the encoder has rows.
 */
export async function staticFromEncoder(
  encoder: Pick<TrainedModel, 'model' | 'weights'>,
  tokenizer: Tokenizer,
  { seed, config = {}, smaller }: StaticFromEncoderOptions,
): Promise<NewStudent> {
  const [V] = wordTable(encoder.weights).shape as readonly [number, number];
  expectKnownIds(tokenizer, V, "the encoder's tokenizer");
  const read = smaller?.tokenizer ?? tokenizer;
  const pieces = smaller?.kept ?? Array.from({ length: V }, (_, id) => id);
  const vectors = await pieceVectors(encoder, pieces); // [V, H]
  const size = config.embedding_size ?? Math.min(staticDefaults.embedding_size, Number(vectors.shape[1]));
  const model = staticModel({ ...config, vocab_size: pieces.length, embedding_size: size, pad_token_id: read.padId });
  const table = await reducedRows(vectors, {
    size,
    padId: read.padId,
    what: "the encoder's hidden states",
    where: 'vectors of pieces',
  });
  for (const id of read.encodeRow('').ids) table.data.fill(0, id * size, (id + 1) * size);
  return newStudent({ model, tokenizer: read, seed }, () => ({ [EMBEDDINGS]: table }));
}

export type StaticFromTokenizerOptions = Pick<StaticFromEncoderOptions, 'seed' | 'config'>;

/** A static model that reads the ids of a tokenizer and starts at random. */
export function staticFromTokenizer(
  tokenizer: Tokenizer,
  { seed, config = {} }: StaticFromTokenizerOptions,
): NewStudent {
  const { vocabularySize: vocab_size, padId: pad_token_id } = tokenizer;
  return newStudent({ model: staticModel({ ...config, vocab_size, pad_token_id }), tokenizer, seed }, () => ({}));
}

export type StaticFromWordVectorsOptions = FileVectorsOptions & {
  /** Draws the vectors of words that the file lacks, and the layers after the mean. */
  readonly seed: number;
  readonly config?: Partial<Omit<StaticConfig, 'vocab_size' | 'embedding_size' | 'pad_token_id'>>;
};

/**
 * A static model over whole words that starts from a file of word vectors, as GloVe's, and whose embeddings are as wide as
 * these.
 * @returns `withoutVector`: the words of the vocabulary that the file lacks, the most frequent first.
 * @throws as `fileVectors` does.
 */
export async function staticFromWordVectors(
  path: string,
  options: StaticFromWordVectorsOptions,
): Promise<NewStudent & { readonly withoutVector: readonly string[] }> {
  const { config = {}, ...from } = options;
  return studentFromVectors(vectorsFile(path), from, (sizes) => staticModel({ ...config, ...sizes }));
}
