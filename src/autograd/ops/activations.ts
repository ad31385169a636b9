/** @file Activations made of several elementwise ops. */
import type { Shape } from '../../tensor/shape.js';
import { defineUnary, type UnaryOp } from '../op.js';
import type { Value } from '../value.js';
import { abs, add, div, erf, exp, log, maximum, mul, neg, sub, tanh } from './elementwise.js';
import { uniform } from './samples.js';

export type GeluAttributes = {
  /** `none`: x·Φ(x); `tanh`: the approximation of GPT-2 and of BERT's original code. */
  readonly approximate: 'none' | 'tanh';
};

const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

/** Φ(x), or the approximation of it: the factor of x. */
function gate(x: Value, { approximate }: GeluAttributes): Value {
  if (approximate === 'none') return mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5);
  return mul(add(tanh(mul(SQRT_2_OVER_PI, add(x, mul(CUBIC, mul(x, mul(x, x)))))), 1), 0.5);
}

/** Gaussian error linear unit (Hendrycks & Gimpel 2016). */
export const gelu: UnaryOp<GeluAttributes> = defineUnary({
  name: 'gelu',
  onnx: {
    type: 'Gelu',
    since: 20,
    attributes: ({ approximate }) => ({ approximate: { kind: 'string', value: approximate } }),
  },
  // In training graphs the backward pass shares the gate.
  compose: ([x], attributes, form) =>
    form === 'export' && x?.dtype === 'float32' ? undefined : mul(x as Value, gate(x as Value, attributes)),
  shape: ([x]) => x as Shape,
  vjp: (g, [input], _y, attributes) => {
    const x = input as Value;
    const share = gate(x, attributes);
    if (attributes.approximate === 'none') {
      // d/dx x·Φ(x) = Φ(x) + x·φ(x), and x·φ(x) = u·e^(−u²) / √π by the u = x / √2 of the gate; 0 where e^(u²) overflows.
      const u = mul(x, Math.SQRT1_2);
      return [mul(g, add(share, mul(div(u, exp(mul(u, u))), 1 / Math.sqrt(Math.PI))))];
    }
    // gate s = (1 + t) / 2, so 1 − t² = 4 s (1 − s)
    const slope = mul(mul(2, mul(share, sub(1, share))), mul(SQRT_2_OVER_PI, add(1, mul(3 * CUBIC, mul(x, x)))));
    return [mul(g, add(share, mul(x, slope)))];
  },
  samples: (random) =>
    (['none', 'tanh'] as const).flatMap((approximate) => [
      { about: approximate, inputs: [uniform(random, [3, 4], -2, 2)], attributes: { approximate } },
      { about: `${approximate}, row`, inputs: [uniform(random, [1, 5], -2, 2)], attributes: { approximate } },
    ]),
});

/** log(1 + e^x), without overflow. */
export function softplus(x: Value): Value {
  return add(maximum(x, 0), log(add(1, exp(neg(abs(x))))));
}

/** log σ(x), without underflow. */
export function logSigmoid(x: Value): Value {
  return neg(softplus(neg(x)));
}
