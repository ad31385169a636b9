/** @file Methods of several stages in whole experiments, small enough for a test. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runDistillation } from '../../src/experiments/distillation/distill.js';
import type { DistillOptions, DistillResult } from '../../src/experiments/distillation/distill-options.js';
import { selfKd } from '../../src/methods/self-kd.js';
import { takd } from '../../src/methods/takd.js';
import { tinyBert } from '../../src/methods/tinybert.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { adam } from '../../src/optim/adam.js';
import { modelTeacher } from '../../src/teachers/model-teacher.js';
import { smallBert } from '../data/small-bert.js';
import { data, startOf, student, train } from './small-student.js';

const scratch = mkdtempSync(join(tmpdir(), 'retort-phased-distillation-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const teacherModel = smallBert(4);
const teacher = modelTeacher({
  path: 'teacher',
  model: teacherModel,
  weights: initialiseParameters(teacherModel.parameters, 7),
  labelNames: train.labelNames,
  contentHash: 'teacher',
});

const options = (outputDir: string, more: Partial<DistillOptions> = {}): DistillOptions => ({
  teacher,
  student,
  data,
  method: tinyBert({ intermediateShare: 0.5 }),
  controls: ['no-teacher', 'shuffled-teacher'],
  seeds: 1,
  optimizer: adam({ learningRate: 0.01 }),
  epochs: 2,
  batchSize: 8,
  threads: 1,
  outputDir: join(scratch, outputDir),
  ...more,
});
const scoresOf = ({ record }: DistillResult) => record.arms.map(({ name, scores }) => [name, scores]);

describe('distill by a method of several stages', () => {
  let whole: DistillResult;
  beforeAll(async () => {
    whole = await runDistillation(options('whole'));
  });

  test('its arms run in stages, and the control in one of as many steps', () => {
    // 32 rows in batches of 8: 4 steps an epoch.
    const steps = whole.record.arms.map(({ name, train: of }) => [name, of]);
    expect(steps).toEqual([
      ['tinybert', { rows: 32, steps: 8 }],
      ['no-teacher', { rows: 32, steps: 8 }],
      ['shuffled-teacher', { rows: 32, steps: 8 }],
    ]);
    const runs = (name: string) => readdirSync(join(scratch, 'whole', 'runs', name));
    expect(runs('tinybert-1')).toEqual(expect.arrayContaining(['phase-1-intermediate', 'phase-2-prediction']));
    expect(runs('no-teacher-1')).not.toContain('phase-1-intermediate');
    // Models that are not kept are gone from the stages too.
    expect(existsSync(join(scratch, 'whole', 'runs', 'tinybert-1', 'phase-1-intermediate', 'last.ckpt'))).toBe(true);
    const stage = join(scratch, 'whole', 'runs', 'shuffled-teacher-1', 'phase-1-intermediate');
    expect(readdirSync(stage).sort()).toEqual(['log.jsonl', 'metrics.json']);
  });

  test.each(['intermediate', 'prediction'])(
    'stopped in stage %s and resumed it ends with the same scores',
    async (stage) => {
      const stop = new AbortController();
      const stopped = runDistillation({
        ...options(stage),
        signal: stop.signal,
        onEvent: (event) => {
          if (event.type === 'training' && event.event.type === 'step' && event.event.phase?.name === stage)
            stop.abort();
        },
      });
      await expect(stopped).rejects.toThrow('interruption');
      expect(scoresOf(await runDistillation({ ...options(stage), resume: true }))).toEqual(scoresOf(whole));
    },
  );

  test.each(['hinton', 'pkd'] as const)('takd over %s: from eight layers over four to two', async (hop) => {
    const large = modelTeacher({
      path: 'large',
      model: smallBert(8),
      weights: initialiseParameters(smallBert(8).parameters, 7),
      labelNames: train.labelNames,
      contentHash: 'large',
    });
    const chain = {
      method: takd({ hop }),
      teacher: large,
      assistants: [startOf(smallBert(4))],
      student: startOf(smallBert(2)),
    };
    const { record } = await runDistillation(options(`takd-${hop}`, { ...chain, controls: ['no-teacher'] }));
    expect(record.arms.map(({ name, scores }) => [name, scores.length])).toEqual([
      ['takd', 1],
      ['no-teacher', 1],
    ]);
    const run = readdirSync(join(scratch, `takd-${hop}`, 'runs', 'takd-1'));
    expect(run).toEqual(expect.arrayContaining(['phase-1-assistant-1', 'phase-2-student', 'last.ckpt']));
  });

  test('takd with scores that decide: rows of training are kept for them', async () => {
    const method = takd({ path: 'accuracy-midpoint', worse: 'skip' });
    const assistants = [startOf(smallBert(2)), startOf(smallBert(1))];
    const { recordPath } = await runDistillation(options('midpoint', { method, assistants, controls: [] }));
    expect(existsSync(recordPath)).toBe(true);
    const stages = readdirSync(join(scratch, 'midpoint', 'runs', 'takd-1')).filter((name) => name.startsWith('phase-'));
    expect(stages.slice(0, 3)).toEqual([
      'phase-1-assistant-1-alone',
      'phase-2-assistant-2-alone',
      'phase-3-student-alone',
    ]);
    expect(stages.at(-1)).toBe('phase-5-student');
    expect(stages).toHaveLength(5);
  });

  test('assistants that are missing are named before the folder is made', async () => {
    await expect(runDistillation(options('none', { method: takd() }))).rejects.toThrow(
      'wanted at least one assistant, got none',
    );
    expect(existsSync(join(scratch, 'none'))).toBe(false);
  });

  test('of a method that asks no teacher another’s answers are no control', async () => {
    const { record } = await runDistillation(options('self-kd', { method: selfKd() }));
    expect(record.arms.map(({ name }) => name)).toEqual(['self-kd', 'no-teacher']);
  });
});
