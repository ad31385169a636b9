/** @file BiLSTM students that start with word embeddings: a teacher's, made narrower, or vectors from a file. */
import type { Tensor } from '../tensor/tensor.js';
import { expectKnownIds } from '../tokenizers/known-ids.js';
import type { SmallerVocabulary } from '../tokenizers/smaller-vocabulary.js';
import type { Tokenizer } from '../tokenizers/tokenizer.js';
import { vectorsFile } from '../tokenizers/word-vectors-file.js';
import { type BilstmConfig, bilstm, bilstmDefaults } from './bilstm.js';
import { reducedRows, rowsOf, WORD_TABLE, wordTable } from './initial-embeddings.js';
import type { TrainedModel, Weights } from './model.js';
import { EMBEDDINGS, type NewStudent, newStudent } from './new-student.js';
import { type FileVectorsOptions, studentFromVectors } from './vectors-start.js';

/** A BiLSTM before its first step. */
export type NewBilstm = NewStudent;

/**
 * A teacher's word embeddings [V, H], of any of the BERT family, as [V, E], by `reducedRows`. Angles and proportions of
 * distances stay as near as E dimensions allow. The mean is left out because it tells no word from another and the LSTM's bias
 * can make up for it.
 * @param rows Those of the table that become rows, in their order. Default: all.
 * @throws CheckpointError for weights without word embeddings, or with equal ones; OptionError for an E above H, or a
 *   `padId` that is no row.
 */
export async function reducedEmbeddings(
  weights: Weights,
  {
    size,
    padId,
    rows,
  }: { readonly size: number; readonly padId: number; readonly rows?: readonly number[] | undefined },
): Promise<Tensor<'float32'>> {
  const table = wordTable(weights);
  return reducedRows(rows === undefined ? table : rowsOf(table, rows), {
    size,
    padId,
    what: "the teacher's word embeddings",
    where: `tensor '${WORD_TABLE}'`,
  });
}

export type BilstmFromTeacherOptions = {
  /** Draws all other weights. */
  readonly seed: number;
  /** `embedding_size` is 300, or the teacher's width if that is less, unless given. */
  readonly config?: Partial<Omit<BilstmConfig, 'vocab_size' | 'pad_token_id'>>;
  /** Of the teacher's tokenizer: the student reads its ids in place of the teacher's. */
  readonly smaller?: SmallerVocabulary | undefined;
};

/**
 * A BiLSTM that reads the ids of a teacher's tokenizer and starts from its word embeddings, by `reducedEmbeddings`.
 * @throws as `reducedEmbeddings` does; CheckpointError for a tokenizer with more ids than the teacher has rows.
 */
export async function bilstmFromTeacher(
  teacher: Pick<TrainedModel, 'weights'>,
  tokenizer: Tokenizer,
  { seed, config = {}, smaller }: BilstmFromTeacherOptions,
): Promise<NewBilstm> {
  const [V, H] = wordTable(teacher.weights).shape as readonly [number, number];
  expectKnownIds(tokenizer, V, "the teacher's tokenizer");
  const read = smaller?.tokenizer ?? tokenizer;
  const { padId } = read;
  const size = config.embedding_size ?? Math.min(bilstmDefaults.embedding_size, H);
  const rows = smaller?.kept;
  const model = bilstm({ ...config, vocab_size: rows?.length ?? V, embedding_size: size, pad_token_id: padId });
  const embeddings = await reducedEmbeddings(teacher.weights, { size, padId, rows });
  return newStudent({ model, tokenizer: read, seed }, () => ({ [EMBEDDINGS]: embeddings }));
}

export type BilstmFromWordVectorsOptions = FileVectorsOptions & {
  /** Draws the vectors of words that the file lacks, and all other weights. */
  readonly seed: number;
  readonly config?: Partial<Omit<BilstmConfig, 'vocab_size' | 'embedding_size' | 'pad_token_id'>>;
};

/**
 * A BiLSTM over whole words that starts from a file of word vectors, as GloVe's, and whose embeddings are as wide as
 * these. Words without a vector, `[UNK]` and `[MASK]` start from U(±0.25), as in the authors' code.
 * @returns `withoutVector`: the words of the vocabulary that the file lacks, the most frequent first.
 * @throws as `fileVectors` does.
 */
export async function bilstmFromWordVectors(
  path: string,
  options: BilstmFromWordVectorsOptions,
): Promise<NewBilstm & { readonly withoutVector: readonly string[] }> {
  const { config = {}, ...from } = options;
  return studentFromVectors(vectorsFile(path), from, (sizes) => bilstm({ ...config, ...sizes }));
}
