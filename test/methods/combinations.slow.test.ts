/** @file Methods put together: augmented texts under pkd, an annealed teacher, chains of assistants by two methods. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { writePool } from '../../src/augment/pool-file.js';
import { posLexicon } from '../../src/augment/pos-lexicon.js';
import { tang } from '../../src/augment/tang.js';
import { readTextTable } from '../../src/data/read-text-table.js';
import { textDataset } from '../../src/data/text-dataset.js';
import { transferSet } from '../../src/experiments/distillation/transfer.js';
import { hinton } from '../../src/methods/hinton.js';
import type { Method } from '../../src/methods/method.js';
import { patientKd } from '../../src/methods/pkd.js';
import { supervised } from '../../src/methods/supervised.js';
import { takd } from '../../src/methods/takd.js';
import type { Model } from '../../src/models/model.js';
import { loadModel } from '../../src/models/saved-model.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { adamw } from '../../src/optim/adamw.js';
import { sgd } from '../../src/optim/sgd.js';
import { modelTeacher } from '../../src/teachers/model-teacher.js';
import { runPhases } from '../../src/training/phases/phased-run.js';
import { runTraining } from '../../src/training/run/run.js';
import type { RunOptions, RunResult } from '../../src/training/run/run-options.js';
import { smallBert } from '../data/small-bert.js';
import { words, wordTable } from '../data/words.js';

const scratch = mkdtempSync(join(tmpdir(), 'retort-combinations-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Without dropout, so that a loss is a function of weights and rows alone. */
const sized = (layers: number): Model =>
  smallBert(layers, { initializer_range: 0.5, hidden_dropout_prob: 0, attention_probs_dropout_prob: 0 });
const student = sized(2);
const drawn = (model: Model, seed: number) => initialiseParameters(model.parameters, seed);
const teacherOf = (model: Model) =>
  modelTeacher({
    path: 'teacher',
    model,
    weights: drawn(model, 7),
    labelNames: ['negative', 'positive'],
    contentHash: `teacher of ${model.config.num_hidden_layers} layers`,
  });
const table = wordTable('train', 20);
const read = (of: typeof table) => textDataset(of, words, { model: student });

const options = (name: string, method: Method, more: Partial<RunOptions> = {}): RunOptions => ({
  model: student,
  weights: drawn(student, 3),
  method,
  ...(method.needs.length > 0 && { teacher: teacherOf(sized(4)) }),
  data: { train: read(table) },
  // A rate of 0: every epoch sees the same weights.
  optimizer: sgd({ learningRate: 0 }),
  epochs: 1,
  batchSize: 1000,
  seed: 5,
  threads: 1,
  outputDir: join(scratch, name),
  ...more,
});
const lossesOf = ({ record }: RunResult) => record.epochs.map(({ losses }) => losses);

describe("tang's augmentation under pkd", () => {
  test('new texts carry soft targets and patience, and no labels', async () => {
    const tagged = (tag: string, ...names: string[]) => names.map((word) => ({ word, tags: [[tag, 1]] as const }));
    const lexicon = posLexicon([...tagged('ADJ', 'good', 'bad'), ...tagged('NOUN', 'film', 'plot', 'end')]);
    const file = join(scratch, 'pool.jsonl');
    const rules = tang({ lexicon, copies: 3, posRate: 0.4 });
    const { texts: made } = await writePool(file, table, rules, { seed: 1 });
    const pool = await readTextTable(file, { label: null });
    expect(pool.size).toBe(made);
    expect(made).toBeGreaterThan(table.size);
    const evaluation = read(wordTable('dev', 4, { seed: 9, longest: 3 }));
    const whole = await transferSet({ train: read(table), evaluation, transfer: read(pool) });
    if (whole === undefined) throw new Error('a pool was given');
    expect(whole.data.size).toBe(table.size + made - whole.leftOut);
    // Nothing of so small an evaluation stands in the pool, or the sums below would be of other rows.
    expect(whole.leftOut).toBe(0);

    const method = patientKd({ alpha: 0.75, temperature: 2, beta: 10 });
    const of = async (name: string, train: RunOptions['data']['train']) =>
      lossesOf(await runTraining(options(name, method, { data: { train } })))[0] ?? {};
    const [joint, own, added] = [
      await of('joint', whole.data),
      await of('own', read(table)),
      await of('added', read(pool)),
    ];
    expect(Object.keys(joint)).toEqual(['soft', 'hard', 'patience']);
    // By hand: a mean over all rows is the mean of the parts by their sizes; one over labelled rows is the labelled part's.
    const mean = (term: 'soft' | 'patience') =>
      ((own[term] ?? 0) * table.size + (added[term] ?? 0) * made) / (table.size + made);
    expect(joint.soft).toBeCloseTo(mean('soft'), 5);
    expect(joint.patience).toBeCloseTo(mean('patience'), 5);
    expect(joint.hard).toBeCloseTo(own.hard ?? NaN, 5);
    expect(added.hard).toBe(0);
    // The parts differ, so that the sums could not come out by chance.
    expect(Math.abs((own.soft ?? 0) - (added.soft ?? 0))).toBeGreaterThan(1e-4);
    expect(Math.abs((own.patience ?? 0) - (added.patience ?? 0))).toBeGreaterThan(1e-4);
  });
});

describe('hinton with a teacher that is annealed', () => {
  test('through a run, the teacher’s weight falls to 0 and the labels’ rises to 1', async () => {
    const fixed = hinton({ alpha: 0.8, temperature: 2 });
    const annealed = hinton({ alpha: 0.8, temperature: 2, anneal: 'linear' });
    const [first] = lossesOf(await runTraining(options('fixed', fixed)));
    const [labels] = lossesOf(await runTraining(options('labels', supervised())));
    const found = lossesOf(await runTraining(options('annealed', annealed, { epochs: 4 })));
    // One step an epoch: alpha is 0.8 times 3/4, 1/2, 1/4 and 0.
    const [soft, hard] = [(first?.soft ?? NaN) / 0.8, labels?.hard ?? NaN];
    expect(soft).toBeGreaterThan(0.001);
    for (const [epoch, alpha] of [0.6, 0.4, 0.2, 0].entries()) {
      expect(found[epoch]?.soft, `soft, epoch ${epoch}`).toBeCloseTo(alpha * soft, 5);
      expect(found[epoch]?.hard, `hard, epoch ${epoch}`).toBeCloseTo((1 - alpha) * hard, 5);
    }
  });
});

describe('takd', () => {
  const optimizer = adamw({ learningRate: 0.02 });
  const training = { optimizer, epochs: 1, batchSize: 8 };
  const large = teacherOf(sized(4));
  test.each([
    ['hinton', takd(), hinton()],
    ['pkd', takd({ hop: 'pkd', beta: 10, layerMap: 'last' }), patientKd({ beta: 10, layerMap: 'last' })],
  ])('over %s: the assistant is taught by the teacher, and teaches the student', async (name, over, hop) => {
    const middle = sized(3);
    const { weights, record } = await runPhases({
      ...options(`chain ${name}`, over, { ...training, teacher: large }),
      assistants: [{ model: middle, weights: drawn(middle, 11) }],
    });
    expect(record.phases?.map(({ name: phase }) => phase)).toEqual(['assistant-1', 'student']);
    const first = await runTraining(
      options(`hop ${name}`, hop, { ...training, model: middle, weights: drawn(middle, 11), teacher: large }),
    );
    const taught = modelTeacher({ ...(await loadModel(first.lastPath as string)), path: 'assistant' });
    const last = await runTraining(options(`last ${name}`, hop, { ...training, teacher: taught }));
    expect(weights).toEqual(last.weights);
    const direct = await runTraining(options(`direct ${name}`, hop, { ...training, teacher: large }));
    expect(weights).not.toEqual(direct.weights);
  });
});
