import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CheckpointError, FileError, OptionError } from '../../src/errors/failures.js';
import { bilstmFromTeacher, bilstmFromWordVectors, reducedEmbeddings } from '../../src/models/bilstm-embeddings.js';
import { openForward } from '../../src/models/forward.js';
import { loadHuggingFace } from '../../src/models/hugging-face.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { fromNumbers, type Tensor } from '../../src/tensor/tensor.js';
import { loadTokenizer } from '../../src/tokenizers/load-tokenizer.js';
import { wordTokenizer } from '../../src/tokenizers/word-vocabulary.js';
import { temporaryFolder } from '../files/processes.js';
import { minilmTest } from '../tokenizers/minilm-test.js';
import { smallEncoders } from './small-encoders.js';

type Rows = readonly (readonly number[])[];
type Case = { readonly table: Rows; readonly padId: number; readonly size: number; readonly reduced: Rows };

// Witness: numpy.linalg.svd, through make_svd.py.
const { embeddings } = JSON.parse(readFileSync(new URL('../golden/svd.numpy.json', import.meta.url), 'utf8')) as {
  readonly embeddings: Readonly<Record<string, Case>>;
};

const TABLE = 'embeddings.word_embeddings.weight';
const folder = temporaryFolder();

function weightsOf(table: Rows): Record<string, Tensor<'float32'>> {
  return { [TABLE]: fromNumbers('float32', [table.length, table[0]?.length ?? 0], table.flat()) };
}

function rowOf({ data, shape }: Tensor<'float32'>, row: number): number[] {
  const E = shape[1] as number;
  return [...data.subarray(row * E, (row + 1) * E)];
}

describe('reducedEmbeddings', () => {
  test.each(Object.entries(embeddings))('%s: the numbers are numpy’s', async (_, { table, padId, size, reduced }) => {
    const got = await reducedEmbeddings(weightsOf(table), { size, padId });
    expect(got.shape).toEqual([table.length, size]);
    for (const [i, value] of reduced.flat().entries()) expect(got.data[i]).toBeCloseTo(value, 6);
    expect(rowOf(got, padId)).toEqual(new Array(size).fill(0));
  });

  test('a width above the teacher’s, equal rows and other models are refused with a way out', async () => {
    const weights = weightsOf([
      [1, 2],
      [3, 5],
      [2, 2],
    ]);
    await expect(reducedEmbeddings(weights, { size: 3, padId: 0 })).rejects.toThrow(
      "embedding_size: wanted an integer from 1 to 2, the width of the teacher's word embeddings, got 3; use at",
    );
    await expect(reducedEmbeddings(weights, { size: 2, padId: 3 })).rejects.toThrow(OptionError);
    const equal = weightsOf([
      [9, 9],
      [1, 1],
      [1, 1],
    ]);
    await expect(reducedEmbeddings(equal, { size: 1, padId: 0 })).rejects.toThrow('wanted rows that differ');
    await expect(reducedEmbeddings({}, { size: 1, padId: 0 })).rejects.toThrow(CheckpointError);
  });
});

describe('bilstmFromTeacher', () => {
  const tokenizer = wordTokenizer(['good', 'film', 'bad']);
  const teachers = smallEncoders({ vocabulary: 9, labels: 3, width: 8, padding: 0 });

  test.each(teachers.map((model) => [model.kind, model] as const))(
    'starts from a %s and answers',
    async (_, teacher) => {
      const weights = initialiseParameters(teacher.parameters, 3);
      const config = { embedding_size: 5, hidden_size: 4, dense_size: 6, num_labels: 3 };
      const student = await bilstmFromTeacher({ weights }, tokenizer, { seed: 7, config });
      const wanted = await reducedEmbeddings(weights, { size: 5, padId: 0 });
      expect(student.weights['embed.weight']).toEqual(wanted);
      // All else is what a BiLSTM of that seed begins with.
      const { 'embed.weight': _own, ...others } = initialiseParameters(student.model.parameters, 7);
      expect(student.weights).toMatchObject(others);
      const forward = await openForward(student.model, ['logits'], { threads: 1 });
      const { logits } = await forward.run(student.weights, tokenizer.encode(['good film', 'bad']));
      await forward.release();
      expect(logits?.shape).toEqual([2, 3]);
    },
  );

  test('is as wide as the teacher where that is under 300, and refuses the tokenizer of another model', async () => {
    const weights = weightsOf(embeddings['padding 0']?.table ?? []);
    const { model } = await bilstmFromTeacher({ weights }, tokenizer, { seed: 1 });
    expect(model.config).toMatchObject({ vocab_size: 10, embedding_size: 6, pad_token_id: 0 });
    const larger = wordTokenizer('abcdefghij'.split(''));
    await expect(bilstmFromTeacher({ weights }, larger, { seed: 1 })).rejects.toThrow(
      "the teacher's tokenizer: wanted a tokenizer of at most 10 ids, as the model has word embeddings for, got one of 13",
    );
  });

  minilmTest('words of like meaning stay neighbours in 300 of 384 numbers', async (path) => {
    const { weights } = await loadHuggingFace(path, { seed: 1 });
    const own = await loadTokenizer(path);
    const student = await bilstmFromTeacher({ weights }, own, { seed: 1 });
    const table = student.weights['embed.weight'] as Tensor<'float32'>;
    expect(table.shape).toEqual([30522, 300]);
    const vector = (word: string) => rowOf(table, own.encodeRow(word).ids[1] as number);
    const cosine = (a: number[], b: number[]) => {
      const dot = (x: number[], y: number[]) => x.reduce((total, value, i) => total + value * (y[i] as number), 0);
      return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    };
    expect(cosine(vector('good'), vector('great'))).toBeGreaterThan(cosine(vector('good'), vector('table')) + 0.1);
  });
});

describe('bilstmFromWordVectors', () => {
  const path = join(folder, 'vectors.txt');
  writeFileSync(path, 'the 0.5 -1 2\nThe 9 9 9\nfilm 1 1 1\n, 3 3 3\nunused 4 4 4\n');
  const texts = ['The film, the odd odd FILM', 'once'];
  const config = { hidden_size: 4, dense_size: 6, num_labels: 2 };

  test('the vocabulary is the texts’; vectors go to their words, the others come from U(±0.25)', async () => {
    const student = await bilstmFromWordVectors(path, { texts, seed: 5, config });
    // By count, then by code unit: film 2, odd 2, the 2; `,` and `once` are there once.
    const { ids } = student.tokenizer.encodeRow('film odd the once');
    expect(ids).toEqual([3, 4, 5, 1]);
    expect(student.withoutVector).toEqual(['odd']);
    const table = student.weights['embed.weight'] as Tensor<'float32'>;
    expect(table.shape).toEqual([6, 3]);
    expect([0, 3, 5].map((row) => rowOf(table, row))).toEqual([
      [0, 0, 0],
      [1, 1, 1],
      [0.5, -1, 2],
    ]);
    for (const row of [1, 2, 4]) {
      for (const value of rowOf(table, row)) expect(Math.abs(value)).toBeLessThanOrEqual(0.25);
      expect(new Set(rowOf(table, row)).size).toBe(3);
    }
    expect((await bilstmFromWordVectors(path, { texts, seed: 5, config })).weights).toEqual(student.weights);
  });

  test('without texts it is the file’s words that can occur in a text', async () => {
    const student = await bilstmFromWordVectors(path, { seed: 5, config, maxWords: 3 });
    expect(student.tokenizer.encodeRow('the film , unused').ids).toEqual([3, 4, 5, 1]);
    const cased = await bilstmFromWordVectors(path, { seed: 5, config, lowercase: false, minCount: 1, texts });
    expect(cased.withoutVector).toEqual(['odd', 'FILM', 'once']);
  });

  test('a file of other words, and options without a meaning, are refused', async () => {
    await expect(bilstmFromWordVectors(path, { texts: ['x y x y'], seed: 1 })).rejects.toThrow(
      `${path}: wanted some of the 2 words of the texts, got none; check the language of the vectors`,
    );
    await expect(bilstmFromWordVectors(path, { texts: ['x y x y'], seed: 1 })).rejects.toThrow(FileError);
    await expect(bilstmFromWordVectors(path, { texts: ['x'], seed: 1 })).rejects.toThrow(OptionError);
    await expect(bilstmFromWordVectors(path, { minCount: 2, seed: 1 })).rejects.toThrow('minCount: wanted texts');
  });
});
