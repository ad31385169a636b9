import { describe, expect, test } from 'vitest';
import { adam } from '../../src/optim/adam.js';
import { adamw } from '../../src/optim/adamw.js';
import { sgd } from '../../src/optim/sgd.js';
import { OPTIMIZERS } from '../../src/optim/table.js';

describe('OPTIMIZERS', () => {
  test('each rule has the name it is listed under', () => {
    for (const [name, make] of Object.entries(OPTIMIZERS)) expect(make().name).toBe(name);
  });

  // Witness: signatures of torch.optim.Adam, AdamW and SGD, torch 2.13.
  test('defaults are those of PyTorch', () => {
    expect([sgd(), adam(), adamw()].map(({ learningRate, weightDecay }) => [learningRate, weightDecay])).toEqual([
      [1e-3, 0],
      [1e-3, 0],
      [1e-3, 1e-2],
    ]);
  });

  test.each([
    [() => adam({ learningRate: -1 }), 'adam learningRate: wanted a number ≥ 0, got -1'],
    [() => adam({ betas: [0.9, 1] }), 'adam betas: wanted numbers ≥ 0 and < 1, got 1'],
    [() => adamw({ epsilon: 0 }), 'adamw epsilon: wanted a number > 0, got 0'],
    [() => adamw({ weightDecay: Number.NaN }), 'adamw weightDecay: wanted a number ≥ 0, got NaN'],
    [() => sgd({ momentum: 1 }), 'sgd momentum: wanted a number ≥ 0 and < 1, got 1'],
    [() => sgd({ dampening: 2 }), 'sgd dampening: wanted a number from 0 to 1, got 2'],
    [
      () => sgd({ nesterov: true }),
      'sgd nesterov: wanted momentum above 0 and no dampening, got momentum 0, dampening 0',
    ],
  ])('%s', (make, message) => {
    expect(make).toThrow(message);
  });
});
