import { describe, expect, test } from 'vitest';
import { type Dataset, NO_ROW } from '../../src/data/dataset.js';
import { type Sampling, taskProbabilities } from '../../src/data/sampling.js';
import { taskMixture } from '../../src/data/task-mixture.js';
import { textDataset } from '../../src/data/text-dataset.js';
import { bert } from '../../src/models/bert.js';
import { wordTokenizer } from '../../src/tokenizers/word-vocabulary.js';
import { readGolden } from '../losses/golden-cases.js';
import { WORDS, words, wordTable } from './words.js';

type Witness = {
  readonly inputs: { readonly sizes: Record<string, number> };
  readonly expected: { readonly prob: Record<string, number> };
};
const golden = readGolden<Record<string, Witness>>('golden.json');

const model = bert({ vocab_size: words.vocabularySize, hidden_size: 2, num_attention_heads: 1, num_hidden_layers: 1 });
const rowsOf = (name: string, size: number): Dataset => textDataset(wordTable(name, size), words, { model });
const tasks = [
  { name: 'small', data: rowsOf('small', 10) },
  { name: 'large', data: rowsOf('large', 41) },
];
const BATCH = 4;

/** The batches of an epoch: their tasks, and their rows without empty places. */
function batchesOf(sampling: Sampling, seed: number, epoch: number) {
  const mixture = taskMixture(tasks, sampling);
  const order = mixture.order?.({ batchSize: BATCH, seed, epoch }) ?? new Uint32Array();
  return Array.from({ length: order.length / BATCH }, (_, i) => {
    const rows = order.subarray(i * BATCH, (i + 1) * BATCH).filter((row) => row !== NO_ROW);
    return mixture.own(rows);
  });
}

describe('taskProbabilities', () => {
  // witness: golden bam/task_sampling, the paper's |D|^0.75
  test('size^0.75 gives BAM’s on GLUE', () => {
    const { inputs, expected } = golden['bam/task_sampling'] as Witness;
    const found = taskProbabilities(Object.values(inputs.sizes), 'size^0.75');
    for (const [i, name] of Object.keys(inputs.sizes).entries())
      expect(found[i]).toBeCloseTo(expected.prob[name] ?? 0, 12);
  });

  test('the others are in proportion to the sizes, and alike', () => {
    expect(taskProbabilities([30, 10], 'proportional')).toEqual([0.75, 0.25]);
    expect(taskProbabilities([30, 10], 'uniform')).toEqual([0.5, 0.5]);
    expect(() => taskProbabilities([1], 'size' as Sampling)).toThrow(
      'wanted proportional, size^0.75, uniform, got size',
    );
  });
});

describe('taskMixture', () => {
  test('proportional: an epoch has every row of every task once, in batches of one task', () => {
    for (const epoch of [0, 1]) {
      const batches = batchesOf('proportional', 3, epoch);
      expect(batches).toHaveLength(3 + 11);
      for (const { name, data } of tasks) {
        const own = batches.filter(({ task }) => task === name).flatMap(({ rows }) => [...rows]);
        expect(own.toSorted((a, b) => a - b)).toEqual([...Array(data.size).keys()]);
      }
    }
    const tasksOf = (epoch: number) => batchesOf('proportional', 3, epoch).map(({ task }) => task);
    expect(tasksOf(0)).not.toEqual(tasksOf(1));
    expect(tasksOf(0)).toEqual(tasksOf(0));
  });

  test('uniform: turns are drawn, and each task goes through all its rows before it repeats one', () => {
    const epochs = 30;
    const batches = Array.from({ length: epochs }, (_, epoch) => batchesOf('uniform', 3, epoch)).flat();
    const small = batches.filter(({ task }) => task === 'small');
    // 420 draws at 1/2: the deviation of the share is 0.024.
    expect(Math.abs(small.length / batches.length - 0.5)).toBeLessThan(0.08);
    for (let pass = 0; pass < 20; pass++) {
      const rows = small.slice(3 * pass, 3 * pass + 3).flatMap((batch) => [...batch.rows]);
      expect(rows.toSorted((a, b) => a - b)).toEqual([...Array(10).keys()]);
    }
  });

  test('a batch says whose it is and is the task’s own', () => {
    const mixture = taskMixture(tasks, 'proportional');
    const batch = mixture.batch([12, 15]);
    expect(batch.task).toBe('large');
    expect(batch.inputs).toEqual(tasks[1]?.data.batch([2, 5]).inputs);
    expect([mixture.size, mixture.text?.lengths.length, mixture.batchesPerEpoch(BATCH)]).toEqual([51, 51, 14]);
  });

  test('tasks of different tokenizers are refused by name', () => {
    const other = wordTokenizer([...WORDS, 'more'], { split: 'spaces', lowercase: true });
    const mixed = [...tasks, { name: 'third', data: textDataset(wordTable('third', 3), other, { model }) }];
    expect(() => taskMixture(mixed, 'uniform')).toThrow(
      /task 'third': wanted rows made by the tokenizer of task 'small'/,
    );
  });
});
