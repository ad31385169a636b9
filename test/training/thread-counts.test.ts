/**
 * @file What holds of bits when the number of threads changes: what a model with constant weights says is the same on any
 * number; the gradients of a step are the same on the same number. More threads than cores will do: each has its own part.
 */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/autograd/backward.js';
import { toProgram } from '../../src/autograd/lower.js';
import { input, type Value } from '../../src/autograd/value.js';
import { supervised } from '../../src/methods/supervised.js';
import { bert } from '../../src/models/bert.js';
import { bilstm } from '../../src/models/bilstm.js';
import { traceForward } from '../../src/models/forward.js';
import type { Model } from '../../src/models/model.js';
import { constantParameters, initialiseParameters, inputParameters } from '../../src/nn/parameters.js';
import type { OnnxProgram } from '../../src/onnx/program.js';
import type { Session } from '../../src/runtime/running-session.js';
import { openSession } from '../../src/runtime/session.js';
import { RandomStream } from '../../src/tensor/random.js';
import { fromNumbers, type Tensor } from '../../src/tensor/tensor.js';
import { sumOf, traceTerms } from '../../src/training/step/trace-step.js';

const THREADS = [1, 2, 3, 5, 8];
const VOCABULARY = 50;
const CLASSES = 77;

const MODELS: Readonly<Record<string, Model>> = {
  ...Object.fromEntries(
    [50, 64, 150].map((hidden_size) => [
      `BiLSTM of hidden ${hidden_size}`,
      bilstm({ vocab_size: VOCABULARY, hidden_size, num_labels: CLASSES }),
    ]),
  ),
  // MiniLM-L6 in all sizes but the vocabulary and the number of layers, which are alike.
  MiniLM: bert({
    ...{ vocab_size: VOCABULARY, hidden_size: 384, num_hidden_layers: 1, num_attention_heads: 12 },
    ...{ intermediate_size: 1536, num_labels: CLASSES },
  }),
};

type Tensors = Readonly<Record<string, Tensor>>;

function rowsFor(model: Model, B: number, S: number): Tensors {
  const random = new RandomStream(1, 'test/thread-counts');
  const limits: Readonly<Record<string, number>> = { input_ids: VOCABULARY, token_type_ids: 2 };
  return Object.fromEntries(
    model.inputs({ B, S }).map(({ name, shape }) => {
      const limit = limits[name];
      const numbers = Array.from({ length: B * S }, () => (limit === undefined ? 1 : random.below(limit)));
      return [name, fromNumbers('int64', shape as readonly number[], numbers)];
    }),
  );
}

/** What `read` makes of a session for each number of threads. */
async function onThreads<T>(program: OnnxProgram, read: (session: Session) => Promise<T>): Promise<T[]> {
  const found: T[] = [];
  for (const threads of THREADS) {
    const session = await openSession(program, { threads, spinning: false });
    found.push(await read(session));
    await session.release();
  }
  return found;
}

/** Hashes: comparing millions of numbers one by one takes minutes. */
const hashesOf = (tensors: Tensors): Record<string, string> =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, { data }]) => [
      name,
      createHash('sha256')
        .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
        .digest('hex'),
    ]),
  );

/** The loss's gradients by all parameters. */
function gradientProgram(model: Model, B: number, S: number): OnnxProgram {
  const parameters = inputParameters(model.parameters);
  const source = (name: string, dtype: Tensor['dtype'], shape: Value['shape']) => input(name, dtype, shape);
  const terms = traceTerms({ model, method: supervised({}), dims: { B, S } }, parameters, source, []);
  const names = model.parameters.map(({ name }) => name);
  const found = gradients(
    sumOf(terms.map(({ total }) => total)),
    names.map((name) => parameters.get(name)),
  );
  return toProgram({ outputs: Object.fromEntries(found.map((value, i) => [`d ${names[i]}`, value])) });
}

describe.each(Object.entries(MODELS))('%s', (_name, model) => {
  const weights = initialiseParameters(model.parameters, 1);

  test(`says the same on ${THREADS.join(', ')} threads`, async () => {
    const { logits } = traceForward(model, constantParameters(weights));
    // One row, fewer tokens than columns, and more: products are divided by what there is more of.
    const batches = [rowsFor(model, 1, 30), rowsFor(model, 32, 5), rowsFor(model, 32, 30)];
    const said = await onThreads(toProgram({ outputs: { logits }, form: 'export' }), async (session) => {
      const answers: Record<string, string>[] = [];
      for (const rows of batches) answers.push(hashesOf(await session.run(rows)));
      return answers;
    });
    expect(said).toEqual(THREADS.map(() => said[0]));
  });

  test(`has the same gradients twice, on ${THREADS.join(', ')} threads`, async () => {
    const [B, S] = [32, 30];
    const labels = Array.from({ length: B }, (_, row) => row);
    const batch: Record<string, Tensor> = {
      labels: fromNumbers('int64', [B], labels),
      weights: fromNumbers(
        'float32',
        [B],
        labels.map(() => 1),
      ),
      ...weights,
    };
    const dropoutKey = fromNumbers('uint32', [], [1]);
    for (const [name, rows] of Object.entries(rowsFor(model, B, S))) batch[`batch.${name}`] = rows;
    await onThreads(gradientProgram(model, B, S), async (session) => {
      const feeds = Object.fromEntries(session.inputs.map(({ name }) => [name, batch[name] ?? dropoutKey]));
      expect(hashesOf(await session.run(feeds))).toEqual(hashesOf(await session.run(feeds)));
    });
  });
});
