/** @file A multi-layer perceptron over bytes: the article's digit models. */
import { cast } from '../autograd/ops/compare.js';
import { add, mul, relu } from '../autograd/ops/elementwise.js';
import { OptionError, ShapeError } from '../errors/failures.js';
import { linear } from '../nn/linear.js';
import { expectShape } from '../tensor/shape.js';
import type { ConfigValues } from './config-values.js';
import type { Model } from './model.js';

export type MlpConfig = {
  /** Pixels of an image. */
  readonly inputs: number;
  /** Widths of the hidden layers, first to last. */
  readonly hidden: readonly number[];
  readonly classes: number;
  /** Mean and standard deviation of a pixel in 0 … 1, over the training images. */
  readonly mean: number;
  readonly std: number;
};

/** MNIST's: 784 pixels, ten digits, and the moments that PyTorch's example uses. */
export const mlpDefaults: MlpConfig = { inputs: 784, hidden: [16], classes: 10, mean: 0.1307, std: 0.3081 };

/**
 * Pixels (uint8 [B, inputs], input `pixels`) -> (x / 255 − mean) / std -> fc1 -> ReLU -> … -> fcN -> logits [B, C].
 * Parameters: `fc1.weight` [O, I], `fc1.bias` [O], `fc2.weight`, …; 784-16-10 has 12,730 of them, 784-4-10 3,190.
 *
 * @param config what differs from `mlpDefaults`.
 * @throws OptionError for widths that make no network.
 */
export function mlp(config: Partial<MlpConfig> = {}): Model {
  const whole: MlpConfig = { ...mlpDefaults, ...config };
  const { inputs, hidden, classes, mean, std } = whole;
  const widths = [inputs, ...hidden, classes];
  for (const width of widths) {
    if (Number.isInteger(width) && width >= 1) continue;
    throw new OptionError({ where: 'mlp', wanted: 'widths that are integers ≥ 1', got: widths.join('-') });
  }
  if (!(std > 0 && Number.isFinite(std) && Number.isFinite(mean))) {
    throw new OptionError({ where: 'mlp', wanted: 'a finite mean and std > 0', got: `mean ${mean}, std ${std}` });
  }
  const layers = widths.slice(1).map((width, i) => linear(`fc${i + 1}`, widths[i] as number, width));

  return {
    kind: 'mlp',
    config: whole,
    parameters: layers.flatMap((layer) => layer.parameters),
    signals: ['logits'],
    inputs: ({ B }) => [{ name: 'pixels', dtype: 'uint8', shape: [B, inputs] }],
    forward: (context, { pixels }) => {
      if (pixels === undefined) throw new ShapeError({ where: 'mlp', wanted: "input 'pixels'", got: 'none' });
      expectShape(pixels, ['B', inputs], 'mlp pixels');
      const dtype = context.parameters.get('fc1.bias').dtype;
      // (x / 255 − mean) / std in two passes over the batch instead of three.
      let x = add(mul(cast(pixels, { to: dtype }), 1 / (255 * std)), -mean / std); // [B, inputs]
      for (const [i, layer] of layers.entries()) {
        x = layer.forward(context, i === 0 ? x : relu(x)); // [B, widths[i]] -> [B, widths[i + 1]]
      }
      return { logits: x, classRows: context.parameters.get(`fc${layers.length}.weight`) };
    },
  };
}

mlp.values = {
  inputs: 'size',
  hidden: 'sizes',
  classes: 'size',
  mean: 'number',
  std: 'positive',
} satisfies ConfigValues<MlpConfig>;
