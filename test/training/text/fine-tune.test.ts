import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { textsOfFile } from '../../../src/data/file-texts.js';
import { openTask } from '../../../src/data/open-task.js';
import { textDataset } from '../../../src/data/text-dataset.js';
import type { TextTask } from '../../../src/data/text-task.js';
import { evaluate } from '../../../src/experiments/evaluate.js';
import { exportModel } from '../../../src/export/export-model.js';
import { openTextModel } from '../../../src/export/open-text-model.js';
import { supervised } from '../../../src/methods/supervised.js';
import { openAnyModel } from '../../../src/models/any-model.js';
import { bert } from '../../../src/models/bert.js';
import { bilstm } from '../../../src/models/bilstm.js';
import { loadModel, weightsHash } from '../../../src/models/saved-model.js';
import { loadTextModel, type TextModel, withNewHead } from '../../../src/models/text-model.js';
import { initialiseParameters } from '../../../src/nn/parameters.js';
import { adamw } from '../../../src/optim/adamw.js';
import { isUsuallyUndecayed } from '../../../src/optim/groups.js';
import { describeOptimizer } from '../../../src/training/run/described-run.js';
import { runTraining } from '../../../src/training/run/run.js';
import { fineTune, prepareFineTuning, withHeadFor } from '../../../src/training/text/fine-tune.js';
import { writeSmallEncoder } from '../../cli/small-text-data.js';
import { words, wordTable } from '../../data/words.js';

const root = mkdtempSync(join(tmpdir(), 'retort-fine-tune-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const task: TextTask = {
  name: 'words',
  train: wordTable('train', 80),
  labelNames: ['negative', 'positive'],
  metrics: ['accuracy', 'f1'],
  isPair: false,
  isRegression: false,
};
let pretrained: TextModel;
beforeAll(async () => {
  await writeSmallEncoder(root);
  pretrained = await loadTextModel(join(root, 'encoder'));
});

describe('fineTune', () => {
  test.each([
    ['one text', false],
    ['two texts', true],
  ])('keeps with the model that it reads %s a row', async (_rows, isPair) => {
    const { texts } = wordTable('train', 80);
    const train = { ...wordTable('train', 80), ...(isPair && { pairs: texts }) };
    const outputDir = join(root, isPair ? 'of-pairs' : 'of-texts');
    const { readsPairs } = await fineTune({
      model: pretrained,
      task: { ...task, train, isPair },
      maxSteps: 1,
      epochs: 1,
      threads: 1,
      outputDir,
    });
    expect([readsPairs, (await loadModel(outputDir)).readsPairs]).toEqual([isPair, isPair]);
    expect((await loadTextModel(outputDir)).readsPairs).toBe(isPair);
  });

  test('layerDecay: the first step of each part is its rate long', async () => {
    const one = { model: pretrained, task, threads: 1, epochs: 1, maxSteps: 1, learningRate: 1e-3, layerDecay: 0.5 };
    const plain = { schedule: 'constant', weightDecay: 0, maxGradNorm: 0, adamEpsilon: 1e-20 } as const;
    const { weights } = await fineTune({ ...one, ...plain, outputDir: join(root, 'one-step') });
    const moved = (name: string) =>
      Math.max(
        ...(weights[name]?.data ?? []).map((value, i) => Math.abs(value - (pretrained.weights[name]?.data[i] ?? 0))),
      );
    // Witness: closed form. Adam's first step is its learning rate times the sign of the gradient (Kingma & Ba 2015, section 2.1).
    for (const [name, below] of Object.entries({
      ...{ 'pooler.dense.weight': 1, 'encoder.layer.2.output.dense.weight': 2 },
      ...{ 'encoder.layer.0.output.dense.weight': 4, 'embeddings.position_embeddings.weight': 5 },
    })) {
      expect(moved(name) / (1e-3 * 0.5 ** below), name).toBeCloseTo(1, 2);
    }
  });

  test('layerDecay: interrupted and resumed it ends in the same bytes, and another decay is another run', async () => {
    const given = { model: pretrained, task, threads: 1, epochs: 2, batchSize: 8, layerDecay: 0.8 };
    const whole = await fineTune({ ...given, outputDir: join(root, 'decay-whole') });
    const parted = { ...given, outputDir: join(root, 'decay-parted') };
    const prepared = await prepareFineTuning(parted);
    if (prepared.kind !== 'one') throw new Error('one task');
    const stop = new AbortController();
    const stopped = runTraining({
      ...{ ...prepared.run, stateSeconds: 0, signal: stop.signal },
      onEvent: ({ type }) => type === 'checkpoint' && stop.abort(),
    });
    await expect(stopped).rejects.toThrow('interruption');
    await expect(fineTune({ ...parted, layerDecay: 0.9, resume: true })).rejects.toThrow(/learningRateFactor/);
    const resumed = await fineTune({ ...parted, resume: true });
    expect(resumed.weights).toEqual(whole.weights);
  });

  test.each([
    // The widths of MiniLM and of what is next to it, a BERT of 512.
    { width: 384, given: { epochs: 3 }, rate: 1e-4 },
    { width: 512, given: { epochs: 3 }, rate: 3e-5 },
    { width: 384, given: { epochs: 4 }, rate: 3e-5 },
    // Few rows: twenty epochs.
    { width: 384, given: {}, rate: 3e-5 },
    { width: 384, given: { epochs: 3, learningRate: 2e-5 }, rate: 2e-5 },
  ])('an encoder $width wide, with $given, has a learning rate of $rate', async ({ width, given, rate }) => {
    const config = { vocab_size: words.vocabularySize, hidden_size: width, num_attention_heads: 1 };
    const model = bert({ ...config, num_hidden_layers: 1, intermediate_size: 2 });
    const wide = { model, weights: initialiseParameters(model.parameters, 1), tokenizer: words, labelNames: [] };
    const outputDir = join(root, 'of-a-width');
    const prepared = await prepareFineTuning({ ...given, model: { ...pretrained, ...wide }, task, outputDir });
    const { optimizer } = prepared.run;
    expect(optimizer && describeOptimizer(optimizer)).toMatchObject({ learningRate: rate });
    // Of several tasks nothing is known.
    const [one, other] = [task, { ...task, name: 'other' }];
    const several = await prepareFineTuning({
      ...{ ...given, model: { ...pretrained, ...wide }, task: [one, other], outputDir },
    });
    const { learningRate = 3e-5 } = given as { readonly learningRate?: number };
    expect(several.run.optimizer && describeOptimizer(several.run.optimizer)).toMatchObject({ learningRate });
  });

  test('keeps with the model how its file was read, which evaluate, predict and an export then do', async () => {
    const outputDir = join(root, 'of-a-file');
    const { texts, labels = [] } = wordTable('train', 80);
    const rows = texts.map((text, row) => `${1 + Number(labels[row])};${row};${text}\n`);
    const [data, labelNames, next] = ['rows.csv', 'names.tsv', 'next.csv'].map((name) => join(root, name)) as string[];
    writeFileSync(data as string, rows.join(''));
    writeFileSync(labelNames as string, '1\tbad\n2\tgood\n');
    writeFileSync(next as string, rows.slice(0, 20).join(''));
    const columns = { header: false, delimiter: ';', textColumn: '3', labelColumn: '1', labelNames } as const;
    const readAs = { text: 3, label: 1, header: false, delimiter: ';', labelMap: { 1: 'bad', 2: 'good' } };
    const run = { ...{ model: pretrained, epochs: 1, threads: 1, data }, ...columns };
    const tuned = await fineTune({ ...run, outputDir });
    expect([tuned.readAs, (await loadTextModel(outputDir)).readAs]).toEqual([readAs, readAs]);
    const told: string[] = [];
    const score = (more = {}) =>
      evaluate({ model: outputDir, data: next as string, threads: 1, onNotice: (text) => told.push(text), ...more });
    expect((await score()).figures).toEqual((await score(columns)).figures);
    expect(told).toEqual([
      `${next}: read as the training file was: text in column 3, label in column 1, no header, ';' between fields, labels by name (1 is bad, 2 is good)`,
    ]);
    const exported = join(root, 'of-a-file-onnx');
    await exportModel({ model: outputDir, outputDir: exported, labelNames: ['-', '+'] });
    const opened = await openTextModel(exported);
    expect(opened.readAs).toEqual({ ...readAs, labelMap: { 1: '-', 2: '+' } });
    const read: unknown[] = [];
    for await (const text of textsOfFile(next as string, {}, opened)) read.push(text);
    expect(read).toEqual(texts.slice(0, 20));
    await opened.release();
    const two = join(root, 'two.csv');
    writeFileSync(two, rows.join(''));
    const both = join(root, 'of-two-files');
    const several = await fineTune({ ...run, data: [data as string, two], outputDir: both });
    expect(several.tasksReadAs).toEqual({ rows: readAs, two: readAs });
    expect((await openAnyModel(`${both}#two`)).readAs).toEqual(readAs);
    expect((await evaluate({ model: `${both}#two`, data: next as string, threads: 1 })).rows).toBe(20);
  });

  test('says how many rows it was scored on, which are those with a label', async () => {
    const { train: rows } = await openTask(task, {});
    const dev = {
      ...rows,
      name: 'own dev',
      labels: Int32Array.from(rows.labels ?? [], (label, i) => (i < 6 ? -100 : label)),
    };
    const outputDir = join(root, 'unlabelled');
    const { record } = await fineTune({
      ...{ model: pretrained, task: { ...task, dev }, maxSteps: 1, epochs: 1, threads: 1, outputDir },
    });
    expect(record.data.evaluation).toEqual({ name: 'own dev', rows: rows.size - 6 });
  });

  test('is a run with the settings of the field: linear decay after a tenth, decayed weights, clipping at 1', async () => {
    const outputDir = join(root, 'short');
    const tuned = await fineTune({ model: pretrained, task, epochs: 2, seed: 3, threads: 1, outputDir });
    const { train, dev } = await openTask(task, {});
    const { model, weights, tokenizer } = withNewHead(pretrained, { labelNames: task.labelNames, seed: 3 });
    const byHand = await runTraining({
      model,
      weights,
      method: supervised(),
      data: {
        train: textDataset(train, tokenizer, { model, maxLength: 40 }),
        evaluation: textDataset(dev, tokenizer, { model, maxLength: 40 }),
      },
      // Devlin et al. 2019, appendix A.3: 32 rows, 0.01; 72 rows are 3 steps an epoch, of 6 a tenth is 1. Of a narrow encoder in two epochs 1e-4.
      optimizer: adamw({ learningRate: 1e-4, weightDecay: 0.01 }),
      groups: [{ match: isUsuallyUndecayed, weightDecay: 0 }],
      maxGradNorm: 1,
      schedule: 'linear',
      warmupSteps: 1,
      epochs: 2,
      batchSize: 32,
      metrics: ['accuracy', 'f1'],
      seed: 3,
      threads: 1,
      outputDir: join(root, 'by-hand'),
    });
    expect(weightsHash(tuned.weights)).toBe(weightsHash(byHand.weights ?? {}));
    expect(tuned.record.metrics).toEqual(byHand.record.metrics);
    const read = await loadTextModel(outputDir);
    expect(read.labelNames).toEqual(task.labelNames);
    expect(weightsHash(read.weights)).toBe(weightsHash(tuned.weights));
  });

  test('gradients of several batches make one step', async () => {
    const outputDir = join(root, 'accumulated');
    const given = { model: pretrained, task, epochs: 1, batchSize: 8, threads: 1 };
    const { record } = await fineTune({ ...given, gradientAccumulationSteps: 4, outputDir });
    // By hand: 72 rows are 9 batches of 8, and these 3 steps of at most 4.
    expect(record.steps).toBe(3);
    expect(record.options).toMatchObject({ batchSize: 8, gradientAccumulationSteps: 4 });
    const several = fineTune({
      ...given,
      task: [task, { ...task, name: 'more' }],
      gradientAccumulationSteps: 2,
      outputDir: 'no',
    });
    await expect(several).rejects.toThrow('gradientAccumulationSteps: wanted 1 for several tasks');
  });

  test('a BiLSTM ends after five epochs that were no better than the best', async () => {
    const model = bilstm({ vocab_size: words.vocabularySize, embedding_size: 2, hidden_size: 2, dense_size: 2 });
    const weights = initialiseParameters(model.parameters, 1);
    const untrained = { name: 'untrained', model, weights, labelNames: task.labelNames, tokenizer: words };
    // So slow that no answer changes: the first evaluation stays the best.
    const options = { model: untrained, task, learningRate: 1e-12, threads: 1, outputDir: join(root, 'bilstm') };
    const { record } = await fineTune(options);
    expect(record.epochs).toHaveLength(1 + 5);
    expect(record.stoppedEarly).toBe(true);
  });

  test('learns', async () => {
    const settings = { epochs: 8, learningRate: 3e-3, batchSize: 8, threads: 1 };
    const tuned = await fineTune({ ...settings, model: pretrained, task, outputDir: join(root, 'longer') });
    // A coin has a loss of ln 2 = 0.693.
    expect(tuned.record.epochs.at(-1)?.loss).toBeLessThan(0.6);
  });
});

describe('withHeadFor', () => {
  test('keeps a head of the same labels, in the same order, and no other', () => {
    const tuned = withNewHead(pretrained, { labelNames: ['a', 'b'], seed: 1 });
    const labels = (...labelNames: string[]) => ({ labelNames, isRegression: false });
    expect(withHeadFor(tuned, labels('a', 'b'), 2)).toBe(tuned);
    expect(withHeadFor(tuned, labels('b', 'a'), 2).labelNames).toEqual(['b', 'a']);
    const score = withHeadFor(tuned, { labelNames: [], isRegression: true }, 2);
    expect(score.model.config.num_labels).toBe(1);
    expect(withHeadFor(score, { labelNames: [], isRegression: true }, 3)).toBe(score);
  });
});
