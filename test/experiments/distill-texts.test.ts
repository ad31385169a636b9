import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { textTable } from '../../src/data/text-table.js';
import type { TextTask } from '../../src/data/text-task.js';
import { distillTexts } from '../../src/experiments/distillation/distill-texts.js';
import type {
  DistillTextsEvent,
  DistillTextsOptions,
} from '../../src/experiments/distillation/distill-texts-options.js';
import { exportModel } from '../../src/export/export-model.js';
import { load } from '../../src/inference/load.js';
import { hinton } from '../../src/methods/hinton.js';
import { patientKd } from '../../src/methods/pkd.js';
import { bilstmFromTeacher } from '../../src/models/bilstm-embeddings.js';
import { firstLayers } from '../../src/models/chosen-layers.js';
import { saveHuggingFace } from '../../src/models/hugging-face.js';
import { modelHash, weightsHash } from '../../src/models/saved-model.js';
import { loadTextModel, type TextModel, withNewHead } from '../../src/models/text-model.js';
import { questionOf } from '../../src/options/question.js';
import { textTeacher } from '../../src/teachers/text-teacher.js';
import { wordTokenizer } from '../../src/tokenizers/word-vocabulary.js';
import { fineTune } from '../../src/training/text/fine-tune.js';
import { writeSmallEncoder } from '../cli/small-text-data.js';
import { WORDS, wordTable } from '../data/words.js';

const root = mkdtempSync(join(tmpdir(), 'retort-distill-texts-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const task: TextTask = {
  name: 'words',
  train: wordTable('train', 64),
  dev: wordTable('dev', 40, { seed: 2 }),
  labelNames: ['negative', 'positive'],
  metrics: ['accuracy'],
  isPair: false,
  isRegression: false,
};
const training = { epochs: 2, learningRate: 3e-3, batchSize: 16, threads: 1, seeds: 2 };
/** Of a student that is fitted. */
const NO_STEPS = { epochs: undefined, learningRate: undefined, batchSize: undefined };
let pretrained: TextModel;
let teacher: TextModel;
beforeAll(async () => {
  await writeSmallEncoder(root);
  pretrained = await loadTextModel(join(root, 'encoder'));
  teacher = await fineTune({ ...training, epochs: 6, model: pretrained, task, outputDir: join(root, 'teacher') });
});

describe('distillTexts', () => {
  test('teaches the first layers of an encoder by patience, tokens and all, and reads the student back', async () => {
    const { verdict, student, record } = await distillTexts({
      ...training,
      teacher,
      student: firstLayers(pretrained, 2),
      task,
      method: patientKd({ layerMap: 'last' }),
      controls: ['no-teacher'],
      outputDir: join(root, 'patient'),
    });
    expect(verdict).toMatch(/^(BETTER|CAN'T TELL|NO BETTER|NO VERDICT)/);
    expect(record.arms.map(({ name }) => name)).toEqual(['pkd', 'no-teacher']);
    expect(student.model.config.num_hidden_layers).toBe(2);
    expect(student.labelNames).toEqual(task.labelNames);
    expect(record.settings.student).toMatchObject({ start: `first 2 layers of ${pretrained.name}` });
  });

  test('teaches a BiLSTM, made anew for each seed, by logits', async () => {
    const asked: number[] = [];
    const { student } = await distillTexts({
      ...training,
      teacher,
      student: (seed) => {
        asked.push(seed);
        const config = { num_labels: 2, embedding_size: 4, hidden_size: 3, dense_size: 4 };
        return bilstmFromTeacher(pretrained, pretrained.tokenizer, { seed, config });
      },
      task,
      method: hinton({ alpha: 0.9 }),
      controls: ['no-teacher'],
      outputDir: join(root, 'words'),
    });
    expect(student.model.kind).toBe('bilstm');
    expect(new Set(asked)).toEqual(new Set([1, 2]));
  });

  test('a student of recorded outputs keeps the question that they answer, in its checkpoint and its export', async () => {
    const question = questionOf({ labelNames: task.labelNames, instructions: 'How is it?' });
    const lines = [...new Set(wordTable('train', 64).texts)].map((text, i) => ({
      text,
      label: task.labelNames[i % 2],
      question,
    }));
    const path = join(root, 'recorded.jsonl');
    writeFileSync(path, lines.map((line) => JSON.stringify(line)).join('\n'));
    const own = { outputDir: join(root, 'asked'), controls: [] as const, seeds: 1 };
    const recorded = { ...training, ...own, teacher: path, student: firstLayers(pretrained, 1), task };
    const { student, studentPath } = await distillTexts({ ...recorded, method: 'hinton' });
    expect(student.question).toEqual(question);
    await exportModel({ model: studentPath, outputDir: join(root, 'asked-onnx'), labelNames: ['bad', 'good'] });
    const exported = await load(join(root, 'asked-onnx'));
    expect(exported.question?.criteria.map(([label]) => label)).toEqual(['bad', 'good']);
    await exported.release();
    writeFileSync(
      path,
      [...lines, { ...lines[0], text: 'more', question: { ...question, type: 'score' } }]
        .map((line) => JSON.stringify(line))
        .join('\n'),
    );
    await expect(distillTexts({ ...recorded, outputDir: join(root, 'two'), method: 'hinton' })).rejects.toThrow(
      'wanted the question of the rows before',
    );
  });

  test('accumulates gradients in all arms alike', async () => {
    const { record } = await distillTexts({
      ...training,
      teacher,
      student: firstLayers(pretrained, 1),
      task,
      controls: ['no-teacher'],
      seeds: 1,
      batchSize: 8,
      gradientAccumulationSteps: 4,
      outputDir: join(root, 'accumulated'),
    });
    // By hand: 64 rows are 8 batches of 8, 2 steps of 4 in each of 2 epochs.
    expect(record.arms.map(({ train }) => train?.steps)).toEqual([4, 4]);
    expect(record.settings).toMatchObject({ gradientAccumulationSteps: 4 });
  });

  test('early stopping ranks epochs on training rows that no student learns from, and takes the best', async () => {
    const { record, student, studentPath } = await distillTexts({
      ...training,
      ...{ teacher, task, epochs: 5, earlyStopping: 1, monitor: 'loss', seeds: 1, learningRate: 0.05 },
      student: firstLayers(pretrained, 1),
      controls: ['no-teacher', 'linear'],
      outputDir: join(root, 'monitored'),
    });
    // By hand: a tenth of 64 rows is 6; 58 rows are 4 batches of 16, so 20 steps at most.
    const [taught, alone, linear] = record.arms;
    expect(taught?.description).toBe(
      'the teacher, by the method; 58 rows, at most 20 steps, its best epoch by loss on 6 other training rows',
    );
    expect(linear?.description).toContain('; 64 rows');
    for (const { train } of [taught, alone].flatMap((arm) => arm ?? [])) expect(train?.rows).toBe(58);
    const run = JSON.parse(readFileSync(join(studentPath, 'metrics.json'), 'utf8'));
    expect(run.data.evaluation.rows).toBe(6);
    const losses = run.epochs.map(({ metrics }: { metrics: { loss: number } }) => metrics.loss);
    expect(run.metrics.loss).toBe(Math.min(...losses));
    expect(record.settings).toMatchObject({ earlyStopping: { metric: 'loss', mode: 'min', patience: 1 } });
    expect(record.data?.train.rows).toBe(64);
    expect(weightsHash(student.weights)).toBe(weightsHash((await loadTextModel(studentPath)).weights));
  });

  test('a method of several phases stops early in its last one, a control within the same steps', async () => {
    const { record, studentPath } = await distillTexts({
      ...training,
      ...{ teacher, task, method: 'tinybert', epochs: 4, earlyStopping: 1, monitor: 'loss', seeds: 1 },
      student: firstLayers(pretrained, 1),
      controls: ['no-teacher'],
      outputDir: join(root, 'monitored-phases'),
    });
    const run = JSON.parse(readFileSync(join(studentPath, 'metrics.json'), 'utf8'));
    expect(run.phases.length).toBeGreaterThan(1);
    const losses = run.epochs.map(({ metrics }: { metrics: { loss: number } }) => metrics.loss);
    expect(run.metrics.loss).toBe(Math.min(...losses));
    expect(run.data.evaluation.rows).toBe(6);
    expect(record.arms.map(({ train }) => train?.rows)).toEqual([58, 58]);
  });

  test('copies of the training rows are labelled by the teacher alone, beside a pool', async () => {
    const copied = { ...training, teacher, task, model: 'ngram', controls: 'no-teacher', seeds: 1, transferCopies: 2 };
    const alone = await distillTexts({ ...copied, ...NO_STEPS, outputDir: join(root, 'copies') });
    const { rows = 0, name } = alone.record.data?.transfer ?? {};
    // Two of each of 64 rows at most; short texts have few, and what the training rows have is none.
    expect(rows).toBeGreaterThan(64);
    expect(rows).toBeLessThanOrEqual(128);
    expect(name).toBe('train with words left out');
    const transfer = textTable('pool', { texts: ['a text of its own'] });
    const both = await distillTexts({ ...copied, ...NO_STEPS, transfer, outputDir: join(root, 'copies-and-pool') });
    expect(both.record.data?.transfer).toEqual({ name: 'pool and train with words left out', rows: rows + 1 });
  });

  test('control arms are none alone, or some by name', async () => {
    const run = (controls: string) =>
      distillTexts({ ...training, teacher, student: pretrained, task, controls, outputDir: join(root, 'mixed') });
    await expect(run('none,no-teacher')).rejects.toThrow(
      "controls: wanted no-teacher, linear, hard-labels, shuffled-teacher, label-smoothing, or none alone, got 'none,no-teacher'; leave out none, or all the others",
    );
    await expect(run('no-one')).rejects.toThrow("or none alone, got 'no-one'");
  });

  test('a student of other tokens cannot learn token by token', async () => {
    const other = wordTokenizer([...WORDS].reverse(), { split: 'spaces', lowercase: true });
    const student = { ...withNewHead(pretrained, { labelNames: task.labelNames, seed: 1 }), tokenizer: other };
    const run = distillTexts({ ...training, teacher, student, task, method: patientKd(), outputDir: join(root, 'no') });
    await expect(run).rejects.toThrow(
      /method 'pkd' with teacher .*: wanted a student with the teacher's own tokenizer/,
    );
  });

  describe('with teacherFolds', () => {
    const outputDir = join(root, 'folds');
    const told: string[] = [];
    const folds = {
      ...{ ...training, seeds: 1, controls: 'none', task, outputDir },
      ...{ teacher: 'ngram', teacherEpochs: 8, teacherFolds: 3, model: 'ngram', solver: 'steps' },
      onEvent: (event: DistillTextsEvent) => {
        if (event.type === 'teacher-trained') told.push(`${event.fold?.number} of ${event.fold?.of} ${event.status}`);
      },
    } satisfies DistillTextsOptions;

    test('the record names its models, and how it fits training rows that they have and have not seen', async () => {
      const { record } = await distillTexts(folds);
      expect(told).toEqual(['1 of 3 finished', '2 of 3 finished', '3 of 3 finished']);
      const { teacher: recorded } = record;
      const hashes: string[] = [];
      for (const fold of [1, 2, 3]) {
        const { tokenizer, ...saved } = await loadTextModel(join(outputDir, 'teacher', `fold-${fold}`));
        const contentHash = modelHash(saved);
        hashes.push(textTeacher({ ...saved, path: '', contentHash }, tokenizer, task).contentHash);
      }
      expect(recorded).toMatchObject({ name: 'ngram, cross-fitted in 3 folds', folds: hashes });
      expect(recorded?.training?.rows).toBe(64);
      const { score = 0, seen } = recorded?.training ?? {};
      expect(seen?.score).toBeGreaterThan(score);
    });

    test('what is trained is not trained again, whatever else is asked for', async () => {
      told.length = 0;
      const before = readFileSync(join(outputDir, 'teacher', 'fold-2', 'last.ckpt', 'model.safetensors'));
      await distillTexts({ ...folds, seeds: 2, resume: true });
      expect(told).toEqual([1, 2, 3].map((fold) => `${fold} of 3 already-finished`));
      expect(readFileSync(join(outputDir, 'teacher', 'fold-2', 'last.ckpt', 'model.safetensors'))).toEqual(before);
    });

    test.each([
      [{ from: 'teacher' }, 'from teacher: wanted one model as the teacher, got teacherFolds 3, a model for each fold'],
      [{ method: 'pkd' }, "method 'pkd' with teacher encoder, cross-fitted in 3 folds: wanted the signal hiddenStates"],
      [{ method: 'mixkd' }, "method 'mixkd' with teacher encoder, cross-fitted in 3 folds: wanted"],
      [{ teacherFolds: 20, rows: 6 }, /teacherFolds: wanted at most \d folds, the distinct texts of/],
    ])('%j is refused before anything is trained', async (more, message) => {
      const encoder = join(root, 'encoder');
      const asked = { ...folds, teacher: encoder, model: 'minilm-l6', ...more, outputDir: join(root, 'refused') };
      const student = 'from' in more ? {} : { student: pretrained };
      await expect(distillTexts({ ...asked, ...student })).rejects.toThrow(
        typeof message === 'string' ? message.replace('encoder', encoder) : message,
      );
      expect(existsSync(join(root, 'refused', 'teacher'))).toBe(false);
    });

    test('a teacher that knows the labels is refused: a run, an exported model, and one that is loaded', async () => {
      const headed = join(root, 'headed');
      await saveHuggingFace(headed, { ...teacher, labelNames: ['Positive', 'negative'] });
      for (const name of [join(root, 'teacher'), headed]) {
        await expect(distillTexts({ ...folds, teacher: name, outputDir: join(root, 'refused') })).rejects.toThrow(
          `teacherFolds: wanted a model that was never trained on these labels: one that was may have seen the rows of each fold, got teacher ${name}, which was; start from`,
        );
      }
      await expect(distillTexts({ ...folds, teacher, outputDir: join(root, 'refused') })).rejects.toThrow(
        'teacherEpochs: wanted the name or folder of a model to train as teacher, got teacher',
      );
    });

    test('an encoder has layer-wise rates where they are asked for; a model without layers is refused', async () => {
      const asked = { ...folds, teacherFolds: undefined, teacherEpochs: 1, teacherLayerDecay: 0.5, controls: 'none' };
      const outputDir = join(root, 'layer decay');
      await distillTexts({ ...asked, teacher: join(root, 'encoder'), outputDir });
      const { options } = JSON.parse(readFileSync(join(outputDir, 'teacher', 'metrics.json'), 'utf8'));
      const rates = Object.values<{ readonly learningRateFactor: number }>(options.optimizer.rates);
      // By hand: embeddings, three layers and the pooler below the head.
      expect(new Set(rates.map((rate) => rate.learningRateFactor))).toEqual(
        new Set([1, 2, 4, 8, 16, 32].map((share) => 1 / share)),
      );
      await expect(distillTexts({ ...asked, teacher: 'bilstm', outputDir: join(root, 'refused') })).rejects.toThrow(
        'teacherLayerDecay: wanted an encoder, whose layers have rates of their own, got teacher bilstm; leave it out',
      );
    });

    test.each(['bilstm', 'static', 'encoder'])('a teacher of the kind %s can be cross-fitted', async (kind) => {
      // Words are those of the usual encoder.
      const minilm = join(root, 'hub', 'models--sentence-transformers--all-MiniLM-L6-v2');
      cpSync(join(root, 'encoder'), join(minilm, 'snapshots', 'first'), { recursive: true });
      mkdirSync(join(minilm, 'refs'), { recursive: true });
      writeFileSync(join(minilm, 'refs', 'main'), 'first');
      vi.stubEnv('HF_HUB_CACHE', join(root, 'hub'));
      const { record } = await distillTexts({
        ...{ ...folds, teacher: kind === 'encoder' ? join(root, kind) : kind },
        ...{ teacherEpochs: 1, teacherFolds: 2, outputDir: join(root, `folds-${kind}`) },
      });
      vi.unstubAllEnvs();
      expect(record.teacher?.folds).toHaveLength(2);
    });
  });

  test('its teacher is not changed by it', async () => {
    expect(weightsHash((await loadTextModel(join(root, 'teacher'))).weights)).toBe(weightsHash(teacher.weights));
  });
});
