import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { glue } from '../../src/data/glue.js';
import { loadTextSet, TEXT_SETS, type TextSetName } from '../../src/data/text-sets.js';
import { labelCounts, type TextTable } from '../../src/data/text-table.js';
import { splitOf } from '../../src/data/text-task.js';
import type { FileError } from '../../src/errors/failures.js';
import { NO_LABEL } from '../../src/tensor/no-label.js';
import { dataTest } from '../setup/data-test.js';

/** Rows, or rows for each label in the order of the label numbers. */
type Expected = { readonly rows: number; readonly labels?: readonly number[] };
type Splits = { readonly train?: Expected; readonly dev?: Expected; readonly test?: Expected };

/**
 * Witness of the rows: the papers and the README of each data set. Witness of the labels: Python's `split('\n')` and
 * `split('\t')`, counted with `collections.Counter` (test/python/count_text_sets.py).
 */
const COUNTS: Readonly<Record<Exclude<TextSetName, 'qqp'>, Splits>> = {
  sst2: {
    train: { rows: 67_349, labels: [29_780, 37_569] },
    dev: { rows: 872, labels: [428, 444] },
    test: { rows: 1_821, labels: [912, 909] },
  },
  mrpc: {
    train: { rows: 3_668, labels: [1_194, 2_474] },
    dev: { rows: 408, labels: [129, 279] },
    test: { rows: 1_725, labels: [578, 1_147] },
  },
  rte: {
    train: { rows: 2_490, labels: [1_249, 1_241] },
    dev: { rows: 277, labels: [146, 131] },
    test: { rows: 3_000 },
  },
  qnli: { dev: { rows: 5_463, labels: [2_702, 2_761] }, test: { rows: 5_463 } },
  cola: {
    train: { rows: 8_551, labels: [2_528, 6_023] },
    dev: { rows: 1_043, labels: [322, 721] },
    test: { rows: 1_063 },
  },
  stsb: { train: { rows: 5_749 }, dev: { rows: 1_500 }, test: { rows: 1_379 } },
  'sst-binary': {
    train: { rows: 6_920, labels: [3_310, 3_610] },
    dev: { rows: 872, labels: [428, 444] },
    test: { rows: 1_821, labels: [912, 909] },
  },
  'sst-fine': {
    train: { rows: 8_544, labels: [1_092, 2_218, 1_624, 2_322, 1_288] },
    dev: { rows: 1_101, labels: [139, 289, 229, 279, 165] },
    test: { rows: 2_210, labels: [279, 633, 389, 510, 399] },
  },
  // ABBR, DESC, ENTY, HUM, LOC, NUM
  trec: {
    train: { rows: 5_452, labels: [86, 1_162, 1_250, 1_223, 835, 896] },
    test: { rows: 500, labels: [9, 138, 94, 65, 81, 113] },
  },
  'trec-fine': { train: { rows: 5_452 }, test: { rows: 500 } },
  banking77: { train: { rows: 10_003 }, test: { rows: 3_080, labels: Array(77).fill(40) } },
  clinc150: {
    train: { rows: 15_000, labels: Array(150).fill(100) },
    dev: { rows: 3_000, labels: Array(150).fill(20) },
    test: { rows: 4_500, labels: Array(150).fill(30) },
  },
  'clinc150-oos': { train: { rows: 15_100 }, dev: { rows: 3_100 }, test: { rows: 5_500 } },
  mr: { train: { rows: 10_662, labels: [5_331, 5_331] } },
  subj: { train: { rows: 10_000, labels: [5_000, 5_000] } },
  mpqa: { train: { rows: 10_606, labels: [7_294, 3_312] } },
  'sms-spam': { train: { rows: 5_574, labels: [4_827, 747] } },
  imdb: { train: { rows: 5_000, labels: [2_500, 2_500] }, test: { rows: 5_000, labels: [2_500, 2_500] } },
};
const CLASSES: Partial<Record<TextSetName, number>> = {
  'sst-fine': 5,
  trec: 6,
  'trec-fine': 50,
  banking77: 77,
  clinc150: 150,
  'clinc150-oos': 151,
  stsb: 0,
};

const root = (folder: string) => dirname(folder);

describe('loadTextSet', () => {
  for (const [name, splits] of Object.entries(COUNTS) as [Exclude<TextSetName, 'qqp'>, Splits][]) {
    dataTest(TEXT_SETS[name].folders[0], `${name} has the rows and labels it is published with`, async (folder) => {
      const task = await loadTextSet(name, { dir: folder });
      expect(task.labelNames).toHaveLength(CLASSES[name] ?? 2);
      for (const split of ['train', 'dev', 'test'] as const) {
        const expected = splits[split];
        expect(task[split]?.size, split).toBe(expected?.rows);
        if (expected?.labels !== undefined) expect(labelCounts(task[split] as TextTable)).toEqual(expected.labels);
        expect(task[split]?.pairs !== undefined, split).toBe(task.isPair && expected !== undefined);
      }
    });
  }

  dataTest('banking77', 'reads quoted fields with newlines as Python csv does', async (folder) => {
    const { train } = await loadTextSet('banking77', { dir: folder });
    // Witness: csv.DictReader with newline="", by count_text_sets.py.
    expect(train?.texts.filter((text) => text.includes('\n')).length).toBe(10);
    expect(train?.texts.reduce((sum, text) => sum + [...text].length, 0)).toBe(594_916);
  });

  test('a set that is absent: source, licence, layout, and how to say where it is', async () => {
    await expect(loadTextSet('banking77', { dir: '/nowhere' })).rejects.toThrow(
      /^banking77: wanted BANKING77 .*train\.csv and test\.csv with the columns text, category, got none of these files in \/nowhere .*github\.com\/PolyAI-LDN.*CC BY 4\.0.*--data_dir or RETORT_DATA/u,
    );
    await expect(loadTextSet('banking77', { dir: undefined })).rejects.toThrow('got no data folder');
  });

  test('a name that is none is answered with the nearest', async () => {
    await expect(loadTextSet('bankin77' as TextSetName, { dir: '.' })).rejects.toThrow("did you mean 'banking77'?");
  });
});

describe('glue', () => {
  dataTest('qqp', 'QQP: the first row, whose last tab is a space, is named; and can be left out', async (folder) => {
    await expect(glue('qqp', { dir: folder })).rejects.toThrow(
      /subset\.tsv:1: wanted at least 6 columns, separated by tabs, got 5; correct that row, or have such rows left out/u,
    );
    const bad: FileError[] = [];
    const { train } = await glue('qqp', { dir: folder, onBadRow: (failure) => bad.push(failure) });
    expect(bad.map(({ where }) => where)).toEqual([expect.stringMatching(/subset\.tsv:1$/u)]);
    // Witness: Python, as above.
    expect(train?.size).toBe(23_496);
    expect(labelCounts(train as TextTable)).toEqual([14_749, 8_747]);
  });

  dataTest('qnli', 'QNLI without train: asked for, it says so', async (folder) => {
    const task = await glue('qnli', { dir: folder });
    expect(splitOf(task, 'dev').size).toBe(5_463);
    expect(() => splitOf(task, 'train')).toThrow(
      /^qnli: wanted a split 'train', got dev and test only; add train\.tsv .*or use dev for scoring/u,
    );
  });

  dataTest('stsb', 'STS-B: scores and texts of rows with 7 and with 9 columns', async (folder) => {
    const { train, isRegression, metrics } = await glue('stsb', { dir: folder });
    expect([isRegression, metrics]).toEqual([true, ['pearson', 'spearman']]);
    // Witness: the first line of the file, and Python's mean of column 5.
    expect([train?.texts[0], train?.pairs?.[0], train?.scores?.[0]]).toEqual([
      'A plane is taking off.',
      'An air plane is taking off.',
      5,
    ]);
    const mean = Array.from(train?.scores ?? []).reduce((sum, score) => sum + score, 0) / 5_749;
    expect(mean).toBeCloseTo(2.700999025, 6);
  });

  dataTest('sst2', 'label numbers are those of the file, from above the folder too', async (folder) => {
    const { dev, labelNames } = await glue('sst2', { dir: root(folder) });
    // Witness: the first two lines of dev.tsv.
    expect(dev?.texts.slice(0, 2)).toEqual([
      "it 's a charming and often affecting journey . ",
      'unflinchingly bleak and desperate ',
    ]);
    expect(Array.from(dev?.labels?.slice(0, 2) ?? [], (label) => labelNames[label])).toEqual(['positive', 'negative']);
  });

  dataTest(
    'rte',
    'a test set without labels has none, and the ids that answers are to be sent in with',
    async (folder) => {
      const { test: unlabelled } = await glue('rte', { dir: folder });
      expect(unlabelled?.labels).toBeUndefined();
      expect(unlabelled?.labelNames).toEqual([]);
      expect(unlabelled?.ids.slice(0, 2)).toEqual(['0', '1']);
      expect(NO_LABEL).toBe(-100);
    },
  );
});
