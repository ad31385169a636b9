/**
 * @file Steps of several tasks in turn, from one optimiser: every term, norm and parameter. Witness: PyTorch in float64,
 * gradients None between steps (`test/python/make_multi_task.py`).
 */
import { describe, expect, test } from 'vitest';
import { bam } from '../../../src/methods/bam.js';
import type { Method } from '../../../src/methods/method.js';
import { mtDnn } from '../../../src/methods/mt-dnn.js';
import { supervised } from '../../../src/methods/supervised.js';
import { multiTask, taskView } from '../../../src/models/multi-task.js';
import { adamw } from '../../../src/optim/adamw.js';
import { type StaticShape, sizeOf } from '../../../src/tensor/shape.js';
import { fromNumbers } from '../../../src/tensor/tensor.js';
import { openMultiTaskStep } from '../../../src/training/step/multi-task-step.js';
import type { StepInput } from '../../../src/training/step/step.js';
import { readGolden } from '../../losses/golden-cases.js';

type Place = {
  readonly task: string;
  readonly ids: number[][];
  readonly labels?: number[] | number[][];
  readonly scores?: number[];
  readonly teacher?: number[][];
};
type Witness = {
  readonly settings: Record<'learning_rate' | 'eps' | 'weight_decay' | 'max_norm', number>;
  readonly classes: Readonly<Record<string, number>>;
  readonly batches: Place[];
  readonly cases: Readonly<
    Record<
      string,
      {
        readonly method: string;
        readonly steps: { readonly batch: number; readonly terms: Record<string, number>; readonly norm: number }[];
        readonly parameters: Readonly<Record<string, number[]>>;
      }
    >
  >;
};
const golden = readGolden<Witness>('multi-task.torch-2.13.json');
const { settings, classes } = golden;
const METHODS: Readonly<Record<string, Method>> = { bam: bam(), 'mt-dnn': mtDnn() };

const encoder = {
  kind: 'bert',
  config: {
    vocab_size: 12,
    hidden_size: 4,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    intermediate_size: 8,
    max_position_embeddings: 6,
    hidden_dropout_prob: 0,
    attention_probs_dropout_prob: 0,
  },
};

/** The witness's rule for a tensor's values, from its name. */
function filled(name: string, shape: StaticShape) {
  const code = [...name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  const offset = name.endsWith('LayerNorm.weight') ? 1 : 0;
  const value = (i: number) => offset + (((i * i * 7 + i * 37 + code * 101) % 1009) / 1009 - 0.5) * 0.8;
  return fromNumbers(
    'float32',
    shape,
    Array.from({ length: sizeOf(shape) }, (_, i) => value(i)),
  );
}

const table = <D extends 'int64' | 'float32'>(dtype: D, rows: number[][]) =>
  fromNumbers(dtype, [rows.length, rows[0]?.length ?? 0], rows.flat());

function inputOf({ task, ids, labels, scores, teacher }: Place, step: number, lambda: number): StepInput {
  const isTagged = Array.isArray(labels?.[0]);
  const batch = {
    inputs: {
      input_ids: table('int64', ids),
      attention_mask: table(
        'int64',
        ids.map((row) => row.map((id) => (id === 0 ? 0 : 1))),
      ),
      token_type_ids: table(
        'int64',
        ids.map((row) => row.map(() => 0)),
      ),
    },
    ids: ids.map((_, row) => row),
    weights: new Float32Array(ids.length).fill(1),
    ...(labels && {
      labels: isTagged ? table('int64', labels as number[][]) : fromNumbers('int64', [ids.length], labels as number[]),
    }),
    ...(scores && { scores: fromNumbers('float32', [ids.length], scores) }),
    task,
  };
  return {
    step,
    learningRate: settings.learning_rate,
    batches: [batch],
    scalars: { lambda },
    teacher: [teacher === undefined ? {} : { logits: table('float32', teacher) }],
  };
}

function open(name: string) {
  const { method, steps } = golden.cases[name] as Witness['cases'][string];
  const places = steps.map(({ batch }) => golden.batches[batch] as Place);
  const tasks = [...new Set(places.map(({ task }) => task))];
  const head = (task: string) => (task === 'tag' ? ('tokens' as const) : ('classification' as const));
  const model = multiTask({
    encoder,
    tasks: Object.fromEntries(
      tasks.map((task) => [task, { head: head(task), num_labels: classes[task] as number, labels: [] }]),
    ),
  });
  const step = openMultiTaskStep({
    model,
    tasks: tasks.map((task) => ({
      name: task,
      model: taskView(model, task),
      method: task === 'tag' ? supervised() : (METHODS[method] as Method),
      ...(task !== 'tag' && {
        teacher: { kind: 'fed', signals: { logits: { dtype: 'float32', shape: [classes[task] as number] } } },
      }),
    })),
    dims: { B: 3, S: 5 },
    optimizer: adamw({
      learningRate: settings.learning_rate,
      epsilon: settings.eps,
      weightDecay: settings.weight_decay,
    }),
    maxNorm: settings.max_norm,
    seed: 1,
    threads: 1,
    parameters: Object.fromEntries(model.parameters.map((spec) => [spec.name, filled(spec.name, spec.shape)])),
  });
  const inputs = places.map((place, i) => inputOf(place, i + 1, (i + 1) / places.length));
  return { step, inputs };
}

describe('openMultiTaskStep', () => {
  test.each(Object.entries(golden.cases))(
    '%s: after three steps every parameter is PyTorch’s',
    async (name, witness) => {
      const opened = open(name);
      const step = await opened.step;
      for (const [i, input] of opened.inputs.entries()) {
        const { terms, norm, batch } = witness.steps[i] as (typeof witness.steps)[number];
        const { task } = golden.batches[batch] as Place;
        const [result] = await step.run([input]);
        expect(Object.keys(result?.losses ?? {})).toEqual(Object.keys(terms).map((term) => `${task}.${term}`));
        // float32 against float64, over three steps.
        for (const [term, value] of Object.entries(terms))
          expect(result?.losses[`${task}.${term}`]).toBeCloseTo(value, 5);
        expect(Math.abs((result?.gradientNorm ?? 0) / norm - 1)).toBeLessThan(1e-4);
      }
      const ours = step.parameters();
      await step.release();
      expect(Object.keys(ours).sort()).toEqual(Object.keys(witness.parameters).sort());
      for (const [parameter, wanted] of Object.entries(witness.parameters)) {
        const values = ours[parameter]?.data as Float32Array;
        // A step moves a weight by up to 0.02.
        for (const [i, value] of wanted.entries()) {
          expect(Math.abs((values[i] as number) - value), `${parameter}[${i}]`).toBeLessThan(2e-5);
        }
      }
    },
  );

  test('a state that is loaded goes on in the same bytes, the heads’ own step counts among it', async () => {
    const [whole, first, second] = [
      open('bam beside a tagger'),
      open('bam beside a tagger'),
      open('bam beside a tagger'),
    ];
    const step = await whole.step;
    for (const input of whole.inputs) await step.run([input]);
    const begun = await first.step;
    for (const input of first.inputs.slice(0, 2)) await begun.run([input]);
    const resumed = await second.step;
    resumed.load(begun.state());
    await resumed.run(second.inputs.slice(2));
    expect(resumed.state()).toEqual(step.state());
    expect(step.state()['optimizer.steps.nli']?.data).toEqual(Float32Array.of(2));
    await Promise.all([step.release(), begun.release(), resumed.release()]);
  });

  test('a batch of no task, or of one that the step does not have, is refused', async () => {
    const { step: opening, inputs } = open('bam');
    const step = await opening;
    const [input] = inputs as [StepInput, ...StepInput[]];
    const other = { ...input, batches: input.batches.map((batch) => ({ ...batch, task: 'tag' })) };
    await expect(step.run([other])).rejects.toThrow('step: wanted batches of one of nli, sim, got tag');
    await step.release();
  });
});
