/**
 * @file A custom op and a custom loss. An op is one table entry: its ONNX operator, its shape rule, its derivative,
 * points to test it at. A loss is a function of traced values. `docs/engine.md` explains each part.
 */
import {
  abs,
  add,
  defineUnary,
  div,
  gradientProblems,
  gradients,
  input,
  mean,
  mul,
  signed,
  sqrt,
  sub,
  toProgram,
  type Value,
} from 'retort-ml/autograd';
import { openSession } from 'retort-ml/runtime';
import { fromNumbers, toNumbers } from 'retort-ml/tensor';

/** x / (1 + |x|). Its slope is 1 / (1 + |x|)², at 0 too, where |x| itself has a kink. */
const softsign = defineUnary({
  name: 'softsign',
  onnx: { type: 'Softsign', since: 1 },
  shape: ([x = []]) => x,
  vjp: (g, [x]) => {
    const scale = add(1, abs(x as Value));
    return [div(g, mul(scale, scale))];
  },
  // ONNX Runtime has no float64 kernel; the check below needs one, so it gets the formula instead.
  compose: ([x]) => (x?.dtype === 'float64' ? div(x, add(1, abs(x))) : undefined),
  samples: (random) => [{ inputs: [signed(random, [2, 3], 0.1, 2)] }, { inputs: [signed(random, [1, 4], 0.1, 2)] }],
});

/** The Charbonnier loss: mean of √(error² + ε²), like |error| far from 0 and smooth near it. */
function charbonnier(prediction: Value, target: Value, epsilon = 1e-3): Value {
  const error = sub(prediction, target); // [B, C]
  return mean(sqrt(add(mul(error, error), epsilon * epsilon))); // [B, C] -> []
}

// Reverse mode against central differences, at each of the samples.
const problems = await gradientProblems(softsign.op, openSession);
console.log(problems.length === 0 ? 'softsign: the gradient is right' : problems.join('\n'));

// Trace the loss and its gradient once, run them as one ONNX graph.
const x = input('x', 'float32', [1, 3]);
const target = input('target', 'float32', [1, 3]);
const loss = charbonnier(softsign(x), target);
const [gradient] = gradients(loss, [x]);
const session = await openSession(toProgram({ outputs: { loss, gradient: gradient as Value } }));
const results = await session.run({
  x: fromNumbers('float32', [1, 3], [-1, 0.5, 3]),
  target: fromNumbers('float32', [1, 3], [0, 0, 1]),
});
await session.release();
for (const [name, value] of Object.entries(results)) {
  console.log(
    `${name}: ${toNumbers(value)
      .map((number) => number.toFixed(4))
      .join(' ')}`,
  );
}
