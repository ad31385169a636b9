import { describe, expect, expectTypeOf, test } from 'vitest';
import { gradients } from '../../src/autograd/backward.js';
import { input, type Value } from '../../src/autograd/value.js';
import { OptionError } from '../../src/errors/failures.js';
import { cosineDistance } from '../../src/losses/cosine.js';
import { crossEntropy } from '../../src/losses/cross-entropy.js';
import { softLoss } from '../../src/losses/kd.js';
import { meanOf, scale } from '../../src/losses/row-loss.js';
import { defineMethod } from '../../src/methods/define-method.js';
import type { LossInputs, Method } from '../../src/methods/method.js';
import { METHODS, type MethodName } from '../../src/methods/table.js';
import { evaluationContext } from '../../src/nn/context.js';
import { inputParameters } from '../../src/nn/parameters.js';
import { fromNumbers, type Tensor, toNumbers } from '../../src/tensor/tensor.js';
import { evaluate } from '../nn/evaluate.js';

// As the documentation shows it to users.
const cosineKd = defineMethod({
  name: 'cosine-kd',
  needs: ['logits', 'hiddenStates'],
  options: { alpha: 0.5, temperature: 2, weight: 1 },
  losses: ({ student, teacher, labels }, o) => ({
    soft: scale(o.alpha, softLoss(student.logits, teacher.logits, { temperature: o.temperature })),
    hard: scale(1 - o.alpha, crossEntropy(student.logits, labels)),
    hidden: scale(
      o.weight,
      cosineDistance(student.hiddenStates.at(-1), teacher.hiddenStates.at(-1), { mask: student.attentionMask }),
    ),
  }),
});

const logits = (name: string) => input(name, 'float32', [2, 3]);
const hidden = (name: string) => [input(name, 'float32', [2, 2, 4])];
const mask = input('mask', 'int64', [2, 2]);
const inputs: LossInputs = {
  student: { logits: logits('z_s'), hiddenStates: hidden('h_s'), attentionMask: mask },
  teacher: { logits: logits('z_t'), hiddenStates: hidden('h_t') },
  labels: input('y', 'int64', [2]),
  scores: input('r', 'float32', [2]),
  scalars: {},
  context: evaluationContext(inputParameters([])),
  views: {},
  peers: [],
};

describe('defineMethod', () => {
  test('a method of one file trains: its terms run and have gradients', async () => {
    const method = cosineKd({ weight: 3 });
    const terms = method.losses(inputs, method.options);
    expect(Object.keys(terms)).toEqual(['soft', 'hard', 'hidden']);
    const outputs: Record<string, Value> = Object.fromEntries(
      Object.entries(terms).map(([name, term]) => [name, meanOf(term)]),
    );
    const [g] = gradients(outputs.hidden as Value, inputs.student.hiddenStates ?? []);
    const results: Record<string, Tensor> = await evaluate<string>(
      { ...outputs, g: g as Value },
      {
        z_s: fromNumbers('float32', [2, 3], [1, 2, 3, 3, 2, 1]),
        z_t: fromNumbers('float32', [2, 3], [1, 2, 3, 3, 2, 1]),
        h_s: fromNumbers('float32', [2, 2, 4], [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 9, 9, 9, 9]),
        h_t: fromNumbers('float32', [2, 2, 4], [0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 2, 3, 4]),
        mask: fromNumbers('int64', [2, 2], [1, 1, 1, 0]),
        y: fromNumbers('int64', [2], [2, 0]),
      },
    );
    // Closed forms: the teacher is the student; log Σ e^(z − z_y), halved; one of three real tokens at a right angle, times 3.
    expect(toNumbers(results.soft as Tensor)[0]).toBe(0);
    expect(toNumbers(results.hard as Tensor)[0]).toBeCloseTo(0.5 * Math.log(1 + Math.exp(-1) + Math.exp(-2)), 6);
    expect(toNumbers(results.hidden as Tensor)[0]).toBeCloseTo(1, 6);
    expect(
      toNumbers(results.g as Tensor)
        .slice(12)
        .map(Math.abs),
    ).toEqual([0, 0, 0, 0]);
  });

  test('options are typed by their defaults, and all are optional', () => {
    expectTypeOf<Parameters<typeof cosineKd>[0]>().toEqualTypeOf<
      Partial<{ readonly alpha: number; readonly temperature: number; readonly weight: number }> | undefined
    >();
    expectTypeOf(cosineKd()).toEqualTypeOf<Method>();
    expect(cosineKd({ alpha: 0.9 }).options).toEqual({ alpha: 0.9, temperature: 2, weight: 1 });
    // @ts-expect-error a misspelt option does not compile
    expect(() => cosineKd({ alhpa: 1 })).toThrow(
      "method 'cosine-kd': wanted options alpha, temperature, weight, got 'alhpa'",
    );
    defineMethod({
      name: 'x',
      needs: ['logits'],
      options: {},
      // @ts-expect-error hidden states are not among its needs
      losses: ({ student }) => ({ hidden: cosineDistance(student.hiddenStates.at(-1), student.logits) }),
    });
  });

  const ranged = defineMethod({
    name: 'ranged',
    needs: [],
    options: {
      beta: { default: 1, above: 0, max: 10, help: 'weight' },
      layers: { default: 'skip', choices: ['skip', 'last'], help: 'which layers' },
    },
    losses: ({ student, labels }, { layers }) => {
      expectTypeOf(layers).toEqualTypeOf<'skip' | 'last'>();
      return { hard: crossEntropy(student.logits, labels) };
    },
  });

  test.each([
    [{ beta: 0 }, "beta of method 'ranged': wanted a number > 0 and ≤ 10, got 0"],
    [{ beta: 11 }, "beta of method 'ranged': wanted a number > 0 and ≤ 10, got 11"],
    [{ beta: Number.NaN }, "beta of method 'ranged': wanted a number > 0 and ≤ 10, got NaN"],
    [{ beta: '1' }, "beta of method 'ranged': wanted a number > 0 and ≤ 10, got 1"],
    [{ layers: 'first' }, "layers of method 'ranged': wanted one of skip, last, got first"],
    [{ toString: 1 }, "method 'ranged': wanted options beta, layers, got 'toString'"],
  ])('refuses %j from a file or a flag', (options, message) => {
    expect(() => ranged.fromRecord(options)).toThrow(OptionError);
    expect(() => ranged.fromRecord(options)).toThrow(message);
  });

  test('an undefined option is one that was not given', () => {
    expect(ranged.fromRecord({ beta: undefined, layers: 'last' }).options).toEqual({ beta: 1, layers: 'last' });
  });
});

describe('METHODS', () => {
  test('each stands under its own name, with a default and a line of help for every option', () => {
    for (const [name, { definition }] of Object.entries(METHODS)) {
      expect(definition.name).toBe(name);
      for (const spec of Object.values(definition.options)) {
        expect(spec.help.length).toBeGreaterThan(10);
        expect(spec.default).toBeDefined();
      }
    }
    expectTypeOf<'hinton' | 'pkd' | 'mt-dnn'>().toExtend<MethodName>();
    expectTypeOf<'hintn'>().not.toExtend<MethodName>();
  });
});
