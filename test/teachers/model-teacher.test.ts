import { describe, expect, test } from 'vitest';
import { SignalError } from '../../src/errors/failures.js';
import { hinton } from '../../src/methods/hinton.js';
import { bert } from '../../src/models/bert.js';
import { mlp } from '../../src/models/mlp.js';
import type { SavedModel } from '../../src/models/model.js';
import { modelHash } from '../../src/models/saved-model.js';
import { constantParameters, initialiseParameters } from '../../src/nn/parameters.js';
import { sgd } from '../../src/optim/sgd.js';
import { isKeptSignal, modelTeacher } from '../../src/teachers/model-teacher.js';
import { openInGraphStep } from '../../src/training/step/in-graph-step.js';
import { blobs, CLASSES, PIXELS } from '../training/blobs.js';

const data = blobs('train', 300);

function saved(seed = 1): SavedModel {
  const model = mlp({ inputs: PIXELS, hidden: [6], classes: CLASSES });
  const weights = initialiseParameters(model.parameters, seed);
  return { path: 'teacher', model, weights, labelNames: ['a', 'b', 'c'], contentHash: modelHash({ model, weights }) };
}

/** An MLP by hand, in float64: the witness for what the teacher says. */
function forward({ weights }: SavedModel, pixels: ArrayLike<number | bigint>): number[] {
  const layer = (name: string, x: readonly number[]) => {
    const [weight, bias] = [weights[`${name}.weight`], weights[`${name}.bias`]];
    return Array.from(bias?.data ?? [], (b, o) =>
      x.reduce((sum, v, i) => sum + v * (weight?.data[o * x.length + i] ?? 0), b),
    );
  };
  const x = Array.from(pixels, (pixel) => (Number(pixel) / 255 - 0.1307) / 0.3081);
  return layer(
    'fc2',
    layer('fc1', x).map((v) => Math.max(0, v)),
  );
}

describe('modelTeacher', () => {
  test('says what it gives, of what and by which weights', () => {
    const teacher = modelTeacher(saved());
    expect(teacher).toMatchObject({ name: 'teacher', provides: ['logits'], classes: 3, labelNames: ['a', 'b', 'c'] });
    expect(modelTeacher(saved(1)).contentHash).toBe(teacher.contentHash);
    expect(modelTeacher(saved(2)).contentHash).not.toBe(teacher.contentHash);
  });

  test('answers each row by its own contents, whatever the order and padding of a batch', async () => {
    const answers = await modelTeacher(saved(), { threads: 1 }).answer(data, ['logits']);
    expect(answers.signals).toEqual({ logits: { dtype: 'float32', shape: [3] } });
    const rows = Uint32Array.of(299, 0, 256, 17);
    const { logits } = answers.batch(rows, 6);
    const { pixels } = data.batch(rows, 6).inputs;
    expect(logits?.shape).toEqual([6, 3]);
    for (let row = 0; row < 6; row++) {
      const wanted = forward(saved(), pixels?.data.slice(row * PIXELS, (row + 1) * PIXELS) ?? []);
      // float32 against float64 over a dozen terms of size 1.
      wanted.forEach((value, c) => {
        expect(logits?.data[row * 3 + c]).toBeCloseTo(value, 5);
      });
    }
  });

  test('fed and traced, it makes the same steps', async () => {
    const teacher = modelTeacher(saved(), { threads: 1 });
    const student = mlp({ inputs: PIXELS, hidden: [2], classes: CLASSES });
    const method = hinton({ alpha: 0.7, temperature: 3 });
    const answers = await teacher.answer(data, method.needs);
    const common = {
      model: student,
      method,
      dims: { B: 8 },
      optimizer: sgd({ learningRate: 0.1 }),
      seed: 1,
      parameters: initialiseParameters(student.parameters, 5),
      threads: 1,
    };
    const fed = await openInGraphStep({
      ...common,
      teacher: { kind: 'fed', signals: { logits: { dtype: 'float32', shape: [3] } } },
    });
    const traced = await openInGraphStep({
      ...common,
      teacher: { kind: 'traced', model: saved().model, parameters: constantParameters(saved().weights) },
    });
    const inputs = [0, 1, 2].map((step) => {
      const rows = Uint32Array.from({ length: 8 }, (_, i) => (step * 71 + i * 13) % 300);
      return {
        step: step + 1,
        learningRate: 0.1,
        batches: [data.batch(rows)],
        teacher: [answers.batch(rows, 8)],
        scalars: method.scalars?.(method.options, { step: 1, totalSteps: 3, epoch: 0 }) ?? {},
      };
    });
    const [a, b] = [await fed.run(inputs), await traced.run(inputs)];
    expect(a).toHaveLength(3);
    a.forEach(({ loss, losses }, i) => {
      // One float32 forward pass on either side, in other batch shapes.
      expect(b[i]?.loss).toBeCloseTo(loss, 6);
      expect(Object.keys(b[i]?.losses ?? {})).toEqual(Object.keys(losses));
    });
    const [left, right] = [fed.parameters(), traced.parameters()];
    for (const [name, { data: values }] of Object.entries(left)) {
      values.forEach((value, i) => {
        expect(right[name]?.data[i]).toBeCloseTo(value, 6);
      });
    }
    await Promise.all([fed.release(), traced.release()]);
  });

  test('data without its inputs is named', async () => {
    const model = bert({
      vocab_size: 20,
      hidden_size: 4,
      num_hidden_layers: 1,
      num_attention_heads: 1,
      intermediate_size: 4,
      max_position_embeddings: 4,
    });
    const weights = initialiseParameters(model.parameters, 1);
    const teacher = modelTeacher({ path: 'bert', model, weights, labelNames: [], contentHash: '' });
    const failure = await teacher.answer(data, ['logits']).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SignalError);
    expect(String(failure)).toContain(
      'teacher bert: wanted the inputs input_ids, attention_mask, token_type_ids, got train with pixels',
    );
    await expect(teacher.answer(data, ['hiddenStates'])).rejects.toThrow('trace the teacher into the step');
    expect(isKeptSignal('hiddenStates')).toBe(false);
  });
});
