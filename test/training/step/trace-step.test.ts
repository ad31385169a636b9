import { describe, expect, test } from 'vitest';
import { hinton } from '../../../src/methods/hinton.js';
import type { Model } from '../../../src/models/model.js';
import { inputParameters } from '../../../src/nn/parameters.js';
import { fromNumbers } from '../../../src/tensor/tensor.js';
import { inputCollector, traceTerms } from '../../../src/training/step/trace-step.js';
import { readGolden } from '../../losses/golden-cases.js';
import { evaluate } from '../../nn/evaluate.js';

type Case = {
  readonly inputs: Readonly<Record<'student_logits' | 'teacher_logits' | 'topk_ids', readonly number[][]>>;
  readonly expected: { readonly loss: number };
};

/** Says what it reads. */
const mirror: Model = {
  kind: 'mirror',
  config: {},
  parameters: [],
  signals: ['logits'],
  inputs: ({ B }) => [{ name: 'x', dtype: 'float32', shape: [B, 5] }],
  forward: (_, { x }) => ({ logits: x as NonNullable<typeof x> }),
};

describe('traceTerms', () => {
  test('a teacher that names only some classes teaches a method that knows nothing of it', async () => {
    const { inputs, expected } = readGolden<Record<string, Case>>('golden.json')['ladder/topk_bucket'] as Case;
    const others = inputs.topk_ids.map((known) => [0, 1, 2, 3, 4].map((c) => (known.includes(c) ? 0 : 1)));
    const { source } = inputCollector();
    const row = { dtype: 'float32', shape: [5] } as const;
    const [term] = traceTerms(
      {
        model: mirror,
        method: hinton({ alpha: 1, temperature: 1 }),
        teacher: { kind: 'fed', signals: { logits: row, remainder: row } },
        dims: { B: 2 },
      },
      inputParameters([]),
      source,
      ['temperature'],
    );
    const { total, count } = await evaluate(
      {
        total: term?.total as NonNullable<typeof term>['total'],
        count: term?.count as NonNullable<typeof term>['count'],
      },
      {
        'batch.x': fromNumbers('float32', [2, 5], inputs.student_logits.flat()),
        'teacher.logits': fromNumbers('float32', [2, 5], inputs.teacher_logits.flat()),
        'teacher.remainder': fromNumbers('float32', [2, 5], others.flat()),
        'scalar.temperature': fromNumbers('float32', [], [1]),
        weights: fromNumbers('float32', [2], [1, 1]),
      },
    );
    // Witness: the method specification's golden vector, a mean over two rows.
    expect(Number(total?.data[0]) / Number(count?.data[0])).toBeCloseTo(expected.loss, 6);
  });
});
