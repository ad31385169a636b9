import { readdirSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { applyOp } from '../../../src/autograd/op.js';
import { OPS } from '../../../src/autograd/ops/table.js';
import { input, type Op } from '../../../src/autograd/value.js';
import { OPSET } from '../../../src/onnx/opset.js';
import { isFloat } from '../../../src/tensor/dtype.js';
import { RandomStream } from '../../../src/tensor/random.js';

/** Names of all ops that the files of ops/ define, exported or not. */
const defined = vi.hoisted(() => [] as string[]);
vi.mock('../../../src/autograd/op.js', async (load) => {
  const original = await load<typeof import('../../../src/autograd/op.js')>();
  const noting =
    <D extends { readonly name: string }, R>(define: (definition: D) => R) =>
    (definition: D): R => {
      defined.push(definition.name);
      return define(definition);
    };
  return {
    ...original,
    defineUnary: noting(original.defineUnary),
    defineBinary: noting(original.defineBinary),
    defineVariadic: noting(original.defineVariadic),
  };
});

const entries = Object.entries(OPS).map(([name, { op }]) => [name, op as Op] as const);
const samplesOf = (op: Op) => op.samples(new RandomStream(1, op.name));

describe('OPS', () => {
  test('lists every op that a file of ops/ defines, once, under its own name', async () => {
    const folder = new URL('../../../src/autograd/ops/', import.meta.url);
    for (const file of readdirSync(folder)) await import(new URL(file, folder).href);
    const listed = entries.map(([, op]) => op.name);
    expect(listed).toEqual(Object.keys(OPS));
    // These are written out by hand, as they have several outputs.
    expect([...defined, 'lstm', 'scan'].sort()).toEqual(listed.toSorted());
    expect(listed).toEqual(listed.toSorted());
  });

  test.each(entries)('%s uses no ONNX form newer than the opset that graphs declare', (_, op) => {
    if ('since' in op.onnx) expect(op.onnx.since).toBeLessThanOrEqual(OPSET);
  });

  test.each(entries)('%s has samples, and says why if it has no derivative', (_, op) => {
    expect(samplesOf(op).length).toBeGreaterThan(0);
    if (typeof op.vjp !== 'function') expect(op.vjp.notDifferentiable).not.toBe('');
  });

  const differentiable = entries.filter(([, op]) => typeof op.vjp === 'function');

  test.each(differentiable)('%s is sampled with an axis of length 1', (_, op) => {
    const shapes = samplesOf(op).flatMap(({ inputs }) => inputs.map(({ shape }) => shape));
    expect(shapes.some((shape) => shape.includes(1))).toBe(true);
  });

  test.each(differentiable)('%s is sampled with broadcasting if it broadcasts', (_, op) => {
    const samples = samplesOf(op);
    for (const [i, { dtype }] of samples[0]?.inputs.entries() ?? []) {
      if (!isFloat(dtype)) continue;
      // Another leading axis on one operand alone: does the op take it, and is one of the samples like that?
      const takes = samples.some(({ inputs, attributes = {} }) => {
        const values = inputs.map((tensor, j) => {
          return input(`x${j}`, tensor.dtype, j === i ? [2, ...tensor.shape] : tensor.shape);
        });
        try {
          applyOp(op, values, attributes);
          return inputs.length > 1;
        } catch {
          return false;
        }
      });
      if (!takes) continue;
      const ranks = samples.map(({ inputs }) => inputs.map(({ shape }) => shape.length));
      const differing = ranks.filter((rank) => rank.some((length, j) => j !== i && length !== rank[i]));
      expect(differing.length, `input ${i}`).toBeGreaterThan(0);
    }
  });
});
