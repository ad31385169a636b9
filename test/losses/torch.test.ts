/** @file Losses against PyTorch 2.13 (`test/python/make_losses.py`): values, gradients, both reductions. */
import { describe, expect, test } from 'vitest';
import { add } from '../../src/autograd/ops/elementwise.js';
import { sum } from '../../src/autograd/ops/reduce.js';
import type { Value } from '../../src/autograd/value.js';
import { cosineDistance } from '../../src/losses/cosine.js';
import { type CrossEntropyOptions, crossEntropy, softCrossEntropy } from '../../src/losses/cross-entropy.js';
import { kd, softLoss } from '../../src/losses/kd.js';
import { KD_PRESETS, type KdPreset, presetSpec } from '../../src/losses/kd-presets.js';
import { kl } from '../../src/losses/kl.js';
import { mse } from '../../src/losses/mse.js';
import { meanOf, type RowLoss, scale } from '../../src/losses/row-loss.js';
import { evaluate, expectGolden, flat, type Nested } from '../nn/evaluate.js';
import { expectWitnessed, PRECISIONS, readGolden, tracedInputs, type Witnessed } from './golden-cases.js';

type Inputs = Readonly<Record<string, Nested>>;
type Term = Pick<Witnessed, 'value' | 'gradient'>;
type CrossEntropyCase = {
  readonly inputs: Inputs;
  readonly options: {
    readonly labelSmoothing: number;
    readonly ignoreIndex: number | null;
    readonly classWeights: readonly number[] | null;
  };
  readonly rows: Nested;
  readonly denominator: number;
  readonly sum: Term;
  readonly mean: Term;
};
type LossCase<O> = Witnessed & { readonly options: O };
type PresetCase = {
  readonly preset: KdPreset;
  readonly inputs: Inputs;
  readonly alpha: number;
  readonly temperature: number;
  readonly softWeight: number;
  readonly value: number;
  readonly gradient: Nested;
  readonly soft: { readonly value: number; readonly gradient: Nested };
};
type Golden = {
  readonly crossEntropy: Readonly<Record<string, CrossEntropyCase>>;
  readonly crossEntropyTokens: Readonly<Record<string, CrossEntropyCase>>;
  readonly softCrossEntropy: Readonly<
    Record<string, LossCase<{ readonly labelSmoothing: number; readonly classWeights: readonly number[] | null }>>
  >;
  readonly klLogits: Readonly<
    Record<string, LossCase<{ readonly temperature: number; readonly reduction: 'batchmean' | 'mean' }>>
  >;
  readonly mse: Readonly<Record<'sum' | 'mean', LossCase<object>>>;
  readonly cosineEmbedding: Readonly<Record<string, LossCase<object>>>;
  readonly presets: Readonly<Record<string, PresetCase>>;
  readonly presetDefaults: Readonly<
    Record<string, { readonly alpha: number; readonly temperature: number; readonly temperatureActs: boolean }>
  >;
};
const golden = readGolden<Golden>('losses.torch-2.13.json');
const value = (inputs: Readonly<Record<string, Value>>, name: string): Value => inputs[name] as Value;
const summed = (loss: RowLoss): Value => sum(loss.sum);

const crossEntropyOptions = ({ options }: CrossEntropyCase): CrossEntropyOptions => ({
  labelSmoothing: options.labelSmoothing,
  ...(options.ignoreIndex !== null && { ignoreIndex: options.ignoreIndex }),
  ...(options.classWeights !== null && { classWeights: options.classWeights }),
});

describe.each(PRECISIONS)('%s', (...precision) => {
  describe.each(['crossEntropy', 'crossEntropyTokens'] as const)('%s', (section) => {
    test.each(Object.keys(golden[section]))('%s: sum, mean, rows and count', async (name) => {
      const witness = golden[section][name] as CrossEntropyCase;
      const loss = (inputs: Readonly<Record<string, Value>>) =>
        crossEntropy(value(inputs, 'logits'), value(inputs, 'labels'), crossEntropyOptions(witness));
      const { inputs } = witness;
      await expectWitnessed({ inputs, ...witness.sum }, (traced) => summed(loss(traced)), precision);
      await expectWitnessed({ inputs, ...witness.mean }, (traced) => meanOf(loss(traced)), precision);
      const [dtype, tolerance] = precision;
      const { feeds, values } = tracedInputs(inputs, dtype);
      const { sum: rows, count } = loss(values);
      const results = await evaluate({ rows, count: sum(count) }, feeds);
      const wanted = (witness.rows as Nested[]).map((row) => flat(row).reduce((a, b) => a + b, 0));
      expectGolden(results.rows, wanted, tolerance, 'rows');
      expectGolden(results.count, witness.denominator, tolerance, 'count');
    });
  });

  test.each(Object.keys(golden.softCrossEntropy))('softCrossEntropy %s', async (name) => {
    const witness = golden.softCrossEntropy[name] as Golden['softCrossEntropy'][string];
    const { labelSmoothing, classWeights } = witness.options;
    const options = { labelSmoothing, ...(classWeights !== null && { classWeights }) };
    await expectWitnessed(
      witness,
      (inputs) => meanOf(softCrossEntropy(value(inputs, 'logits'), value(inputs, 'probs'), options)),
      precision,
    );
  });

  test.each(Object.keys(golden.klLogits))('kl %s', async (name) => {
    const witness = golden.klLogits[name] as Golden['klLogits'][string];
    const { temperature, reduction } = witness.options;
    const options = { temperature, isTimesSquaredTemperature: false };
    await expectWitnessed(
      witness,
      (inputs) => {
        const loss = kl(value(inputs, 'studentLogits'), value(inputs, 'teacherLogits'), options);
        // PyTorch's `mean` divides by B · C, and there are five classes.
        return meanOf(reduction === 'mean' ? scale(1 / 5, loss) : loss);
      },
      precision,
    );
  });

  test('mse, sum and mean', async () => {
    await expectWitnessed(golden.mse.mean, ({ x, target }) => meanOf(mse(x, target)), precision);
    await expectWitnessed(golden.mse.sum, ({ x, target }) => summed(mse(x, target, { features: 'sum' })), precision);
  });

  test('cosineDistance', async () => {
    const witness = golden.cosineEmbedding['sign1/margin0'] as LossCase<object>;
    const gradient = { x: witness.gradient.x as Nested }; // the target is a constant to us
    await expectWitnessed({ ...witness, gradient }, ({ x, target }) => meanOf(cosineDistance(x, target)), precision);
  });

  test.each(Object.keys(golden.presets))('kd %s', async (name) => {
    const { preset, inputs, alpha, temperature, softWeight, ...witness } = golden.presets[name] as PresetCase;
    const options = { preset, ...(presetSpec(preset).isTempered && { temperature }) };
    const whole = { inputs, value: witness.value, gradient: { studentLogits: witness.gradient } };
    await expectWitnessed(
      whole,
      ({ studentLogits, teacherLogits, labels }) => {
        const { soft, hard } = kd(studentLogits as Value, teacherLogits, labels, { ...options, alpha });
        return [soft, hard].flatMap((term) => (term ? [meanOf(term)] : [])).reduce((a, b) => add(a, b));
      },
      precision,
    );
    const soft = { inputs, value: witness.soft.value, gradient: { studentLogits: witness.soft.gradient } };
    await expectWitnessed(
      soft,
      ({ studentLogits, teacherLogits }) =>
        // The witness keeps dbert-code's factor 2 in its weights, we in the term.
        meanOf(scale(alpha / softWeight, softLoss(studentLogits as Value, teacherLogits as Value, options))),
      precision,
    );
  });
});

describe('KD_PRESETS', () => {
  test('has the presets of the witness, and their defaults', () => {
    expect(Object.keys(KD_PRESETS).sort()).toEqual(Object.keys(golden.presetDefaults).sort());
    for (const [preset, defaults] of Object.entries(golden.presetDefaults)) {
      const spec = presetSpec(preset as KdPreset);
      expect(spec.isTempered, preset).toBe(defaults.temperatureActs);
      if (preset === 'primer') continue; // the caller gives both there
      expect(spec.alpha, preset).toBeCloseTo(defaults.alpha, 12);
      if (spec.isTempered) expect(spec.temperature, preset).toBe(defaults.temperature);
    }
  });
});
