import onnxProto from 'onnx-proto';
import { afterAll, describe, expect, test } from 'vitest';
import { EngineError } from '../../src/runtime/engine-error.js';
import { isWorthKeeping, UNRETURNABLE, withUnreturnable } from '../../src/runtime/kept-outputs.js';
import type { Session } from '../../src/runtime/running-session.js';
import { openSession } from '../../src/runtime/session.js';
import type { Shape } from '../../src/tensor/shape.js';
import { tensor, zeros } from '../../src/tensor/tensor.js';
import { program } from './programs.js';

const SIDE = 512;
const large = { dtype: 'float32', shape: [SIDE, SIDE] } as const;
const BYTES = SIDE * SIDE * 4;

/** Rows of x by number, and the first of them negated. */
const rows = program(
  [
    { opType: 'Gather', inputs: ['x', 'ids'], outputs: ['rows'] },
    { opType: 'Neg', inputs: ['x'], outputs: ['negated'] },
  ],
  [
    { name: 'x', ...large },
    { name: 'ids', dtype: 'int64', shape: [SIDE] },
  ],
  [
    { name: 'rows', ...large },
    { name: 'negated', ...large },
  ],
);
const x = tensor(
  'float32',
  [SIDE, SIDE],
  Float32Array.from({ length: SIDE * SIDE }, (_, i) => i),
);
const ids = (from: number) =>
  tensor(
    'int64',
    [SIDE],
    BigInt64Array.from({ length: SIDE }, (_, i) => BigInt(from - i)),
  );

const opened: Session[] = [];
async function open(): Promise<Session> {
  const session = await openSession(rows, { threads: 1 });
  opened.push(session);
  return session;
}
afterAll(() => Promise.all(opened.map((session) => session.release())));

describe('results in arrays of the caller', () => {
  test('are written there, and nothing else is made', async () => {
    const session = await open();
    const own = { rows: zeros('float32', [SIDE, SIDE]), negated: zeros('float32', [SIDE, SIDE]) };
    const before = process.memoryUsage().arrayBuffers;
    for (let run = 0; run < 20; run++) {
      const results = await session.run({ x, ids: ids(SIDE - 1) }, own);
      expect(results).toEqual(own);
      expect(results.rows).toBe(own.rows);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(BYTES);
    expect([...own.rows.data.subarray(0, 2)]).toEqual([(SIDE - 1) * SIDE, (SIDE - 1) * SIDE + 1]);
    expect(own.negated.data.every((value, i) => value === -i)).toBe(true);
  });

  test('hide no failure of a kernel', async () => {
    const session = await open();
    const own = { rows: zeros('float32', [SIDE, SIDE]), negated: zeros('float32', [SIDE, SIDE]) };
    const failed = session.run({ x, ids: ids(2 * SIDE) }, own);
    await expect(failed).rejects.toThrow(EngineError);
    await expect(failed).rejects.toThrow(/Gather.*must be within the inclusive range/);
    await session.run({ x, ids: ids(SIDE - 1) }, own);
    expect(own.rows.data[0]).toBe((SIDE - 1) * SIDE);
  });

  test('where one output has no array, that one is new', async () => {
    const session = await open();
    const own = zeros('float32', [SIDE, SIDE]);
    const results = await session.run({ x, ids: ids(SIDE - 1) }, { rows: own });
    expect(results.rows).toBe(own);
    expect([...(results.negated?.data.subarray(0, 3) ?? [])]).toEqual([-0, -1, -2]);
    expect(Object.keys(results)).toEqual(['rows', 'negated']);
  });

  test('are worth it from 65,536 elements together, of known lengths', () => {
    const outputs = (...shapes: Shape[]) => ({
      outputs: shapes.map((shape, i) => ({ name: `y${i}`, dtype: 'float32' as const, shape })),
    });
    expect(isWorthKeeping(outputs([256, 128], [256, 127]))).toBe(false);
    expect(isWorthKeeping(outputs([256, 128], [32768], []))).toBe(true);
    expect(isWorthKeeping(outputs(['B', 1 << 20]))).toBe(false);
    expect(isWorthKeeping(outputs())).toBe(false);
  });
});

test('what stands before the model is one node and its output', () => {
  const bytes = withUnreturnable(rows.bytes);
  const length = bytes.length - rows.bytes.length;
  expect(bytes.subarray(length)).toEqual(rows.bytes);
  expect(onnxProto.onnx.ModelProto.decode(bytes.subarray(0, length)).toJSON()).toEqual({
    graph: {
      node: [{ opType: 'SequenceEmpty', output: [UNRETURNABLE] }],
      output: [{ name: UNRETURNABLE, type: { sequenceType: { elemType: { tensorType: { elemType: 1 } } } } }],
    },
  });
});
