/** @file How new parameters are filled; formulas and names are those of `torch.nn.init`. */
import { type StaticShape, sizeOf } from '../tensor/shape.js';
import type { Initialiser } from './module.js';

export const zeros: Initialiser = (_random, shape) => new Float32Array(sizeOf(shape));

export const ones: Initialiser = (_random, shape) => new Float32Array(sizeOf(shape)).fill(1);

/** U(low, high) */
export function uniform(low: number, high: number): Initialiser {
  return (random, shape) => {
    const values = new Float32Array(sizeOf(shape));
    for (let i = 0; i < values.length; i++) values[i] = random.uniform(low, high);
    return values;
  };
}

/** N(mean, std²) */
export function normal(std: number, mean = 0): Initialiser {
  return (random, shape) => {
    const values = new Float32Array(sizeOf(shape));
    // Two at a time: a model of 20 million parameters waits on this.
    for (let i = 0; i < values.length; i += 2) {
      const [first, second] = random.normalPair();
      values[i] = mean + std * first;
      if (i + 1 < values.length) values[i + 1] = mean + std * second;
    }
    return values;
  };
}

/** Inputs and outputs of one unit of a weight in PyTorch's layout [out, in, ..kernel]. */
function fans(shape: StaticShape): { fanIn: number; fanOut: number } {
  const [out = 1, ...rest] = shape;
  const [inFeatures = 1, ...kernel] = rest;
  return { fanIn: inFeatures * sizeOf(kernel), fanOut: out * sizeOf(kernel) };
}

/**
 * U(±√(6 / ((1 + a²) · fanIn))) (He et al. 2015, arXiv:1502.01852). `a` is the slope of a leaky ReLU; PyTorch's Linear
 * takes √5, which gives ±1 / √fanIn.
 */
export function kaimingUniform(a = Math.sqrt(5)): Initialiser {
  return (random, shape) => {
    const bound = Math.sqrt(6 / ((1 + a * a) * fans(shape).fanIn));
    return uniform(-bound, bound)(random, shape);
  };
}

/** U(±gain · √(6 / (fanIn + fanOut))) (Glorot & Bengio 2010). */
export function xavierUniform(gain = 1): Initialiser {
  return (random, shape) => {
    const { fanIn, fanOut } = fans(shape);
    const bound = gain * Math.sqrt(6 / (fanIn + fanOut));
    return uniform(-bound, bound)(random, shape);
  };
}

/** N(0, gain² · 2 / (fanIn + fanOut)) (Glorot & Bengio 2010). */
export function xavierNormal(gain = 1): Initialiser {
  return (random, shape) => {
    const { fanIn, fanOut } = fans(shape);
    return normal(gain * Math.sqrt(2 / (fanIn + fanOut)))(random, shape);
  };
}
