import { describe, expect, test } from 'vitest';
import { vectorJacobianProduct } from '../../../src/autograd/backward.js';
import { lowerToGraph, toProgram } from '../../../src/autograd/lower.js';
import { gather, oneHot, pick, positions, scatterRows } from '../../../src/autograd/ops/indexing.js';
import { sum } from '../../../src/autograd/ops/reduce.js';
import { input, type Value } from '../../../src/autograd/value.js';
import { openSession } from '../../../src/runtime/session.js';
import { RandomStream } from '../../../src/tensor/random.js';
import { fromNumbers, type Tensor, tensor, toNumbers } from '../../../src/tensor/tensor.js';
import { evaluate } from '../evaluate.js';

describe('the gradient of gather', () => {
  const [VOCABULARY, TOKENS, WIDTH, RUNS] = [2_000, 4_096, 384, 20];

  /** Row numbers of which a few come hundreds of times, as words do. */
  function zipf(random: RandomStream): BigInt64Array {
    const id = () => BigInt(Math.floor(VOCABULARY ** random.uniform()) - 1);
    return BigInt64Array.from({ length: TOKENS }, id);
  }

  // ONNX Runtime's ScatterND(add) loses updates at 2 threads and more than about 1,000 rows; small tests don't show it.
  test(`is right in each of ${RUNS} runs with ${TOKENS} rows, many repeated, on 2 threads`, async () => {
    const random = new RandomStream(7, 'scatter');
    const table = input('table', 'float32', [VOCABULARY, WIDTH]);
    const index = input('index', 'int64', [TOKENS]);
    const g = input('g', 'float32', [TOKENS, WIDTH]);
    const [gradient] = vectorJacobianProduct([[gather(table, index), g]], [table]) as [Value];
    const program = toProgram({ outputs: { gradient } });
    const session = await openSession(program, { threads: 2 });
    try {
      const rows = new Float32Array(TOKENS * WIDTH);
      for (let run = 0; run < RUNS; run++) {
        const ids = zipf(random);
        expect(new Set(ids).size).toBeLessThan(TOKENS / 2);
        // Multiples of 2^-10: a sum of 4,096 of them is exact in float32, in any order, so equality can be asked for.
        for (let i = 0; i < rows.length; i++) rows[i] = (random.below(1024) - 512) / 1024;
        const wanted = new Float64Array(VOCABULARY * WIDTH);
        for (const [token, id] of ids.entries()) {
          for (let i = 0; i < WIDTH; i++) wanted[Number(id) * WIDTH + i]! += rows[token * WIDTH + i]!;
        }
        const results = await session.run({
          index: tensor('int64', [TOKENS], ids),
          g: tensor('float32', [TOKENS, WIDTH], rows),
        });
        const got = (results.gradient as Tensor).data as Float32Array;
        let largest = 0;
        for (let i = 0; i < wanted.length; i++) largest = Math.max(largest, Math.abs(got[i]! - wanted[i]!));
        expect(largest, `run ${run}`).toBe(0);
      }
    } finally {
      await session.release();
    }
  });

  test('is not written with ScatterND, which races', () => {
    const [table, index] = [input('table', 'float32', [5, 2]), input('index', 'int64', [3])];
    const [gradient] = vectorJacobianProduct([[sum(gather(table, index)), input('g', 'float32', [])]], [table]) as [
      Value,
    ];
    const types = lowerToGraph({ outputs: { gradient } }).nodes.map(({ opType }) => opType);
    expect(types).toContain('ScatterElements');
    expect(types).not.toContain('ScatterND');
  });
});

describe('indexing ops on values written out by hand', () => {
  const ids = (shape: readonly number[], ...values: number[]) => fromNumbers('int64', shape, values);

  test('gather takes rows, scatterRows adds them', async () => {
    const [table, index] = [input('table', 'float32', [3, 2]), input('index', 'int64', [2, 2])];
    const results = await evaluate(
      { rows: gather(table, index), back: scatterRows(gather(table, index), index, [3, 2]) },
      { table: fromNumbers('float32', [3, 2], [1, 2, 10, 20, 100, 200]), index: ids([2, 2], 2, 0, 2, 2) },
    );
    expect(results.rows.shape).toEqual([2, 2, 2]);
    expect(toNumbers(results.rows)).toEqual([100, 200, 1, 2, 100, 200, 100, 200]);
    expect(toNumbers(results.back)).toEqual([1, 2, 0, 0, 300, 600]);
  });

  test('int32 indices do as well as int64', async () => {
    const [table, index] = [input('table', 'float32', [3, 1]), input('index', 'int32', [4])];
    const g = input('g', 'float32', [4, 1]);
    const [gradient] = vectorJacobianProduct([[gather(table, index), g]], [table]) as [Value];
    const results = await evaluate(
      { gradient },
      { index: fromNumbers('int32', [4], [0, 2, 2, 2]), g: fromNumbers('float32', [4, 1], [1, 2, 3, 4]) },
    );
    expect(toNumbers(results.gradient)).toEqual([1, 0, 9]);
  });

  test('oneHot gives zeros for an index outside', async () => {
    const index = input('index', 'int64', [3]);
    const { y } = await evaluate({ y: oneHot(index, 2, 'float32') }, { index: ids([3], 1, -1, 2) });
    expect(toNumbers(y)).toEqual([0, 1, 0, 0, 0, 0]);
  });

  test('pick takes one element of each row, and its gradient goes there alone', async () => {
    const [x, index] = [input('x', 'float32', [2, 3]), input('index', 'int64', [2])];
    const y = pick(x, index);
    const [gradient] = vectorJacobianProduct([[y, input('g', 'float32', [2])]], [x]) as [Value];
    const results = await evaluate(
      { y, gradient },
      {
        x: fromNumbers('float32', [2, 3], [1, 2, 3, 4, 5, 6]),
        index: ids([2], 2, 0),
        g: fromNumbers('float32', [2], [7, 8]),
      },
    );
    expect(toNumbers(results.y)).toEqual([3, 4]);
    expect(toNumbers(results.gradient)).toEqual([0, 0, 7, 8, 0, 0]);
  });

  test('positions along an axis of known length need no input', async () => {
    const { y } = await evaluate({ y: positions(input('x', 'float32', [2, 3]), { axis: 1 }) });
    expect(toNumbers(y)).toEqual([0, 1, 2]);
  });
});
