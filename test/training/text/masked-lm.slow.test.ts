/** @file Masked language models through the trainer: steps against transformers, and whole runs. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Batch } from '../../../src/data/dataset.js';
import { textTable } from '../../../src/data/text-table.js';
import { distilBert } from '../../../src/methods/distilbert.js';
import type { Method } from '../../../src/methods/method.js';
import { supervised } from '../../../src/methods/supervised.js';
import { openAnyModel } from '../../../src/models/any-model.js';
import { bert } from '../../../src/models/bert.js';
import { answersAtPositions } from '../../../src/models/masked-positions.js';
import { modelHash } from '../../../src/models/saved-model.js';
import { constantParameters, initialiseParameters } from '../../../src/nn/parameters.js';
import { sgd } from '../../../src/optim/sgd.js';
import { modelTeacher } from '../../../src/teachers/model-teacher.js';
import { RandomStream } from '../../../src/tensor/random.js';
import { fromNumbers, type Tensor } from '../../../src/tensor/tensor.js';
import { wordTokenizer } from '../../../src/tokenizers/word-vocabulary.js';
import { openHostStep } from '../../../src/training/step/host-step.js';
import { type MaskedLmOptions, trainMaskedLm } from '../../../src/training/text/masked-lm.js';
import { expectGolden, type Nested, nestedTensor } from '../../nn/evaluate.js';

type Described = {
  readonly config: Readonly<Record<string, unknown>>;
  readonly parameters: Readonly<Record<string, Nested>>;
};
type Fixture = {
  readonly models: { readonly student: Described; readonly teacher: Described };
  readonly batch: Readonly<Record<'ids' | 'mask' | 'labels', readonly (readonly number[])[]>>;
  readonly steps: Readonly<
    Record<
      string,
      { readonly losses: Readonly<Record<string, number>>; readonly gradients: Readonly<Record<string, Nested>> }
    >
  >;
};

// Witness: transformers' BertForMaskedLM and PyTorch, see test/python/make_masked_lm.py.
const fixture = JSON.parse(
  readFileSync(new URL('../../golden/masked-lm.transformers.json', import.meta.url), 'utf8'),
) as Fixture;

const scratch = mkdtempSync(join(tmpdir(), 'retort-masked-lm-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const weightsOf = ({ parameters }: Described): Record<string, Tensor<'float32'>> =>
  Object.fromEntries(Object.entries(parameters).map(([name, values]) => [name, nestedTensor('float32', values)]));

const WITHOUT_DROPOUT = { hidden_dropout_prob: 0, attention_probs_dropout_prob: 0 };
const modelOf = ({ config }: Described) => bert({ ...config, ...WITHOUT_DROPOUT });

/** Some rows of the fixture's batch, asked at all tokens or at those with a label. */
function batchOf(rows: readonly number[], answersAt: 'masked' | 'all'): Batch {
  const { ids, mask, labels } = fixture.batch;
  const some = <T>(of: readonly T[]): T[] => rows.map((row) => of[row] as T);
  const int64 = (values: readonly (readonly number[])[]) =>
    fromNumbers('int64', [values.length, values[0]?.length ?? 0], values.flat());
  const asked = some(labels).map((row) => row.flatMap((label, s) => (label < 0 ? [] : [s])));
  const P = Math.max(...asked.map(({ length }) => length));
  const padded = (values: readonly number[], filler: number) => [...values, ...Array(P - values.length).fill(filler)];
  return {
    inputs: {
      input_ids: int64(some(ids)),
      attention_mask: int64(some(mask)),
      token_type_ids: int64(some(ids).map((row) => row.map(() => 0))),
      ...(answersAt === 'masked' && { masked_positions: int64(asked.map((row) => padded(row, -1))) }),
    },
    ids: [...rows],
    weights: new Float32Array(rows.length).fill(1),
    labels: int64(
      some(labels).map((row) =>
        answersAt === 'all'
          ? row
          : padded(
              row.filter((label) => label >= 0),
              -100,
            ),
      ),
    ),
  };
}

describe('openHostStep on a masked language model', () => {
  const { student, teacher } = fixture.models;
  const cases: readonly (readonly [step: string, answersAt: 'masked' | 'all', method: Method])[] = [
    ['labels', 'masked', supervised()],
    ['labels', 'all', supervised()],
    ['triple masked', 'masked', distilBert()],
    ['triple all', 'all', distilBert()],
  ];
  test.each(cases)('%s, logits at %s: loss and each gradient are those of PyTorch', async (name, answersAt, method) => {
    const plain = modelOf(student);
    const model = answersAt === 'masked' ? answersAtPositions(plain) : plain;
    // The second way cuts the step in two: rows with two guesses and with one, of which the divisors know.
    for (const parts of [[[0, 1, 2]], [[0, 2], [1]]]) {
      const step = await openHostStep({
        model,
        method,
        ...(method.needs.length > 0 && {
          teacher: { kind: 'traced', model: modelOf(teacher), parameters: constantParameters(weightsOf(teacher)) },
        }),
        dims: { B: 3, S: 6 },
        hasMicroBatches: parts.length > 1,
        // The first momentum is the gradient itself.
        optimizer: sgd({ learningRate: 0, momentum: 0.5 }),
        seed: 1,
        parameters: weightsOf(student),
        threads: 1,
      });
      const wanted = fixture.steps[name];
      const batches = parts.map((rows) => batchOf(rows, answersAt));
      const scalars = method.scalars?.(method.options, { step: 1, totalSteps: 1, epoch: 0 }) ?? {};
      const [result] = await step.run([{ step: 1, learningRate: 0, batches, scalars }]);
      const state = step.state();
      await step.release();
      for (const [term, value] of Object.entries(wanted?.losses ?? {})) {
        expect(Math.abs((result?.losses[term] ?? NaN) / value - 1), term).toBeLessThan(1e-5);
      }
      expect(Object.keys(result?.losses ?? {})).toEqual(Object.keys(wanted?.losses ?? {}));
      const gradients = Object.entries(wanted?.gradients ?? {});
      expect(gradients).toHaveLength(plain.parameters.length);
      const largest = Math.max(...gradients.map(([, values]) => magnitude(values)));
      for (const [parameter, values] of gradients) {
        // A key's bias has a gradient of 0 in exact arithmetic.
        if (magnitude(values) < 1e-9 * largest) continue;
        expectGolden(state[`optimizer.${parameter}.momentum_buffer`], values, 1e-4, `${name}: ${parameter}`);
      }
    }
  });
});

function magnitude(nested: Nested): number {
  return typeof nested === 'number' ? Math.abs(nested) : Math.max(...nested.map(magnitude));
}

/** Sentences in which each word follows from the one before it: a hidden word can be told from its neighbours. */
const RING = ['one', 'two', 'three', 'four', 'five', 'six'] as const;
const tokenizer = wordTokenizer(RING, { split: 'spaces', lowercase: true });
function ringTable(name: string, size: number) {
  const random = new RandomStream(3, name);
  const texts = Array.from({ length: size }, () => {
    const [start, length] = [random.below(RING.length), 4 + random.below(6)];
    return Array.from({ length }, (_, i) => RING[(start + i) % RING.length]).join(' ');
  });
  return textTable(name, { texts });
}

const small = (layers: number) =>
  bert({
    vocab_size: tokenizer.vocabularySize,
    hidden_size: 16,
    num_hidden_layers: layers,
    num_attention_heads: 2,
    intermediate_size: 24,
    max_position_embeddings: 16,
    initializer_range: 0.2,
    head: 'masked-lm',
  });
const startOf = (layers: number) => {
  const model = small(layers);
  return { model, weights: initialiseParameters(model.parameters, 7), tokenizer };
};

describe('trainMaskedLm', () => {
  const options = (folder: string): MaskedLmOptions => ({
    model: startOf(2),
    texts: ringTable('train', 300),
    evaluation: ringTable('dev', 60),
    epochs: 15,
    learningRate: 1e-2,
    batchSize: 16,
    tokensPerRun: 60,
    seed: 5,
    threads: 1,
    outputDir: join(scratch, folder),
  });

  test('learns to guess; interrupted and resumed it ends in the same bytes; what is saved is the encoder with its head', async () => {
    const whole = await trainMaskedLm(options('whole'));
    const { accuracy = 0, loss = 0, perplexity } = whole.record.metrics;
    // Chance is 1 in 6; where both neighbours are hidden too nobody can know.
    expect(accuracy).toBeGreaterThan(0.75);
    expect(perplexity).toBeCloseTo(Math.exp(loss), 10);
    const first = whole.record.epochs[0]?.metrics.accuracy ?? 1;
    expect(accuracy).toBeGreaterThan(first);

    const stop = new AbortController();
    const stopped = trainMaskedLm({
      ...options('parted'),
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === 'evaluation' && event.epoch === 2) setImmediate(() => stop.abort());
      },
    });
    await expect(stopped).rejects.toThrow('interruption');
    const resumed = await trainMaskedLm({ ...options('parted'), resume: true });
    expect(resumed.weights).toEqual(whole.weights);
    expect(resumed.record.metrics).toEqual(whole.record.metrics);

    const opened = await openAnyModel(join(scratch, 'whole'));
    expect(opened.model.config).toEqual(small(2).config);
    expect(opened.weights).toEqual(whole.weights);
  });

  test('a student of one layer learns from a masked language model by DistilBERT’s triple loss', async () => {
    const { model, weights } = await openAnyModel(join(scratch, 'whole'));
    const contentHash = modelHash({ model, weights });
    const result = await trainMaskedLm({
      ...options('distilled'),
      model: startOf(1),
      method: distilBert(),
      teacher: modelTeacher({ path: 'whole', model, weights, labelNames: [], contentHash }),
    });
    expect(Object.keys(result.record.epochs[0]?.losses ?? {})).toEqual(['soft', 'hard', 'cosine']);
    // Three times chance.
    expect(result.record.metrics.accuracy).toBeGreaterThan(0.5);
  });

  test('a model with another head is refused before anything is written', async () => {
    const model = bert({ ...small(1).config, head: 'classification' });
    const run = trainMaskedLm({ ...options('refused'), model: { ...startOf(1), model } });
    await expect(run).rejects.toThrow(/wanted an encoder with the head masked-lm \(bert, roberta, distilbert/);
  });
});
