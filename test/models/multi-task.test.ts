import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openAnyModel } from '../../src/models/any-model.js';
import { bert } from '../../src/models/bert.js';
import { familyOf } from '../../src/models/families.js';
import { openForward } from '../../src/models/forward.js';
import type { Model } from '../../src/models/model.js';
import { modelOfTask, multiTask, multiTaskFrom, taskModel, taskView } from '../../src/models/multi-task.js';
import { loadModel, saveModel } from '../../src/models/saved-model.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { fromNumbers } from '../../src/tensor/tensor.js';
import { smallEncoders } from './small-encoders.js';

const scratch = mkdtempSync(join(tmpdir(), 'retort-multi-task-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const sizes = { vocab_size: 9, hidden_size: 4, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 8 };
const families = smallEncoders();
const tasks = {
  nli: { head: 'classification', num_labels: 3, labels: ['yes', 'no', 'maybe'], readsPairs: true },
  sim: { head: 'classification', num_labels: 1, labels: [], scores: { zero: 1, one: 5 } },
  tag: { head: 'tokens', num_labels: 4, labels: [] },
} as const;
const started = (model: Model) =>
  multiTaskFrom({ model, weights: initialiseParameters(model.parameters, 1) }, tasks, 7);

async function logits(model: Model, weights: ReturnType<typeof started>['weights']): Promise<Float32Array> {
  const forward = await openForward(model, ['logits'], { threads: 1 });
  const row = (numbers: number[]) => fromNumbers('int64', [1, 4], numbers);
  const given = { input_ids: row([2, 5, 6, 3]), attention_mask: row([1, 1, 1, 1]), token_type_ids: row([0, 0, 0, 0]) };
  const answer = await forward.run(weights, given);
  await forward.release();
  return answer.logits?.data as Float32Array;
}

describe('multiTask', () => {
  test.each(families.map((model) => [model.kind, model] as const))(
    '%s: the encoder is there once, beside a head a task; a pre-trained one is taken over',
    (_kind, plain) => {
      const { model, weights } = started(plain);
      const names = model.parameters.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      const last = familyOf(plain.kind)?.classifierOf('classification');
      expect(names).toEqual(expect.arrayContaining([`heads.sim.${last}.weight`, 'heads.tag.classifier.bias']));
      const encoder = plain.parameters.filter(({ name }) => !name.includes('classifier'));
      for (const { name } of encoder) expect(weights[name]).toEqual(initialiseParameters(plain.parameters, 1)[name]);
      // Other heads have other numbers.
      const heads = names.filter((name) => name.startsWith('heads.'));
      expect(encoder.length + heads.length).toBe(names.length);
    },
  );

  test.each(families.map((model) => [model.kind, model] as const))(
    '%s: a task answers as the ordinary model with its head; a regression in its own scores',
    async (_kind, plain) => {
      const whole = started(plain);
      for (const [task, { num_labels, head }] of Object.entries(tasks)) {
        const { model, weights } = taskModel(whole, task);
        expect(model.kind).toBe(plain.kind);
        expect(model.config).toEqual({ ...plain.config, num_labels, head });
        expect(Object.keys(weights).sort()).toEqual(model.parameters.map(({ name }) => name).sort());
        const ours = await logits(model, weights);
        const raw = await logits(taskView(whole.model, task), whole.weights);
        // By hand: 1 + 4 z for scores from 1 to 5.
        const wanted = task === 'sim' ? raw.map((z) => 1 + 4 * z) : raw;
        for (const [i, value] of wanted.entries()) expect(ours[i]).toBeCloseTo(value, 5);
      }
    },
  );

  test('is saved and loaded as one model, of which a task is opened by its name', async () => {
    const whole = started(families[0] as Model);
    const folder = join(scratch, 'whole');
    await saveModel(folder, { ...whole, labelNames: [] });
    const saved = await loadModel(folder);
    expect(saved.model.config).toEqual(whole.model.config);
    expect(saved.weights).toEqual(whole.weights);
    const opened = await openAnyModel(`${folder}#nli`);
    expect(opened.labelNames).toEqual(['yes', 'no', 'maybe']);
    expect(opened.readsPairs).toBe(true);
    expect(await openAnyModel(`${folder}#sim`)).not.toHaveProperty('readsPairs');
    expect(opened.weights).toEqual(taskModel(whole, 'nli').weights);
    expect(opened.contentHash).not.toBe(saved.contentHash);
    await expect(openAnyModel(folder)).rejects.toThrow(`wanted one of its tasks: ${folder}#nli, ${folder}#sim`);
    await expect(openAnyModel(`${folder}#other`)).rejects.toThrow('got #other');
    const one = join(scratch, 'one');
    await saveModel(one, taskModel(whole, 'nli'));
    await expect(openAnyModel(`${one}#nli`)).rejects.toThrow('this is a model of one task');
  });

  test('what cannot be is refused', () => {
    const encoder = { kind: 'bert', config: sizes };
    const make = (more: object) => () => multiTask({ encoder, tasks: { nli: { ...tasks.nli, ...more } } });
    expect(() => multiTask({ encoder, tasks: {} })).toThrow('wanted at least one task');
    expect(() => multiTask({ encoder, tasks: { 'a.b': tasks.nli } })).toThrow('a name of letters, digits, - and _');
    expect(() => multiTask({ encoder: { kind: 'mlp', config: {} }, tasks })).toThrow('start from an encoder');
    expect(make({ num_labels: 2 })).toThrow('wanted 2 label names, or none, got 3');
    expect(make({ scores: { zero: 0, one: 5 } })).toThrow('a head of 3 classes');
    expect(() => modelOfTask(multiTask({ encoder, tasks }), 'nil')).toThrow("wanted nli, sim, tag, got 'nil'");
    expect(() => modelOfTask(bert(sizes), 'nli')).toThrow('wanted a multi-task model, got a bert');
  });
});
