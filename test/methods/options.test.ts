/** @file What methods need, what they refuse, and what of them changes while a run goes on. */
import { describe, expect, test } from 'vitest';
import { OptionError } from '../../src/errors/failures.js';
import { METHODS, type MethodName } from '../../src/methods/table.js';

const made = (name: MethodName, options: Record<string, unknown> = {}) => METHODS[name].fromRecord(options);
const scalarsOf = (name: MethodName, options: Record<string, unknown>, step: number, epoch = 0) => {
  const method = made(name, options);
  return method.scalars?.(method.options, { step, totalSteps: 8, epoch });
};

describe('methods', () => {
  test.each<[MethodName, Record<string, unknown>, string[]]>([
    ['pkd', {}, ['logits', 'hiddenStates']],
    ['pkd', { alpha: 0 }, ['hiddenStates']],
    ['tinybert', {}, ['embeddings', 'hiddenStates', 'attentionScores', 'logits']],
    ['tinybert', { stage: 'intermediate', attentionWeight: 0, embeddingWeight: 0 }, ['hiddenStates']],
    ['tinybert', { stage: 'prediction' }, ['logits']],
    ['distilbert', {}, ['logits', 'hiddenStates']],
    ['distilbert', { cosineWeight: 0 }, ['logits']],
    ['minilm', {}, ['attentionScores', 'queries', 'keys', 'values']],
    ['minilm', { version: 'v1' }, ['attentionScores', 'values']],
    ['minilm', { stage: 'distillation' }, ['attentionScores', 'queries', 'keys', 'values']],
    ['distilbert', { stage: 'both' }, ['logits', 'hiddenStates']],
    ['self-kd', {}, []],
    ['takd', {}, ['logits']],
    ['takd', { hop: 'pkd', beta: 10 }, ['logits', 'hiddenStates']],
    ['tang', { alpha: 0 }, []],
    ['mt-dnn', {}, ['logits']],
    ['bam', {}, ['logits']],
  ])('%s with %j needs %j', (name, options, needs) => {
    expect(made(name, options).needs).toEqual(needs);
  });

  test.each<[MethodName, Record<string, unknown>, string]>([
    ['pkd', { temperature: 0 }, "temperature of method 'pkd': wanted a number > 0, got 0"],
    [
      'pkd',
      { layerMap: 'first' },
      'wanted one of skip, last, or pairs of layers such as 1:4,2:8, student first, got first',
    ],
    ['pkd', { beta: -1 }, "beta of method 'pkd': wanted a number ≥ 0, got -1"],
    ['tinybert', { temperature: -1, stage: 'prediction' }, 'wanted a number > 0, got -1'],
    ['tinybert', { stage: 'intermediate', temperature: 2 }, 'with stage intermediate: wanted options of this stage'],
    ['tinybert', { stage: 'prediction', hiddenWeight: 2 }, 'hiddenWeight belongs to another'],
    ['tinybert', { stage: 'prediction', intermediateShare: 0.5 }, 'intermediateShare belongs to another'],
    ['tinybert', { embeddingWeight: 0, hiddenWeight: 0, attentionWeight: 0 }, 'wanted one weight above 0'],
    ['minilm', { version: 'v1', relationHeads: 4 }, 'wanted 0 in version v1, got 4; leave it out'],
    ['distilbert', { temperature: 0 }, 'wanted a number > 0, got 0'],
    ['decoupled', { alpha: 1 }, 'wanted options targetWeight, nonTargetWeight'],
    ['tang', { alpha: 2 }, "alpha of method 'tang': wanted a number from 0 to 1, got 2"],
    ['bam', { lambda: 0.5 }, "wanted options alphaStart, alphaEnd, got 'lambda'"],
    ['well-read', { temperature: 2 }, "wanted options stage, distillationShare, got 'temperature'"],
    ['well-read', { distillationShare: 0.5 }, "distillationShare of method 'well-read': wanted stage both, got stage"],
    ['minilm', { stage: 'distillation', distillationShare: 0.5 }, 'wanted stage both, got stage distillation'],
    ['born-again', { generations: 1.5 }, 'wanted an integer, got 1.5'],
    ['self-kd', { warmupEpochs: 0 }, 'wanted an integer ≥ 1 in mode snapshot'],
    ['takd', { path: 'a2+1' }, 'or assistants by position, largest first, such as a1+a3, got a2+1'],
    ['takd', { hop: 'tinybert' }, "hop of method 'takd': wanted one of hinton, bam"],
    ['takd', { hop: 'pkd', beta: -1 }, "beta of method 'pkd': wanted a number ≥ 0, got -1"],
  ])('%s refuses %j at construction', (name, options, message) => {
    expect(() => made(name, options)).toThrow(OptionError);
    expect(() => made(name, options)).toThrow(message);
  });

  test('every alpha weighs the teacher: its help says so', () => {
    for (const { definition } of Object.values(METHODS)) {
      const { alpha } = definition.options as Record<string, { help: string } | undefined>;
      if (alpha !== undefined) expect(alpha.help).toMatch(/^weight of the .*; the labels get 1 - alpha$/);
    }
  });

  test('bam’s lambda is linear in the planned steps, and 1 at the last', () => {
    expect([2, 4, 8].map((step) => scalarsOf('bam', {}, step)?.lambda)).toEqual([0.25, 0.5, 1]);
    const constant = { alphaStart: 0.75, alphaEnd: 0.75 };
    expect([1, 8].map((step) => scalarsOf('bam', constant, step)?.lambda)).toEqual([0.25, 0.25]);
  });

  test('decoupled’s term grows over its first epochs', () => {
    const warmup = [0, 1, 3, 9].map((epoch) => scalarsOf('decoupled', { warmupEpochs: 4 }, 1, epoch)?.warmup);
    expect(warmup).toEqual([0.25, 0.5, 1, 1]);
    expect(scalarsOf('decoupled', {}, 1)?.warmup).toBe(1);
  });
});
