import { describe, expect, test } from 'vitest';
import { gradients } from '../../../src/autograd/backward.js';
import { lowerToGraph, toProgram } from '../../../src/autograd/lower.js';
import { cast, less, where } from '../../../src/autograd/ops/compare.js';
import { add, mul, sub, tanh } from '../../../src/autograd/ops/elementwise.js';
import { gather } from '../../../src/autograd/ops/indexing.js';
import { matmul } from '../../../src/autograd/ops/matmul.js';
import { sum } from '../../../src/autograd/ops/reduce.js';
import { type ScanRequest, type ScanResult, scan } from '../../../src/autograd/ops/scan.js';
import { expandLike, squeeze, unsqueeze } from '../../../src/autograd/ops/shaping.js';
import { concat, slice } from '../../../src/autograd/ops/slicing.js';
import { constant, input, scalar, type Value } from '../../../src/autograd/value.js';
import { openSession } from '../../../src/runtime/session.js';
import { RandomStream } from '../../../src/tensor/random.js';
import { fromNumbers, type Tensor, toNumbers } from '../../../src/tensor/tensor.js';
import { evaluate } from '../evaluate.js';

type Loop = (request: ScanRequest) => ScanResult;

/** The same loop written out step by step: what a scan must equal. */
function unrolled({ carry: before, sequences = [], isReversed = false, body }: ScanRequest): ScanResult {
  const steps = Number(sequences[0]?.shape[0]);
  let carry = before;
  const stacks = new Map<number, Value[]>();
  for (let i = 0; i < steps; i++) {
    const t = isReversed ? steps - 1 - i : i;
    const slices = sequences.map((value) => squeeze(slice(value, { axis: 0, start: t, end: t + 1 }), 0));
    const after = body(carry, slices);
    carry = after.carry;
    for (const [k, value] of (after.stack ?? []).entries()) {
      const rows = stacks.get(k) ?? [];
      rows[t] = unsqueeze(value, 0);
      stacks.set(k, rows);
    }
  }
  return { carry, stacks: [...stacks.values()].map((rows) => concat(rows, { axis: 0 })) };
}

const [T, B, H] = [4, 2, 3];
const shapes = { h: [B, H], c: [B, H], xs: [T, B, H], w: [H, H], bias: [H] } as const;
const traced = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, input(name, 'float64', shape)]));
const { h, c, xs, w, bias } = traced as { readonly [K in keyof typeof shapes]: Value };
const lengths = input('lengths', 'int64', [B]);

const random = new RandomStream(8, 'scan');
const feeds: Record<string, Tensor> = { lengths: fromNumbers('int64', [B], [2, 4]) };
for (const [name, shape] of Object.entries(shapes)) {
  const size = shape.reduce<number>((product, dim) => product * dim, 1);
  feeds[name] = fromNumbers(
    'float64',
    shape,
    Float64Array.from({ length: size }, () => random.uniform(-1, 1)),
  );
}

const steps = constant(fromNumbers('int64', [T], [0, 1, 2, 3]));
const total = (...values: (Value | undefined)[]): Value =>
  values.map((value) => sum(mul(value!, value!))).reduce((all, value) => add(all, value));

type Case = readonly [about: string, wrt: readonly Value[], loss: (loop: Loop) => Value];

const cases = (isReversed: boolean): Case[] => [
  [
    'last carry alone',
    [h, xs, w],
    (loop) => {
      const body: ScanRequest['body'] = ([state], [x]) => ({ carry: [tanh(add(matmul(state!, w), x!))] });
      return total(...loop({ carry: [h], sequences: [xs], isReversed, body }).carry);
    },
  ],
  [
    'stacks alone, with weights made outside from others',
    [h, xs, w, bias],
    (loop) => {
      const doubled = mul(w, 2);
      const body: ScanRequest['body'] = ([state], [x]) => {
        const next = tanh(add(add(matmul(state!, doubled), x!), bias));
        return { carry: [next], stack: [mul(next, state!)] };
      };
      return total(...loop({ carry: [h], sequences: [xs], isReversed, body }).stacks);
    },
  ],
  [
    'two carries, padding kept out by lengths',
    [h, c, xs, w],
    (loop) => {
      const body: ScanRequest['body'] = ([state, cell], [x, t]) => {
        const valid = cast(less(unsqueeze(expandLike(t!, lengths), 1), unsqueeze(lengths, 1)), { to: 'float64' });
        const next = add(mul(cell!, 0.5), tanh(add(matmul(state!, w), x!)));
        const out = tanh(next);
        const keep = (fresh: Value, old: Value) => add(old, mul(valid, sub(fresh, old)));
        return { carry: [keep(out, state!), keep(next, cell!)], stack: [mul(out, valid)] };
      };
      const { carry, stacks } = loop({ carry: [h, c], sequences: [xs, steps], isReversed, body });
      return total(...carry, ...stacks);
    },
  ],
  [
    'a carry handed on as it is, a slice and a carry stacked, an output twice',
    [h, c, xs],
    (loop) => {
      const body: ScanRequest['body'] = ([state, fixed], [x]) => {
        const next = add(mul(state!, fixed!), x!);
        return { carry: [next, fixed!], stack: [x!, state!, next, next] };
      };
      const { carry, stacks } = loop({ carry: [h, c], sequences: [xs], isReversed, body });
      return total(...carry, ...stacks);
    },
  ],
  [
    'a counter carried along, rows chosen by it',
    [h, xs, w],
    (loop) => {
      const body: ScanRequest['body'] = ([state, count], [x]) => {
        const row = gather(w, where(less(count!, 2), count!, scalar(2, 'int64')));
        return { carry: [tanh(add(mul(state!, row), x!)), add(count!, 1)] };
      };
      return total(loop({ carry: [h, scalar(0, 'int64')], sequences: [xs], isReversed, body }).carry[0]);
    },
  ],
  [
    'a loop over the results of a loop',
    [h, xs, w],
    (loop) => {
      const body: ScanRequest['body'] = ([state], [x]) => {
        const next = tanh(add(matmul(state!, w), x!));
        return { carry: [next], stack: [next] };
      };
      const first = loop({ carry: [h], sequences: [xs], isReversed, body });
      const second = loop({ carry: [h], sequences: [first.stacks[0]!], isReversed: !isReversed, body });
      return total(...second.carry, ...second.stacks, ...first.carry);
    },
  ],
];

describe.each([
  ['forward', false],
  ['reversed', true],
])('scan, %s, equals the loop written out', (_, isReversed) => {
  test.each(cases(isReversed))('%s', async (_about, wrt, lossOf) => {
    const values = async (loop: Loop): Promise<Record<string, number[]>> => {
      const loss = lossOf(loop);
      const outputs: Record<string, Value> = { loss };
      for (const [i, gradient] of gradients(loss, wrt).entries()) outputs[`g${i}`] = gradient;
      const results = await evaluate(outputs, feeds);
      return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, toNumbers(tensor)]));
    };
    const [got, wanted] = [await values(scan), await values(unrolled)];
    for (const [name, numbers] of Object.entries(wanted)) {
      expect(Math.hypot(...numbers), name).toBeGreaterThan(0.01);
      // Sums come in another order.
      for (const [i, value] of numbers.entries()) expect(Math.abs(got[name]![i]! - value), name).toBeLessThan(1e-12);
    }
  });
});

describe('scan', () => {
  const body: ScanRequest['body'] = ([state], [x]) => {
    const next = tanh(add(matmul(state!, w), x!));
    return { carry: [next], stack: [next] };
  };

  test('is one node, however long, and computes nothing of the forward pass twice', () => {
    const { carry } = scan({ carry: [h], sequences: [xs], body });
    const loss = total(...carry);
    const graph = lowerToGraph({ outputs: { loss, g: gradients(loss, [w])[0]! } });
    const loops = graph.nodes.filter(({ opType }) => opType === 'Scan');
    expect(loops).toHaveLength(2);
    const inner = loops.flatMap(({ attributes }) => {
      const graphs = Object.values(attributes ?? {}).flatMap((attribute) =>
        attribute.kind === 'graph' ? [attribute.value] : [],
      );
      return graphs.flatMap(({ nodes }) => nodes.map(({ opType }) => opType));
    });
    expect(inner.filter((type) => type === 'Tanh')).toHaveLength(1);
  });

  test('the number of steps and the batch may be names', async () => {
    const weight = constant(fromNumbers('float32', [1, 1], [0.5]));
    const sequence = input('sequence', 'float32', ['T', 'N', 1]);
    const zero = expandLike(scalar(0), squeeze(slice(sequence, { axis: 0, start: 0, end: 1 }), 0));
    const { carry, stacks } = scan({
      carry: [zero],
      sequences: [sequence],
      body: ([state], [x]) => {
        const next = add(matmul(state!, weight), x!);
        return { carry: [next], stack: [next] };
      },
    });
    expect([carry[0]?.shape, stacks[0]?.shape]).toEqual([
      ['N', 1],
      ['T', 'N', 1],
    ]);
    const program = toProgram({ outputs: { last: carry[0]!, all: stacks[0]! }, form: 'export' });
    const session = await openSession(program, { threads: 1 });
    // h <- h / 2 + 1: 1, 3/2, 7/4
    for (const rows of [1, 2]) {
      const ones = fromNumbers('float32', [3, rows, 1], new Array<number>(3 * rows).fill(1));
      const { last, all } = await session.run({ sequence: ones });
      expect(toNumbers(last!)).toEqual(new Array<number>(rows).fill(1.75));
      expect(toNumbers(all!).filter((_, i) => i % rows === 0)).toEqual([1, 1.5, 1.75]);
    }
    await session.release();
  });

  test('one step is a loop too', async () => {
    const one = slice(xs, { axis: 0, start: 0, end: 1 });
    const [a, b] = [scan, unrolled].map((loop) => loop({ carry: [h], sequences: [one], body }).carry[0]!);
    const results = await evaluate({ a: a!, b: b! }, feeds);
    expect(results.a.data).toEqual(results.b.data);
  });

  test('sequences of two lengths, none at all, and a carry that changes are refused', () => {
    const request = { carry: [h], body };
    expect(() => scan({ ...request, sequences: [] })).toThrow(
      'scan: wanted at least one sequence, all of one length, got none',
    );
    const short = slice(xs, { axis: 0, start: 0, end: 2 });
    expect(() => scan({ ...request, sequences: [xs, short] })).toThrow('got [4, 2, 3], [2, 2, 3]');
    const widening = () => ({ carry: [input('wide', 'float64', [B, H + 1])] });
    expect(() => scan({ carry: [h], sequences: [xs], body: widening })).toThrow(
      'scan, carry 0: wanted float64[2, 3] after a step, as before it, got float64[2, 4]',
    );
  });
});
