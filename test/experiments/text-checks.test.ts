/** @file The doctor on texts, and on models of texts. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { textDataset } from '../../src/data/text-dataset.js';
import { textTable } from '../../src/data/text-table.js';
import { examine } from '../../src/experiments/doctor.js';
import type { TextPlace } from '../../src/experiments/text-checks.js';
import { supervised } from '../../src/methods/supervised.js';
import { bilstm } from '../../src/models/bilstm.js';
import { saveModel } from '../../src/models/saved-model.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { adam } from '../../src/optim/adam.js';
import { runTraining } from '../../src/training/run/run.js';
import { WORDS, words } from '../data/words.js';
import { temporaryFolder } from '../files/processes.js';

const root = temporaryFolder();
const reviews = join(root, 'reviews.csv');
const dev = join(root, 'dev.csv');
const teacher = join(root, 'teacher');
const columns: TextPlace = { text: 'review', label: 'stars', dev };
const model = bilstm({ vocab_size: words.vocabularySize, embedding_size: 6, hidden_size: 6, dense_size: 6 });

/** All texts of a word each from two places on, good or bad: those with an even number are to train on. */
function texts(isDev: boolean): { readonly texts: string[]; readonly labels: number[] } {
  const rows = WORDS.flatMap((first) => WORDS.map((second) => [first, second] as const))
    .filter((_, row) => (row % 3 === 0) === isDev)
    .flatMap(([first, second]) =>
      [0, 1].map((label) => [`${label ? 'good' : 'bad'} ${first} ${second}`, label] as const),
    );
  return { texts: rows.map(([text]) => text), labels: rows.map(([, label]) => label) };
}

function write(path: string, table: ReturnType<typeof texts>, names = ['one', 'five']): void {
  const rows = table.texts.map((text, row) => `${text},${names[table.labels[row] ?? 0]}`);
  writeFileSync(path, `review,stars\n${rows.join('\n')}\n`);
}

/** Findings about these paths: level, name, text. */
async function findings(paths: readonly string[], place: TextPlace = columns) {
  const all = await examine({ paths, outputDir: root, texts: place });
  return all
    .filter(({ what }) => paths.some((path) => what.includes(path)))
    .map(({ level, name, what }) => ({ level, name, what: what.replaceAll(`${root}/`, '') }));
}

beforeAll(async () => {
  write(reviews, texts(false));
  write(dev, texts(true));
  const labelNames = ['five', 'one'];
  const { texts: read, labels } = texts(false);
  const train = textTable('train', { texts: read, labels: labels.map((label) => 1 - label), labelNames });
  await runTraining({
    model,
    method: supervised(),
    data: { train: textDataset(train, words, { model }) },
    optimizer: adam({ learningRate: 0.02 }),
    epochs: 8,
    batchSize: 16,
    seed: 1,
    threads: 1,
    outputDir: teacher,
  });
});

describe('examine on texts', () => {
  test('counts rows and labels, and tries a model on them', async () => {
    const found = await findings([reviews, teacher]);
    // witness: of 81 pairs of words 54 are to train on, 27 to score on, each good and bad
    expect(found[0]?.what).toBe('reviews.csv: 108 training rows, 54 validation rows; five 54, one 54');
    expect(found.map(({ level }) => level)).not.toContain('problem');
    expect(found.at(-1)?.what).toMatch(
      /^teacher\/last\.ckpt on .*reviews\.csv: right on \d+\.\d % of 54 rows, mean confidence \d+\.\d %; of 108 training rows on \d+\.\d %, mean confidence \d+\.\d %$/,
    );
  });

  test('finds that a file has the labels the wrong way round, by name', async () => {
    const swapped = join(root, 'swapped.csv');
    const swappedDev = join(root, 'swapped-dev.csv');
    write(swapped, texts(false), ['five', 'one']);
    write(swappedDev, texts(true), ['five', 'one']);
    const found = await findings([swapped, teacher], { ...columns, dev: swappedDev });
    expect(found.filter(({ level }) => level === 'problem')).toEqual([
      {
        level: 'problem',
        name: 'label-order',
        what: expect.stringContaining("its 'five' predicts the data's 'one', its 'one' predicts the data's 'five'"),
      },
    ]);
  });

  test('finds texts that are in both splits, and a model that cuts them', async () => {
    const place = { ...columns, dev: reviews, maxLength: 2 };
    const names = (await findings([reviews, teacher], place)).map(({ name }) => name);
    expect(names).toContain('duplicates');
    expect(names).toContain('truncation');
  });

  test('says that a model with other labels has to be trained, and goes on after a file that is none', async () => {
    const three = bilstm({ ...model.config, num_labels: 3 });
    const path = join(root, 'three');
    await saveModel(path, {
      model: three,
      weights: initialiseParameters(three.parameters, 1),
      labelNames: ['a', 'b', 'c'],
      method: { name: 'supervised', options: {} },
      tokenizerFiles: words.files,
    });
    const none = join(root, 'none.csv');
    const found = await findings([none, reviews, path]);
    expect(found[0]).toMatchObject({
      level: 'problem',
      what: 'none.csv: wanted an existing file, got nothing of that name',
    });
    expect(found.at(-1)?.what).toContain('it has other labels, so it has to be trained');
  });
});
