/** @file `model: 'ngram'`: features of the training texts, exact resume, pairs, regressions, and what is refused. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { TextTask } from '../../../src/data/text-task.js';
import { distillTexts } from '../../../src/experiments/distillation/distill-texts.js';
import { exportModel } from '../../../src/export/export-model.js';
import { openTextModel } from '../../../src/export/open-text-model.js';
import { loadTextModel } from '../../../src/models/text-model.js';
import { readOnnxMetadata } from '../../../src/onnx/onnx-file.js';
import { runTraining } from '../../../src/training/run/run.js';
import { type FineTuneOptions, fineTune, prepareFineTuning } from '../../../src/training/text/fine-tune.js';
import { writePieceEncoder } from '../../cli/piece-encoder.js';
import { wordTable } from '../../data/words.js';
import { temporaryFolder } from '../../files/processes.js';

const root = temporaryFolder();
/** By gradient steps. */
const steps = { solver: 'steps', epochs: 4, batchSize: 16 } as const;
const task: TextTask = {
  name: 'words',
  train: wordTable('train', 400),
  labelNames: ['negative', 'positive'],
  metrics: ['accuracy'],
  isPair: false,
  isRegression: false,
};
/** A student of one file. */
async function student(folder: string): Promise<{ readonly predict: (text: string) => { readonly score: number } }> {
  return import(/* @vite-ignore */ pathToFileURL(join(folder, 'student.js')).href);
}
const options = (name: string, more: Partial<FineTuneOptions> = {}): FineTuneOptions => ({
  model: 'ngram',
  task,
  threads: 1,
  outputDir: join(root, name),
  ...more,
});

describe('fineTune with model ngram', () => {
  test.each([
    ['linear', {}, false],
    ['linear by steps', { ...steps, epochs: 20, learningRate: 0.05, earlyStopping: 0 }, true],
    [
      'through a layer',
      { hidden: 8, charNgrams: 'none', epochs: 20, batchSize: 16, learningRate: 0.05, earlyStopping: 0 },
      true,
    ],
  ])(
    '%s: learns, and its folder is all that an answer needs',
    async (name, settings: Partial<FineTuneOptions>, hasSteps) => {
      const tuned = await fineTune(options(name, settings));
      const { accuracy = 0 } = tuned.record.metrics;
      expect([tuned.record.fit === undefined, tuned.record.steps > 0]).toEqual([hasSteps, hasSteps]);
      // Witness: the labels follow from the words; always naming the most frequent is right on fewer than 75 %.
      expect(accuracy).toBeGreaterThan(0.85);
      const loaded = await loadTextModel(join(root, name));
      expect(loaded.model.config).toEqual(tuned.model.config);
      expect(loaded.weights).toEqual(tuned.weights);
      const opened = await openTextModel(join(root, name), { threads: 1 });
      const [answer] = await opened.predict('good good film');
      await opened.release();
      expect(answer?.label).toBe('positive');
      const folder = join(root, `${name} export`);
      await exportModel({ model: join(root, name), to: 'js', outputDir: folder });
      // Weights in int8.
      expect((await student(folder)).predict('good good film').score).toBeCloseTo(answer?.score ?? NaN, 2);
    },
  );

  test('a temperature from the validation split is kept, and in every answer and export; without a test split none is', async () => {
    const withoutTest = { ...task, dev: wordTable('dev', 300, { seed: 2 }) };
    const split = { ...withoutTest, test: wordTable('test', 60, { seed: 3 }) };
    // By few steps, which leave it unsure of what it knows.
    const settings = { ...steps, epochs: 2, learningRate: 0.02, earlyStopping: 0 };
    const tuned = await fineTune(options('calibrated', { ...settings, task: split }));
    const { calibration } = tuned;
    expect(calibration).toMatchObject({ isApplied: true, data: { name: 'dev', rows: 300 } });
    const { temperature = 1, before, after } = calibration ?? {};
    expect(temperature).toBeLessThan(0.9);
    expect(after?.nll).toBeLessThan(before?.nll ?? 0);
    const folder = join(root, 'calibrated');
    expect((await loadTextModel(folder)).temperature).toBe(temperature);
    await exportModel({ model: folder, outputDir: `${folder} onnx` });
    await exportModel({ model: folder, to: 'js', outputDir: `${folder} js` });
    expect((await readOnnxMetadata(join(`${folder} onnx`, 'model.onnx'))).get('retort.temperature')).toBe(
      String(temperature),
    );
    // Witness: the softmax of two logits at a temperature, from its probabilities without one.
    const text = 'good good film';
    const plain = join(root, 'not calibrated');
    const bare = await fineTune(options('not calibrated', { ...settings, task: withoutTest }));
    expect(bare.calibration).toBeUndefined();
    expect(bare.weights).toEqual(tuned.weights);
    const opened = await Promise.all(
      [plain, folder, `${folder} onnx`].map((path) => openTextModel(path, { threads: 1 })),
    );
    const [at1 = NaN, ...scaled] = await Promise.all(
      opened.map(async (model) => (await model.predict(text))[0]?.probabilities[1]),
    );
    const wanted = 1 / (1 + ((1 - at1) / at1) ** (1 / temperature));
    for (const probability of scaled) expect(probability).toBeCloseTo(wanted, 5);
    expect((await student(`${folder} js`)).predict(text).score).toBeCloseTo(Math.max(wanted, 1 - wanted), 2);
    await Promise.all(opened.map((model) => model.release()));
  });

  test('of pieces: learns, answers from its folder and in plain JavaScript, and is another run than of words', async () => {
    await writePieceEncoder(root);
    const settings = { units: 'pieces', vocabulary: join(root, 'encoder'), charNgrams: 'none', seed: 1 } as const;
    const tuned = await fineTune(options('pieces', settings));
    expect(tuned.record.metrics.accuracy).toBeGreaterThan(0.85);
    // Witness: the encoder has a piece for each of these words and none for others.
    const names = (text: string) =>
      tuned.tokenizer.encodeRow(text).ids.map((id) => tuned.tokenizer.firstFrom(id)?.token);
    expect(names('good never-seen').filter((name) => name === 'good' || name?.startsWith('never'))).toEqual(['good']);
    const folder = join(root, 'pieces export');
    await exportModel({ model: join(root, 'pieces'), outputDir: folder });
    await exportModel({ model: join(root, 'pieces'), to: 'js', outputDir: `${folder} js` });
    const plain = await student(`${folder} js`);
    for (const opened of [await openTextModel(join(root, 'pieces')), await openTextModel(folder)]) {
      const texts = ['good good film', 'bad'];
      for (const [i, answer] of (await opened.predict(texts, { badRows: 'stop' })).entries())
        expect(plain.predict(texts[i] as string).score).toBeCloseTo(answer.score as number, 2);
      await opened.release();
    }
    await expect(fineTune(options('pieces', { charNgrams: 'none', seed: 1, resume: true }))).rejects.toThrow(/another/);
    expect((await fineTune(options('pieces', { ...settings, resume: true }))).status).toBe('already-finished');
    await expect(fineTune(options('of features', { ...settings, vocabulary: join(root, 'pieces') }))).rejects.toThrow(
      /vocabulary: wanted a model whose tokenizer cuts texts into pieces, such as minilm-l6, got .*pieces, which reads n-grams/,
    );
  });

  test('interrupted and resumed it ends in the same bytes', async () => {
    const settings = { ...steps, hidden: 4, tokensPerRun: 200 };
    const whole = await fineTune(options('whole run', settings));
    const stop = new AbortController();
    const parted = options('parted run', settings);
    const prepared = await prepareFineTuning(parted);
    if (prepared.kind !== 'one') throw new Error('one task');
    const stopped = runTraining({
      ...prepared.run,
      stateSeconds: 0,
      signal: stop.signal,
      onEvent: ({ type }) => type === 'checkpoint' && stop.abort(),
    });
    await expect(stopped).rejects.toThrow('interruption');
    const resumed = await fineTune({ ...parted, resume: true });
    expect(resumed.weights).toEqual(whole.weights);
    expect(resumed.record.metrics).toEqual(whole.record.metrics);
  });

  test('resumed with other n-grams it is another run', async () => {
    await fineTune(options('other n-grams'));
    const other = fineTune(options('other n-grams', { ngrams: '1', resume: true }));
    await expect(other).rejects.toThrow(/another/);
    const stricter = fineTune(options('other n-grams', { strength: 0.1, resume: true }));
    await expect(stricter).rejects.toThrow(/fit/);
    expect((await fineTune(options('other n-grams', { resume: true }))).status).toBe('already-finished');
  });

  test('a fit that was killed is begun again', async () => {
    const whole = await fineTune(options('fitted'));
    const stop = new AbortController();
    const onEvent = ({ type }: { readonly type: string }) => type === 'strength' && stop.abort();
    await expect(fineTune(options('killed', { signal: stop.signal, onEvent }))).rejects.toThrow('interruption');
    const again = await fineTune(options('killed', { resume: true }));
    expect(again.weights).toEqual(whole.weights);
    expect(again.record).toMatchObject({ steps: 0, epochs: [], metrics: whole.record.metrics, fit: whole.record.fit });
  });

  test('a strength that is given is taken; the usual one is chosen by the loss on inner folds', async () => {
    const { record } = await fineTune(options('strength', { strength: 0.3 }));
    expect(record.fit).toMatchObject({ strength: 0.3, loss: 'logistic' });
    const chosen = (await fineTune(options('chosen'))).record.fit;
    expect(chosen?.innerLoss).toBeLessThan(record.fit?.innerLoss ?? 0);
  });

  test.each<[Partial<FineTuneOptions>, string]>([
    [
      { epochs: 3 },
      'epochs: wanted solver steps, got solver convex, the default of n-grams without a layer, which takes no steps; leave it out, or choose solver steps',
    ],
    [
      { solver: 'convex', learningRate: 1 },
      'learningRate: wanted solver steps, got solver convex, which takes no steps',
    ],
    [
      { solver: 'convex', hidden: 4 },
      'solver convex: wanted a linear model of n-grams or an encoder with a head on the mean over its tokens, and a method that gives each row one target, got model ngram with a hidden layer of 4, which is not convex; train by steps',
    ],
    [{ solver: 'steps', strength: 1 }, 'strength: wanted solver convex, got solver steps; leave it out'],
    [
      { hidden: 4, strength: 1 },
      'strength: wanted solver convex, got model ngram with a hidden layer of 4, which is not convex; leave it out',
    ],
  ])('%j: %s', async (settings, message) => {
    await expect(fineTune(options('refused', settings))).rejects.toThrow(message);
  });

  test('a model that was trained before goes on by steps', async () => {
    const model = await loadTextModel(join(root, 'linear'));
    const { record } = await fineTune(options('gone on', { model, epochs: 1 }));
    expect(record.steps).toBeGreaterThan(0);
    const { record: refitted } = await fineTune(options('fitted again', { model, solver: 'convex' }));
    expect(refitted.steps).toBe(0);
  });

  test('pairs, and a regression', async () => {
    const train = wordTable('train', 60, { pairs: true });
    const pairs = await fineTune(options('pairs', { task: { ...task, train, isPair: true } }));
    expect(pairs.readsPairs).toBe(true);
    const { row } = { row: pairs.tokenizer.encodeRow('good', 'good') };
    expect(new Set(row.ids).size).toBe(row.ids.length);
    const { labels: _, ...texts } = wordTable('train', 60);
    const scores = Float32Array.from(texts.texts, (text) => text.split(' ').filter((word) => word === 'good').length);
    const regression: TextTask = {
      ...task,
      train: { ...texts, labelNames: [], scores },
      labelNames: [],
      metrics: ['pearson'],
      isRegression: true,
    };
    const { record } = await fineTune(options('regression', { task: regression }));
    expect(record.metrics.pearson).toBeGreaterThan(0.8);
  });

  test.each<[Partial<FineTuneOptions>, string]>([
    [{ layers: 2 }, 'layers: wanted an encoder, got model ngram; leave it out'],
    [
      { vocabulary: 'minilm-l6' },
      'vocabulary: wanted units pieces, since n-grams of words need no tokenizer, got units words; add --units pieces, or leave it out',
    ],
    [
      { units: 'pieces', ngrams: 'none' },
      'ngrams: wanted how many pieces an n-gram has, such as 1,2, where units are pieces, got none; leave units out',
    ],
    [{ model: 'bilstm', units: 'pieces' }, 'units: wanted model ngram, got model bilstm; leave it out'],
    [{ model: 'bilstm', ngrams: '1' }, 'ngrams: wanted model ngram or model static, got model bilstm; leave it out'],
    [
      { model: 'minilm-l6', hidden: 4 },
      'hidden: wanted model bilstm or model ngram or model static, got model minilm-l6; leave it out',
    ],
    [{ features: 9, buckets: 9 }, 'features, buckets: wanted at most one way to bound the features'],
    [{ ngrams: '2,1' }, "ngrams: wanted the least and the most n, from 1, such as 1,2, or none, got '2,1'"],
    [
      { ngrams: 'none', charNgrams: 'none' },
      'ngrams, charNgrams: wanted n-grams of words, of characters, or of both, got neither',
    ],
  ])('%j: %s', async (settings, message) => {
    // Before anything is read.
    const unread = { task: undefined, data: 'nowhere.csv' };
    await expect(fineTune(options('refused', { ...unread, ...settings }))).rejects.toThrow(message);
  });
});

describe('distillTexts with model ngram', () => {
  test('by the convex solver: all arms on one pool of targets, of which only teachers have answers', async () => {
    const teacher = await loadTextModel(join(root, 'linear'));
    const { labels: _, ...pool } = wordTable('pool', 60, { seed: 9 });
    const given = { teacher, task, model: 'ngram', seeds: [1, 2], transfer: pool, threads: 1 } as const;
    const warned: string[] = [];
    const distilled = await distillTexts({
      ...given,
      controls: 'no-teacher,linear,hard-labels,shuffled-teacher,label-smoothing',
      outputDir: join(root, 'arms'),
      onEvent: (event) => event.type === 'warning' && warned.push(event.name),
    });
    const { arms, ship } = distilled.record;
    const rows = Object.fromEntries(arms.map(({ name, train }) => [name, train]));
    // Four rows of the pool are evaluated ones, and left out.
    const all = { rows: 360 + 56, steps: 0 };
    const labelled = { rows: 360, steps: 0 };
    expect(rows).toEqual({
      hinton: all,
      'no-teacher': labelled,
      linear: undefined,
      'hard-labels': all,
      'shuffled-teacher': all,
      'label-smoothing': labelled,
    });
    expect(arms.every(({ curve, mean }) => curve === undefined && mean > 80)).toBe(true);
    expect(arms.find(({ name }) => name === 'hinton')?.description).toBe('the teacher, by the method; 416 rows');
    expect(ship).toBeDefined();
    expect(warned).not.toContain('not-converged');
    expect(distilled.student.model.config).toMatchObject({ hidden_size: 0 });
    // Settings of steps are no part of it.
    expect(distilled.record.settings).not.toHaveProperty('epochs');
    expect(distilled.record.settings).toMatchObject({ fit: {} });
    const again = await distillTexts({ ...given, resume: true, outputDir: join(root, 'arms') });
    expect(again.record.arms[0]?.scores).toEqual(arms[0]?.scores);
  });

  test('methods without one target per row learn by steps, and cannot be fitted', async () => {
    const teacher = await loadTextModel(join(root, 'linear'));
    const given = { teacher, task, model: 'ngram', method: 'tang', seeds: [1], controls: [], threads: 1 } as const;
    const { record } = await distillTexts({ ...given, epochs: 1, outputDir: join(root, 'tang') });
    expect(record.arms[0]?.train?.steps).toBeGreaterThan(0);
    const refused = distillTexts({ ...given, solver: 'convex', outputDir: join(root, 'refused tang') });
    await expect(refused).rejects.toThrow(
      /got method 'tang', whose loss with these options is not that of one target per row/,
    );
  });

  // The warm-up of the pool's steps was once more than all steps of the labelled rows, and refused.
  test('a pool may have many times the labelled rows', async () => {
    const teacher = await loadTextModel(join(root, 'linear'));
    const { labels: _, ...transfer } = wordTable('pool', 700, { seed: 9 });
    const given = {
      teacher,
      task,
      rows: 36,
      model: 'ngram',
      seeds: [1],
      controls: ['no-teacher'],
      threads: 1,
    } as const;
    const { record } = await distillTexts({ ...given, transfer, outputDir: join(root, 'few labels') });
    expect(record.arms.map(({ train }) => train?.steps)).toEqual([0, 0]);
  });

  test('reads the n-grams of the pool, too; a method of hidden states names what it lacks', async () => {
    const teacher = await loadTextModel(join(root, 'linear'));
    const { labels: _, ...pool } = wordTable('pool', 30, { seed: 9 });
    const transfer = { ...pool, texts: pool.texts.map((text) => `${text} marvellous`) };
    const common = { teacher, task, model: 'ngram', seeds: [1], controls: [], threads: 1 } as const;
    const { student } = await distillTexts({ ...common, transfer, outputDir: join(root, 'distilled') });
    expect(student.tokenizer.encodeRow('marvellous').ids.length).toBeGreaterThan(5);
    expect(teacher.tokenizer.encodeRow('marvellous').ids.length).toBeLessThan(5);
    const hidden = distillTexts({ ...common, method: 'pkd', outputDir: join(root, 'refused') });
    await expect(hidden).rejects.toThrow(/hiddenStates/);
  });
});
