/** @file Where the answer is known without a witness: limits, masks, extremes; and what is refused. */
import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/autograd/backward.js';
import { add } from '../../src/autograd/ops/elementwise.js';
import { constant, input, type Value } from '../../src/autograd/value.js';
import { OptionError, ShapeError } from '../../src/errors/failures.js';
import { cosineDistance } from '../../src/losses/cosine.js';
import { crossEntropy, softCrossEntropy } from '../../src/losses/cross-entropy.js';
import { type KdOptions, kd, softLoss } from '../../src/losses/kd.js';
import { fromLibrary, KD_PRESETS, type KdPreset, presetSpec } from '../../src/losses/kd-presets.js';
import { kl } from '../../src/losses/kl.js';
import { mse } from '../../src/losses/mse.js';
import { meanOf, type RowLoss } from '../../src/losses/row-loss.js';
import { fromNumbers, type Tensor, toNumbers } from '../../src/tensor/tensor.js';
import { evaluate, type Nested, nestedTensor } from '../nn/evaluate.js';

const Z_S = [
  [1, -0.5, 0.25],
  [0.3, 0.8, -1.2],
  [-0.7, 0.1, 0.9],
];
const Z_T = [
  [2, -1, 0.5],
  [-0.4, 1.6, -0.8],
  [0.2, -0.6, 1.4],
];
const LABELS = [0, 1, 2];
const presets = Object.keys(KD_PRESETS) as KdPreset[];
const leaf = (nested: Nested, name = 'x'): { value: Value; feeds: Record<string, Tensor> } => {
  const tensor = nestedTensor('float64', nested);
  return { value: input(name, 'float64', tensor.shape), feeds: { [name]: tensor } };
};
const fixed = (nested: Nested, dtype: 'float64' | 'int64' = 'float64') => constant(nestedTensor(dtype, nested));
const total = (terms: { soft?: RowLoss; hard?: RowLoss }): Value =>
  [terms.soft, terms.hard].flatMap((term) => (term ? [meanOf(term)] : [])).reduce((a, b) => add(a, b));

/** Loss and gradient of the student's logits. */
async function differentiate(nested: Nested, loss: (x: Value) => Value) {
  const x = leaf(nested);
  const y = loss(x.value);
  const results = await evaluate({ y, g: gradients(y, [x.value])[0] as Value }, x.feeds);
  return { loss: toNumbers(results.y)[0] as number, gradient: toNumbers(results.g) };
}
const distil = (options: KdOptions, student: Nested = Z_S, teacher: Nested = Z_T, labels: Nested = LABELS) =>
  differentiate(student, (x) => total(kd(x, fixed(teacher), fixed(labels, 'int64'), options)));
/** Options for a preset, with a temperature where it has one. */
const withTemperature = (preset: KdPreset, temperature: number) => ({
  preset,
  ...(presetSpec(preset).isTempered && { temperature }),
});

describe('crossEntropy', () => {
  test.each([0, 0.1, 0.2, 1])(
    'at a label smoothing of %f spreads that share over all classes',
    async (labelSmoothing) => {
      // By hand: softmax of (0, ln 3) is (1/4, 3/4), and the target (ε/2, 1 − ε/2).
      const { loss, gradient } = await differentiate([[0, Math.log(3)]], (x) =>
        meanOf(crossEntropy(x, fixed([1], 'int64'), { labelSmoothing })),
      );
      const spread = labelSmoothing / 2;
      expect(loss).toBeCloseTo(spread * Math.log(4) + (1 - spread) * Math.log(4 / 3), 12);
      expect(gradient[0]).toBeCloseTo(1 / 4 - spread, 12);
    },
  );
});

describe('kd', () => {
  // What docs/losses.md says of torchdistill's `KDLoss` at its own alpha 0: KL without T².
  test('at T 4 textbrewer has a 16th of the gradient of torchdistill, as KL without T² has', async () => {
    const options = { temperature: 4, alpha: 1 };
    const squared = await distil({ preset: 'torchdistill', ...options });
    const plain = await distil({ preset: 'textbrewer', ...options });
    for (const [i, g] of squared.gradient.entries()) expect(g).toBeCloseTo(16 * (plain.gradient[i] as number), 12);
  });

  test.each(presets)('%s at alpha 0 equals cross-entropy on the labels, and needs no teacher', async (preset) => {
    const plain = await differentiate(Z_S, (x) => meanOf(crossEntropy(x, fixed(LABELS, 'int64'))));
    const without = await differentiate(Z_S, (x) =>
      total(kd(x, undefined, fixed(LABELS, 'int64'), { ...withTemperature(preset, 2), alpha: 0 })),
    );
    const factor = presetSpec(preset).total ?? 1;
    expect(without.loss).toBeCloseTo(factor * plain.loss, 12);
    for (const [i, g] of without.gradient.entries()) expect(g).toBeCloseTo(factor * (plain.gradient[i] as number), 12);
  });

  test.each(presets)('%s at alpha 1 needs no labels', async (preset) => {
    const options = { ...withTemperature(preset, 2), alpha: 1 };
    const without = await differentiate(Z_S, (x) => total(kd(x, fixed(Z_T), undefined, options)));
    expect(without).toEqual(await distil(options));
  });

  test.each(presets.filter((preset) => /kl/i.test(presetSpec(preset).soft)))(
    '%s is 0, gradient included, where the teacher is the student',
    async (preset) => {
      const { loss, gradient } = await distil({ ...withTemperature(preset, 3), alpha: 1 }, Z_S, Z_S);
      expect(loss).toBe(0);
      for (const g of gradient) expect(Math.abs(g)).toBeLessThan(1e-16);
    },
  );

  test('at T = 1 all conventions for T² agree', async () => {
    const summed = presets.filter((preset) => {
      const spec = presetSpec(preset);
      return spec.soft === 'kl' && spec.classes === 'sum';
    });
    expect(new Set(summed.map((preset) => presetSpec(preset).factor))).toEqual(new Set(['T²', '1', '1/T²']));
    const reference = await distil({ alpha: 0.3, temperature: 1 });
    for (const preset of summed) {
      const other = await distil({ ...withTemperature(preset, 1), alpha: 0.3 });
      expect(other.loss, preset).toBeCloseTo(reference.loss, 14);
    }
  });

  test('soft cross-entropy and KL have one gradient and differ in value by the entropy of the teacher', async () => {
    const divergence = await distil({ preset: 'easydistill', alpha: 1 });
    const entropy = await distil({ preset: 'fastformers', alpha: 1 });
    for (const [i, g] of divergence.gradient.entries()) expect(entropy.gradient[i]).toBeCloseTo(g, 15);
    // Closed form: −Σ p log p, mean over the rows.
    const wanted = Z_T.map((row) => {
      const exps = row.map(Math.exp);
      const sum = exps.reduce((a, b) => a + b);
      return -exps.map((e) => (e / sum) * Math.log(e / sum)).reduce((a, b) => a + b);
    }).reduce((a, b) => a + b);
    expect(entropy.loss - divergence.loss).toBeCloseTo(wanted / 3, 14);
  });

  test('for T → ∞ the gradient of zero-mean logits is half that of mean squared error', async () => {
    const centred = (rows: number[][]) =>
      rows.map((row) => row.map((z) => z - row.reduce((a, b) => a + b) / row.length));
    const hot = await distil({ alpha: 1, temperature: 1e5 }, centred(Z_S), centred(Z_T));
    const squared = await distil({ preset: 'tang', alpha: 1 }, centred(Z_S), centred(Z_T));
    // First order in 1/T is left over.
    for (const [i, g] of hot.gradient.entries()) expect(g).toBeCloseTo((squared.gradient[i] as number) / 2, 4);
  });

  test("'primer' equals the paper's loss at alpha' = alpha / (alpha + C (1 − alpha)), times a constant", async () => {
    const alpha = 0.9;
    const C = 3;
    const primer = await distil({ preset: 'primer', alpha, temperature: 4 });
    const paper = await distil({ alpha: alpha / (alpha + C * (1 - alpha)), temperature: 4 });
    expect(primer.loss).toBeCloseTo((alpha / C + 1 - alpha) * paper.loss, 14);
  });

  test('takes traced alpha and temperature, of float32 as a trainer feeds them', async () => {
    const x = leaf(Z_S);
    const scalars = { alpha: input('alpha', 'float32', []), temperature: input('T', 'float32', []) };
    const y = total(kd(x.value, fixed(Z_T), fixed(LABELS, 'int64'), scalars));
    const feeds = { ...x.feeds, alpha: fromNumbers('float32', [], [0.5]), T: fromNumbers('float32', [], [4]) };
    const results = await evaluate({ y, g: gradients(y, [x.value])[0] as Value }, feeds);
    const plain = await distil({ alpha: 0.5, temperature: 4 });
    expect(toNumbers(results.y)[0]).toBeCloseTo(plain.loss, 14);
    for (const [i, g] of toNumbers(results.g).entries()) expect(g).toBeCloseTo(plain.gradient[i] as number, 14);
  });

  test.each(presets)('%s is finite, gradient too, for logits of ±800 and for one row', async (preset) => {
    const options = { ...withTemperature(preset, 1), alpha: 0.5 };
    const { loss, gradient } = await distil(options, [[800, -800, 0]], [[-800, 800, 0]], [1]);
    expect([loss, ...gradient].every(Number.isFinite)).toBe(true);
    expect(loss).toBeGreaterThan(0);
  });

  test('a batch without labels keeps its soft term, and its hard term is 0', async () => {
    const none = await distil({ alpha: 0.5 }, Z_S, Z_T, [-100, -100, -100]);
    const soft = await distil({ alpha: 1 });
    expect(none.loss).toBeCloseTo(0.5 * soft.loss, 14);
    expect(none.gradient.every(Number.isFinite)).toBe(true);
  });
});

type Comparison = (x: Value, target: Value) => RowLoss;
const COMPARISONS: readonly (readonly [string, Comparison])[] = [
  ['kl', (x, target) => kl(x, target)],
  ['reverse kl', (x: Value, target: Value) => kl(x, target, { direction: 'reverse' })],
  ['softCrossEntropy', (x: Value, target: Value) => softCrossEntropy(x, target)],
  ['mse', (x: Value, target: Value) => mse(x, target)],
  ['cosineDistance', (x: Value, target: Value) => cosineDistance(x, target)],
  ...presets.map(
    (preset) =>
      [`softLoss, ${preset}`, (x: Value, target: Value) => softLoss(x, target, withTemperature(preset, 2))] as const,
  ),
];

describe('the target of a loss', () => {
  test.each(COMPARISONS)('is a constant: no gradient flows into it (%s)', async (_name, loss) => {
    const target = leaf(Z_T);
    const [g] = gradients(meanOf(loss(fixed(Z_S), target.value)), [target.value]);
    const results = await evaluate({ g: g as Value }, target.feeds);
    expect(toNumbers(results.g)).toEqual(new Array(9).fill(0));
  });
});

/** Token losses over x [B=2, S=3, 3], target alike; the last token of the first row is padding. */
const TOKENS = [
  [0.5, -0.2, 0.1],
  [1.2, 0.3, -0.4],
  [0, 0, 0],
  [-0.3, 0.8, 0],
  [0, 0.1, 0.2],
  [0.9, -0.9, 0.4],
];
const TARGETS = [
  [1.5, -0.6, 0],
  [2, 0.1, -1],
  [0, 0, 0],
  [-0.9, 1.4, 0.2],
  [0.3, -0.2, 0.6],
  [1.8, -1.1, 0.3],
];
const MASK = [1, 1, 0, 1, 1, 1];
const tokenLabels = [0, 0, -100, 1, 2, 0];

type TokenLoss = (x: Value, target: Value, labels: Value, mask: Value) => RowLoss;
const TOKEN_LOSSES: Record<string, TokenLoss> = {
  crossEntropy: (x, _target, labels) => crossEntropy(x, labels, { labelSmoothing: 0.1, classWeights: [1, 2, 3] }),
  'softCrossEntropy (mask)': (x, target, _labels, mask) => softCrossEntropy(x, target, { mask }),
  'kl (mask)': (x, target, _labels, mask) => kl(x, target, { temperature: 2, mask }),
  'reverse kl (mask)': (x, target, _labels, mask) => kl(x, target, { direction: 'reverse', mask }),
  'mse (mask)': (x, target, _labels, mask) => mse(x, target, { mask }),
  'cosineDistance (mask)': (x, target, _labels, mask) => cosineDistance(x, target, { mask }),
  'kd, soft term (labels)': (x, target, labels) => kd(x, target, labels, { alpha: 0.5 }).soft as RowLoss,
};

describe('masked tokens', () => {
  /** The gradient for given contents of the padding, in float32, where huge values are near the edge. */
  const gradientWith = async (
    loss: TokenLoss,
    padding: number[],
    targetPadding: number[],
    dtype: 'float32' | 'float64',
  ) => {
    const shape = [2, 3, 3];
    const x = input('x', dtype, shape);
    const target = input('target', dtype, shape);
    const mask = constant(fromNumbers('int64', [2, 3], MASK));
    const y = meanOf(loss(x, target, constant(fromNumbers('int64', [2, 3], tokenLabels)), mask));
    const fill = (rows: number[][], row: number[]) => fromNumbers(dtype, shape, rows.with(2, row).flat());
    const feeds = { x: fill(TOKENS, padding), target: fill(TARGETS, targetPadding) };
    const results = await evaluate({ y, g: gradients(y, [x])[0] as Value }, feeds);
    return { loss: toNumbers(results.y), gradient: toNumbers(results.g) };
  };

  test.each(Object.keys(TOKEN_LOSSES))(
    '%s: other contents change no gradient, and theirs is exactly 0',
    async (name) => {
      const loss = TOKEN_LOSSES[name] as TokenLoss;
      for (const dtype of ['float32', 'float64'] as const) {
        const plain = await gradientWith(loss, [0, 0, 0], [0, 0, 0], dtype);
        expect(plain.gradient.slice(6, 9).map(Math.abs)).toEqual([0, 0, 0]);
        expect(plain.gradient.filter((g) => g !== 0).length).toBe(15);
        for (const [padding, targetPadding] of [
          [
            [7, -3, 0.1],
            [1, 2, 3],
          ],
          [
            [3e38, -3e38, 0],
            [-3e38, 3e38, 1e-40],
          ],
        ] as const) {
          const other = await gradientWith(loss, [...padding], [...targetPadding], dtype);
          expect(other.loss).toEqual(plain.loss);
          // −0 and 0 are one number here.
          for (const [i, g] of other.gradient.entries()) expect(g === plain.gradient[i], `${padding}: ${g}`).toBe(true);
        }
      }
    },
  );

  test.each(Object.keys(TOKEN_LOSSES))('%s equals the loss over the unpadded tokens', async (name) => {
    const loss = TOKEN_LOSSES[name] as TokenLoss;
    const padded = await gradientWith(loss, [7, -3, 0.1], [1, 2, 3], 'float64');
    const keep = <T>(rows: readonly T[]): T[] => rows.filter((_, i) => MASK[i] === 1);
    const shape = [1, 5, 3];
    const x = input('x', 'float64', shape);
    const labels = constant(fromNumbers('int64', [1, 5], keep(tokenLabels)));
    const ones = constant(fromNumbers('int64', [1, 5], [1, 1, 1, 1, 1]));
    const y = meanOf(loss(x, constant(fromNumbers('float64', shape, keep(TARGETS).flat())), labels, ones));
    const feeds = { x: fromNumbers('float64', shape, keep(TOKENS).flat()) };
    const results = await evaluate({ y, g: gradients(y, [x])[0] as Value }, feeds);
    expect(padded.loss[0]).toBeCloseTo(toNumbers(results.y)[0] as number, 12);
    const kept = [...padded.gradient.slice(0, 6), ...padded.gradient.slice(9)];
    const largest = Math.max(...kept.map(Math.abs));
    for (const [i, g] of toNumbers(results.g).entries()) {
      expect(Math.abs((kept[i] as number) - g)).toBeLessThanOrEqual(1e-6 * largest);
    }
  });
});

describe('meanOf', () => {
  const ROW_LOSSES: Record<string, (x: Value, target: Value) => RowLoss> = {
    crossEntropy: (x) => crossEntropy(x, fixed([0, 1, 2], 'int64')),
    kl: (x, target) => kl(x, target, { temperature: 2 }),
    'reverse kl': (x, target) => kl(x, target, { direction: 'reverse' }),
    mse: (x, target) => mse(x, target),
    cosineDistance: (x, target) => cosineDistance(x, target),
    'hard term of kd': (x, target) => kd(x, target, fixed([0, 1, 2], 'int64'), { alpha: 0.3 }).hard as RowLoss,
    'soft term of kd': (x, target) => kd(x, target, fixed([0, 1, 2], 'int64'), { alpha: 0.3 }).soft as RowLoss,
  };

  test.each(Object.keys(ROW_LOSSES))('%s: what a row of weight 0 holds changes no gradient', async (name) => {
    const loss = ROW_LOSSES[name] as (x: Value, target: Value) => RowLoss;
    const gradient = async (row: number[]) => {
      const weights = fixed([1, 0, 2]);
      const { loss: value, gradient: g } = await differentiate(Z_S.with(1, row), (x) =>
        meanOf(loss(x, fixed(Z_T.with(1, row.toReversed()))), weights),
      );
      return { value, others: [...g.slice(0, 3), ...g.slice(6)], own: g.slice(3, 6) };
    };
    const plain = await gradient([0, 0, 0]);
    for (const row of [
      [5, -6, 7],
      [1e30, -1e30, 1],
      [1e200, -1e200, 1],
    ]) {
      const other = await gradient(row);
      expect(other.value).toBe(plain.value);
      for (const [i, g] of other.others.entries()) expect(g === plain.others[i]).toBe(true);
      for (const g of other.own) expect(g === 0, `${g}`).toBe(true);
    }
  });

  // A row of weight 0 gave NaN gradients here: log p of its softmax is −∞, and the cotangent 0 was multiplied by it.
  test.each(['easydistill', 'easydistill-reverse', 'hinton'] as const)(
    '%s: logits of 3e38 in a row of weight 0 leave all gradients finite, and its own 0',
    async (preset) => {
      const x = input('x', 'float32', [2, 3]);
      const gradient = async (own: number[], teachers: number[]) => {
        const teacher = constant(fromNumbers('float32', [2, 3], [2, -1, 0.5, ...teachers]));
        const { soft } = kd(x, teacher, undefined, { ...withTemperature(preset, 1), preset, alpha: 1 });
        const y = meanOf(soft as RowLoss, constant(fromNumbers('float32', [2], [1, 0])));
        const feeds = { x: fromNumbers('float32', [2, 3], [0.3, 0.2, -0.4, ...own]) };
        const results = await evaluate({ g: gradients(y, [x])[0] as Value }, feeds);
        return toNumbers(results.g).map((g) => g + 0); // −0 and 0 are one number here
      };
      const plain = await gradient([1, 2, 3], [1, 2, 3]);
      expect(plain.slice(3)).toEqual([0, 0, 0]);
      expect(plain.slice(0, 3).every((g) => g !== 0)).toBe(true);
      expect(await gradient([1, 2, 3], [3e38, -3e38, 0])).toEqual(plain);
      expect(await gradient([3e38, -3e38, 0], [-3e38, 3e38, 1])).toEqual(plain);
    },
  );

  test('weights rows, and divides by the weight of what counts', async () => {
    // Closed form: (2 · 3 + 1 · 5) / (2 · 1 + 1 · 2); the third row has weight 0.
    const loss = { sum: fixed([3, 5, 100]), count: fixed([1, 2, 1]) };
    const results = await evaluate({ y: meanOf(loss, fixed([2, 1, 0])) }, {});
    expect(toNumbers(results.y)).toEqual([11 / 4]);
  });

  test('is 0 where nothing counts', async () => {
    const loss = { sum: fixed([0, 0]), count: fixed([0, 0]) };
    const results = await evaluate({ y: meanOf(loss), z: meanOf(loss, fixed([0, 0])) }, {});
    expect([...toNumbers(results.y), ...toNumbers(results.z)]).toEqual([0, 0]);
  });
});

describe('cosineDistance', () => {
  test('is 0, 1 and 2 for equal, orthogonal and opposite directions, of any length', async () => {
    const x = [
      [3e30, 4e30],
      [1e-30, 0],
      [1, -1],
    ];
    const target = [
      [3, 4],
      [0, 2e30],
      [-2, 2],
    ];
    const { loss, gradient } = await differentiate(x, (v) => meanOf(cosineDistance(v, fixed(target))));
    expect(loss).toBeCloseTo(1, 14);
    expect(gradient.every(Number.isFinite)).toBe(true);
  });

  test('a zero vector has distance 1 and a finite gradient', async () => {
    const { loss, gradient } = await differentiate([[0, 0]], (v) => meanOf(cosineDistance(v, fixed([[1, 2]]))));
    expect(loss).toBe(1);
    expect(gradient.every(Number.isFinite)).toBe(true);
  });
});

describe('fromLibrary', () => {
  test.each([
    // torchdistill and Keras weigh the hard labels with alpha; Keras' example: alpha 0.1, T 3.
    ['keras', { alpha: 0.1, temperature: 3 }, { alpha: 0.9, temperature: 3 }],
    ['torchdistill', { alpha: 0.25 }, { alpha: 0.75 }],
    ['hinton', { alpha: 0.7 }, { alpha: 0.7 }],
    // DistilBERT's 5 : 2, PyTorch's tutorial .25 : .75.
    ['distilbert', { soft: 5, hard: 2 }, { alpha: 5 / 7 }],
    ['pytorch-tutorial', { soft: 0.25, hard: 0.75 }, { alpha: 0.25 }],
    ['textbrewer', { soft: 1, hard: 0 }, { alpha: 1 }],
    ['primer', { temperature: 20 }, { temperature: 20 }],
    ['tang', {}, {}],
  ] as const)('%s %j is %j', (preset, theirs, ours) => {
    const { preset: kept, ...rest } = fromLibrary(preset, theirs);
    expect(kept).toBe(preset);
    expect(rest.alpha ?? -1).toBeCloseTo(('alpha' in ours ? ours.alpha : undefined) ?? -1, 15);
    expect(rest.temperature).toBe('temperature' in ours ? ours.temperature : undefined);
  });

  test('refuses settings that the library does not have', () => {
    expect(() => fromLibrary('keras', { soft: 1 })).toThrow(
      "fromLibrary('keras'): wanted alpha, temperature, got soft",
    );
    expect(() => fromLibrary('textbrewer', { alpha: 1 })).toThrow('wanted soft, hard, temperature, got alpha');
    expect(() => fromLibrary('tang', { temperature: 2 })).toThrow('wanted no settings: it has none, got temperature');
    expect(() => fromLibrary('keras', { alpha: 1.5 })).toThrow('wanted a number from 0 to 1');
    expect(() => fromLibrary('textbrewer', { soft: 1, hard: -1 })).toThrow('wanted weights ≥ 0');
  });
});

describe('what losses refuse', () => {
  const logits = (...shape: number[]) => input('z', 'float32', shape);
  const labels = (...shape: number[]) => input('y', 'int64', shape);

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('temperature %d', (temperature) => {
    expect(() => kd(logits(2, 3), logits(2, 3), labels(2), { temperature })).toThrow(OptionError);
    expect(() => kl(logits(2, 3), logits(2, 3), { temperature })).toThrow(
      `kl: wanted temperature > 0, got ${temperature}; use 1 for the plain softmax, 2 to 20 for softer targets`,
    );
  });

  test.each([-0.1, 1.1, Number.NaN])('alpha %d', (alpha) => {
    expect(() => kd(logits(2, 3), logits(2, 3), labels(2), { alpha })).toThrow(
      `alpha of kd preset 'hinton': wanted a number from 0 to 1, got ${alpha}`,
    );
  });

  test.each(presets.filter((preset) => presetSpec(preset).soft !== 'mse'))('one class with preset %s', (preset) => {
    expect(() => softLoss(logits(4, 1), logits(4, 1), withTemperature(preset, 2))).toThrow(ShapeError);
  });

  test('one class with labels, and says what to use', () => {
    expect(() => crossEntropy(logits(4, 1), labels(4))).toThrow('for one score per row use a squared error');
    expect(() => softLoss(logits(4, 1), logits(4, 1), { preset: 'tang' })).not.toThrow();
  });

  test('a teacher of other labels', () => {
    expect(() => kd(logits(32, 77), logits(32, 150), labels(32))).toThrow(
      "kd preset 'hinton': wanted teacher logits [32, 77], as the student's, got [32, 150]; " +
        'use a teacher trained on the same labels',
    );
  });

  test('a target, or labels, that would broadcast', () => {
    expect(() => mse(logits(4, 3), logits(4, 1))).toThrow('wanted x and target of one shape');
    expect(() => cosineDistance(logits(4, 3), logits(1, 3))).toThrow('wanted x and target of one shape');
    expect(() => crossEntropy(logits(4, 3), labels(1))).toThrow('wanted labels [4] for logits [4, 3], got [1]');
  });

  test('a missing teacher, missing labels, a layer that is not there', () => {
    expect(() => kd(logits(2, 3), undefined, labels(2))).toThrow('give them, or use alpha 0');
    expect(() => kd(logits(2, 3), logits(2, 3), undefined)).toThrow('give them, or use alpha 1');
    expect(() => mse([logits(2, 3)].at(5), logits(2, 3))).toThrow('use only layers that both have');
  });

  test('options that would do nothing, or are missing, or are not there', () => {
    expect(() => kd(logits(2, 3), logits(2, 3), labels(2), { preset: 'tang', temperature: 2 })).toThrow(
      "kd preset 'tang': wanted no temperature: this loss has none, got 2; leave it out",
    );
    expect(() => kd(logits(2, 3), logits(2, 3), labels(2), { preset: 'primer' })).toThrow('it has no default');
    const preset = 'hintn' as KdPreset;
    expect(() => kd(logits(2, 3), logits(2, 3), labels(2), { preset })).toThrow('preset: wanted hinton, primer,');
    expect(() => crossEntropy(logits(2, 3), labels(2), { labelSmoothing: 2 })).toThrow('labelSmoothing');
    expect(() => crossEntropy(logits(2, 3), labels(2), { classWeights: [1, 2] })).toThrow(
      'classWeights: wanted 3 numbers ≥ 0, one per class, got [1, 2]',
    );
    const weighted = (...classWeights: number[]) => crossEntropy(logits(2, 3), labels(2), { classWeights });
    for (const wrong of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => weighted(1, wrong, 1)).toThrow('classWeights: wanted 3 numbers ≥ 0');
    }
    expect(() => weighted(0, 1, 1)).not.toThrow();
  });
});
