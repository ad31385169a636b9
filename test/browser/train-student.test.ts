import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type TrainStudentOptions, trainStudent } from '../../src/browser/train-student.js';
import { load } from '../../src/inference/load.js';
import { weightsHash } from '../../src/models/saved-model.js';
import { fineTune } from '../../src/training/text/fine-tune.js';
import { wordTable } from '../data/words.js';

const scratch = mkdtempSync(join(tmpdir(), 'retort-train-student-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const train = wordTable('train', 400);
const dev = wordTable('dev', 80, { seed: 2 });
type Table = Pick<typeof train, 'texts' | 'labels' | 'labelNames'>;
const labelsOf = ({ labels, labelNames }: Table) => Array.from(labels ?? [], (label) => labelNames[label] as string);
const given = (table: Table) => ({ texts: table.texts, labels: labelsOf(table) });

const TEXTS = { ...given(train), validation: given(dev), threads: 1 };
const SMALL: Readonly<Record<string, TrainStudentOptions>> = {
  ngram: { ...TEXTS, model: 'ngram' },
  'ngram with a layer': { ...TEXTS, model: 'ngram', hidden: 4, epochs: 4, learningRate: 0.05 },
  static: { ...TEXTS, model: 'static', embeddingSize: 8, epochs: 12, learningRate: 0.05 },
  bilstm: { ...TEXTS, model: 'bilstm', hidden: 6, embeddingSize: 6, epochs: 12, learningRate: 0.05 },
};

describe('trainStudent', () => {
  test.each(Object.entries(SMALL))('%s learns, and its files say what it says', async (name, options) => {
    const student = await trainStudent(options);
    // Texts in which `good` stands more often than `bad`: 4 of 10.
    expect(student.metrics.accuracy).toBeGreaterThan(0.85);
    expect(student.labelNames).toEqual(['negative', 'positive']);
    const { 'student.js': code } = await student.js();
    const { predict } = (await import(`data:text/javascript,${encodeURIComponent(code as string)}`)) as {
      readonly predict: (texts: readonly string[]) => readonly { readonly label: string }[];
    };
    const said = predict(dev.texts).map(({ label }) => label);
    expect([(await student.open()).predict(dev.texts)].flat().map(({ label }) => label)).toEqual(said);
    const right = labelsOf(dev).filter((label, row) => label === said[row]).length;
    expect(Math.abs(right / dev.size - (student.metrics.accuracy as number))).toBeLessThan(0.03); // int8
    const loaded = await load((await student.onnx()) as Parameters<typeof load>[0], { threads: 1 });
    const answers = await loaded.predict(dev.texts);
    await loaded.release();
    const rightInFloat = answers.filter(
      (answer, row) => 'label' in answer && answer.label === labelsOf(dev)[row],
    ).length;
    expect(rightInFloat / dev.size, name).toBe(student.metrics.accuracy);
  });

  test('ends in the weights of retort train, of n-grams that are fitted and trained by steps', async () => {
    const task = {
      ...{ name: 'words', train, dev, labelNames: train.labelNames, isPair: false, isRegression: false },
      metrics: ['accuracy'],
    } as const;
    for (const solver of ['convex', 'steps'] as const) {
      const settings = { solver, seed: 42, threads: 1, ...(solver === 'steps' && { epochs: 2, earlyStopping: 0 }) };
      const trained = await fineTune({ task, model: 'ngram', outputDir: join(scratch, solver), ...settings });
      const ours = await trainStudent({ ...TEXTS, model: 'ngram', ...settings });
      const { metrics } = trained.record;
      expect(ours.metrics).toEqual(metrics);
      const isLastBest = ours.epochs.every(
        (epoch) => (epoch.metrics.accuracy as number) <= (metrics.accuracy as number),
      );
      if (isLastBest) expect(weightsHash(ours.weights)).toBe(weightsHash(trained.weights));
    }
  });

  test('learns from probabilities alone, rows in another order than they are trained in', async () => {
    const isGood = labelsOf(train).map((label) => label === 'positive');
    const probabilities = isGood.map((good) => (good ? [0.9, 0.1] : [0.2, 0.8]));
    const { texts } = train;
    const teacher = { probabilities, temperature: 1 };
    const options = { model: 'ngram', texts, teacher, labelNames: ['yes', 'no'], threads: 1 } as const;
    const student = await trainStudent(options);
    expect(student.metrics).toEqual({});
    const answers = [(await student.open()).predict(texts)].flat();
    const agreed = answers.filter(({ label }, row) => label === (isGood[row] ? 'yes' : 'no')).length;
    expect(agreed / texts.length).toBeGreaterThan(0.9);
    // A tenth of the labelled rows is set aside, so that the others are not rows 1, 2, 3 …
    const labelled = await trainStudent({ ...options, labels: isGood.map((good) => (good ? 'yes' : 'no')) });
    expect(labelled.metrics.accuracy).toBeGreaterThan(0.85);
  });

  test('learns from a file of recorded outputs, by text or by id, without a label', async () => {
    const texts = [...new Set(train.texts)];
    const isGood = texts.map((text) => text.split(' ').filter((word) => word === 'good').length > 0);
    const fileOf = (row: (text: string, i: number) => object) => ({
      name: 'outputs.jsonl',
      bytes: new TextEncoder().encode(texts.map((text, i) => JSON.stringify(row(text, i))).join('\n')),
    });
    const said = (i: number) => ({ probabilities: isGood[i] ? { yes: 0.9, no: 0.1 } : { yes: 0.2, no: 0.8 } });
    const byText = fileOf((text, i) => ({ text, ...said(i) }));
    const options = { model: 'ngram', texts, threads: 1 } as const;
    const student = await trainStudent({ ...options, teacher: { recorded: byText } });
    expect(student.labelNames).toEqual(['yes', 'no']);
    const answers = [(await student.open()).predict(texts)].flat();
    expect(answers.filter(({ label }, row) => (label === 'yes') === isGood[row]).length).toBeGreaterThan(
      0.9 * texts.length,
    );
    const ids = texts.map((_, i) => `row ${i}`);
    const byId = fileOf((_, i) => ({ id: `row ${i}`, ...said(i) }));
    const same = await trainStudent({ ...options, ids, teacher: { recorded: byId } });
    expect(weightsHash(same.weights)).toBe(weightsHash(student.weights));
    // Labels alone say nothing of another temperature than 1, which is then the default.
    const alone = fileOf((text, i) => ({ text, label: isGood[i] ? 'yes' : 'no' }));
    expect((await trainStudent({ ...options, teacher: { recorded: alone } })).labelNames.toSorted()).toEqual([
      'no',
      'yes',
    ]);
  });

  test('sets no rows aside where validation is null', async () => {
    const student = await trainStudent({ ...given(train), validation: null, model: 'ngram', threads: 1 });
    expect(student.metrics).toEqual({});
  });

  test('starts from word vectors in memory', async () => {
    const bytes = new TextEncoder().encode('good 1 2 3\nbad -1 -2 -3\nnever 5 5 5\n');
    const vectors = { name: 'tiny.txt', bytes };
    const still = { learningRate: 1e-12, maxSteps: 1 };
    const { weights, tokenizer } = await trainStudent({ ...TEXTS, model: 'static', vectors, ...still });
    const { data, shape } = weights['embed.weight'] as (typeof weights)[string];
    expect(shape).toEqual([tokenizer.vocabularySize, 3]);
    const [good = 0, bad = 0] = tokenizer.encodeRow('good bad').ids;
    expect([...data.subarray(3 * good, 3 * good + 3)]).toEqual([1, 2, 3]);
    expect([...data.subarray(3 * bad, 3 * bad + 3)]).toEqual([-1, -2, -3]);
  });

  test('reads pairs', async () => {
    const { texts, pairs = [], labels, labelNames } = wordTable('pairs', 60, { pairs: true });
    const rows = { texts, pairs, labels: labelsOf({ texts, labels: labels as Int32Array, labelNames }) };
    const student = await trainStudent({ ...rows, model: 'ngram', threads: 1 });
    expect(student.readsPairs).toBe(true);
    expect((await student.open()).predict([['good', 'bad'] as never])).toHaveLength(1);
  });

  const ONE = { model: 'ngram', texts: ['a', 'b'], labels: ['x', 'y'] } as const;
  test.each<readonly [string, object, string]>([
    ['one label', { labels: ['x', 'x'] }, 'labels: wanted at least two different labels, or labelNames, got x'],
    ['no texts', { texts: [], labels: [], labelNames: ['x', 'y'] }, 'train: wanted at least one text, got none'],
    ['another number of labels', { labels: ['x', 'y', 'x'] }, 'train, labels: wanted 2 values, one per text, got 3'],
    [
      'a label without a name',
      { labelNames: ['y', 'z'] },
      "train, labels, row 1: wanted one of y, z, or null, got 'x'",
    ],
    ['a number as a text', { texts: ['a', 5] }, 'train, texts, row 2: wanted a text, got 5'],
    ['an unknown kind', { model: 'bert' }, 'model: wanted ngram, static, bilstm, got bert'],
    [
      'a setting of another kind',
      { embeddingSize: 8 },
      'embeddingSize: wanted model static or bilstm, got ngram; leave it out',
    ],
    [
      'a teacher of other rows',
      { teacher: { probabilities: [[1, 0]] } },
      'teacher: wanted probabilities for 2 rows, one list for each text, got 1',
    ],
    [
      'recorded outputs of other rows',
      { teacher: { recorded: { name: 'o.jsonl', bytes: new TextEncoder().encode('{"text":"a","label":"x"}') } } },
      'teacher o.jsonl: wanted outputs for all 1 rows of train, by text, got none for 1 of them ("b"); ' +
        'record those too, or leave the rows out',
    ],
    [
      'a recorded output that cannot be read',
      { teacher: { recorded: { name: 'o.jsonl', bytes: new TextEncoder().encode('{"text":"a","label":"z"}') } } },
      "o.jsonl:1: wanted one of the labels x, y, got 'z'; correct or delete that row, or leave such rows out (--bad_rows skip)",
    ],
    ['a teacher that says nothing', { teacher: {} }, 'teacher: wanted either probabilities or recorded, got neither'],
    [
      'probabilities that are none',
      {
        teacher: {
          probabilities: [
            [0.5, 0.5],
            [0.5, 0.2],
          ],
        },
      },
      'teacher, row 2: wanted probabilities ≥ 0 with a sum of 1, up to 0.1 for rounding, got [0.5,0.2], whose sum is 0.7',
    ],
    ['texts beside pairs', { validation: { texts: ['a'], pairs: ['b'] } }, 'validation: wanted texts, got pairs'],
  ])('%s is refused', async (_name, wrong, message) => {
    await expect(trainStudent({ ...ONE, ...wrong } as TrainStudentOptions)).rejects.toThrow(message);
  });
});
