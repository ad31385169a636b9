/** @file Parameters that not every step updates: as PyTorch leaves those whose gradient is None. */
import { describe, expect, test } from 'vitest';
import { adamw } from '../../src/optim/adamw.js';
import { HostOptimizer } from '../../src/optim/host-optimizer.js';

const shape = [3];
const optimizer = adamw({ learningRate: 0.1, weightDecay: 0.2 });
const start = [1, -2, 3];

function made(parts: Readonly<Record<string, string | undefined>>): HostOptimizer {
  const parameters = Object.entries(parts).map(([name, part]) => ({
    name,
    shape,
    ...(part !== undefined && { part }),
  }));
  const host = new HostOptimizer({ optimizer, parameters, maxNorm: 1 });
  for (const name of Object.keys(parts)) host.parameter(name).set(start);
  return host;
}

describe('HostOptimizer parts', () => {
  test('a part that a step does not update keeps its bytes, and its gradient counts nothing for the norm', () => {
    const host = made({ body: undefined, a: 'a', b: 'b' });
    host.gradient('body').set([3, 0, 0]);
    host.gradient('a').set([0, 4, 0]);
    host.gradient('b').set([100, 100, 100]);
    const result = host.step({ step: 1, parts: new Map([['a', 1]]) });
    expect(result.gradientNorm).toBe(5); // by hand: 3, 4
    expect(Array.from(host.parameter('b'))).toEqual(start);
    expect(Array.from(host.slot('b', 'exp_avg'))).toEqual([0, 0, 0]);
    expect(Array.from(host.parameter('a'))).not.toEqual(start);
  });

  test('a part counts its own steps: its first is a first one, however late', () => {
    const host = made({ body: undefined, a: 'a' });
    for (const step of [1, 2, 3]) {
      host.gradient('body').set([0.1, 0.1, 0.1]);
      host.step({ step });
    }
    const alone = made({ a: undefined });
    for (const [each, at] of [
      [host, { step: 4, parts: new Map([['a', 1]]) }],
      [alone, { step: 1 }],
    ] as const) {
      each.gradient('a').set([0.1, 0.2, -0.3]);
      if (each === host) host.gradient('body').fill(0);
      each.step(at);
    }
    expect(Array.from(host.parameter('a'))).toEqual(Array.from(alone.parameter('a')));
  });

  test('a table that is read by row cannot be of a part', () => {
    const parameters = [{ name: 'words', shape: [4, 2], maxIds: 3, part: 'a' }];
    expect(() => new HostOptimizer({ optimizer, parameters })).toThrow(
      'words: wanted a sparse parameter that is updated in every step, got one of part a',
    );
  });
});
