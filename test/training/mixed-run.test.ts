/** @file Runs whose steps mix rows: resumed to the same bytes, the same in both forms of a step, and what is refused. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { textDataset } from '../../src/data/text-dataset.js';
import { deepMutualLearning } from '../../src/methods/deep-mutual-learning.js';
import type { Method } from '../../src/methods/method.js';
import { mixKd } from '../../src/methods/mixkd.js';
import { bilstm } from '../../src/models/bilstm.js';
import { distilbert } from '../../src/models/distilbert.js';
import { mlp } from '../../src/models/mlp.js';
import type { Model } from '../../src/models/model.js';
import { staticModel } from '../../src/models/static-model.js';
import { constantParameters, initialiseParameters, inputParameters } from '../../src/nn/parameters.js';
import { adamw } from '../../src/optim/adamw.js';
import { sgd } from '../../src/optim/sgd.js';
import { modelTeacher } from '../../src/teachers/model-teacher.js';
import type { Teacher } from '../../src/teachers/teacher.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { runTraining } from '../../src/training/run/run.js';
import type { RunOptions } from '../../src/training/run/run-options.js';
import { openHostStep } from '../../src/training/step/host-step.js';
import { openInGraphStep } from '../../src/training/step/in-graph-step.js';
import { modelInTraining } from '../../src/training/step/method-parameters.js';
import { inputCollector, traceTerms } from '../../src/training/step/trace-step.js';
import { smallBert } from '../data/small-bert.js';
import { words, wordTable } from '../data/words.js';
import { blobs, CLASSES, PIXELS } from './blobs.js';

const scratch = mkdtempSync(join(tmpdir(), 'retort-mixed-run-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const sized = (num_hidden_layers: number, hidden_size: number, dropout = 0.1): Model =>
  smallBert(num_hidden_layers, { hidden_size, hidden_dropout_prob: dropout, attention_probs_dropout_prob: dropout });
const narrow = distilbert({ vocab_size: words.vocabularySize, dim: 4, n_layers: 1, n_heads: 2, hidden_dim: 8 });
const lstm = bilstm({ vocab_size: words.vocabularySize, embedding_size: 6, hidden_size: 4, dense_size: 5 });
const pairs = bilstm({ ...lstm.config, is_pair: true });
const mean = staticModel({ vocab_size: words.vocabularySize, embedding_size: 6, hidden_sizes: [5] });

const teacherOf = (model: Model): Teacher =>
  modelTeacher({
    path: 'teacher.ckpt',
    model,
    weights: initialiseParameters(model.parameters, 7),
    labelNames: ['negative', 'positive'],
    contentHash: 'teacher',
  });

const options = (name: string, more: Partial<RunOptions> = {}): RunOptions => {
  const model = more.model ?? sized(1, 4);
  const texts = () => textDataset(wordTable('train', 40, { pairs: model === pairs }), words, { model });
  return {
    model,
    method: mixKd(),
    teacher: teacherOf(model === pairs ? pairs : sized(2, 6)),
    data: more.data ?? { train: texts() },
    optimizer: adamw({ learningRate: 0.02 }),
    epochs: 3,
    batchSize: 8,
    tokensPerRun: 40,
    seed: 5,
    threads: 1,
    outputDir: join(scratch, name),
    ...more,
  };
};

describe('runTraining with mixkd', () => {
  test.each([
    ['a BERT', sized(1, 4)],
    ['a BiLSTM, of a BERT', lstm],
    ['a BiLSTM of pairs', pairs],
    ['a static model, of a BERT', mean],
  ])('%s: interrupted and resumed it ends in the same bytes', async (name, model) => {
    const whole = await runTraining(options(`${name} whole`, { model }));
    const stop = new AbortController();
    const parted = options(`${name} parted`, { model });
    const stopped = runTraining({
      ...parted,
      stateSeconds: 0,
      signal: stop.signal,
      onEvent: ({ type }) => type === 'checkpoint' && stop.abort(),
    });
    await expect(stopped).rejects.toThrow('interruption');
    const resumed = await runTraining({ ...parted, resume: true });
    expect(resumed.weights).toEqual(whole.weights);
    expect(resumed.record.epochs.map(({ losses }) => losses)).toEqual(whole.record.epochs.map(({ losses }) => losses));
    const [first, , last] = whole.record.epochs;
    expect(Object.keys(last?.losses ?? {})).toEqual(['hard', 'mixed', 'soft']);
    expect(last?.loss as number).toBeLessThan(first?.loss as number);
  });

  const remote: Teacher = { ...teacherOf(sized(2, 6)), reads: ['texts'] };
  const { traced: _traced, ...untraced } = remote;
  test.each<[string, Partial<RunOptions>, RegExp]>([
    [
      'a teacher with a tokenizer of its own',
      { teacher: untraced },
      /^method 'mixkd' with teacher teacher.ckpt: wanted a retort model that reads the student's tokens, .*, got a teacher with its own tokenizer; use a teacher with the student's tokenizer/,
    ],
    ['a teacher outside the step', { teacher: { ...untraced, reads: ['inputs'] } }, /got a teacher outside the step/],
    [
      'a teacher of packed pairs, for a student that reads the texts apart',
      { model: pairs, teacher: teacherOf(sized(2, 6)) },
      /^teacher teacher.ckpt, as part of the step: wanted rows with input_ids, attention_mask, token_type_ids, got the student's, with input_ids, attention_mask, input_ids_b, .*; use a student that reads the teacher's inputs/,
    ],
    [
      'segments of pairs that the student does not read',
      {
        model: narrow,
        data: { train: textDataset(wordTable('train', 20, { pairs: true }), words, { model: narrow }) },
      },
      /^teacher teacher.ckpt, as part of the step: wanted rows with .*token_type_ids, got the student's, with input_ids, attention_mask;/,
    ],
    [
      'answers computed once',
      { teacherForm: 'fed' },
      /^teacherForm 'fed': wanted a traced teacher: outputs for mixed rows cannot be computed beforehand, got method 'mixkd'/,
    ],
    [
      'a student that reads no words',
      {
        model: mlp({ inputs: PIXELS, hidden: [4], classes: CLASSES, mean: 0.5, std: 0.25 }),
        data: { train: blobs('train', 20) },
        teacher: { ...teacherOf(mlp({ inputs: PIXELS, hidden: [4], classes: CLASSES })), labelNames: [] },
      },
      /^method 'mixkd': wanted a student with word embeddings to mix: a BERT, .*, got 'mlp'; choose another method/,
    ],
  ])('%s is refused by name, and no folder is made', async (name, more, message) => {
    const run = options(`refused ${name}`, more);
    await expect(runTraining(run)).rejects.toThrow(message);
    expect(existsSync(run.outputDir)).toBe(false);
  });
});

describe('dropout', () => {
  test('is another one in the mixed pass, and in each peer', () => {
    const sitesOf = (method: Method): string[] => {
      const model = modelInTraining(lstm, method, undefined);
      const { source, inputs } = inputCollector();
      traceTerms({ model, method, dims: { B: 2, S: 3 } }, inputParameters(model.parameters), source, []);
      return [...inputs.keys()].filter((name) => name.startsWith('dropout.'));
    };
    expect(sitesOf(mixKd({ alphaTmkd: 0 }))).toEqual(['dropout.dropout', 'dropout.view.mixed.dropout']);
    expect(sitesOf(deepMutualLearning({ peers: 3 }))).toEqual([
      'dropout.dropout',
      'dropout.method.peer.2.dropout',
      'dropout.method.peer.3.dropout',
    ]);
  });
});

describe('a step of several batches', () => {
  test('mixes each batch within itself, in the graph and on the host alike; padding has no part in it', async () => {
    const model = sized(1, 4, 0);
    const teacher = sized(2, 6, 0);
    const data = textDataset(wordTable('train', 12), words, { model });
    const length = 12;
    const batches = [data.batch([0, 1, 2, 3], 4, undefined, length), data.batch([4, 5, 6], 4, undefined, length)];
    const parameters = initialiseParameters(model.parameters, 3);
    const common = {
      model,
      method: mixKd({ a: 1 }),
      teacher: {
        kind: 'traced',
        model: teacher,
        parameters: constantParameters(initialiseParameters(teacher.parameters, 7)),
      },
      optimizer: sgd({ learningRate: 0, momentum: 0.5 }),
      seed: 2,
      parameters,
    } as const;
    const given = { step: 1, learningRate: 0, scalars: {} };
    const inGraph = await openInGraphStep({ ...common, dims: { B: 8, S: length } });
    const onHost = await openHostStep({ ...common, dims: { B: 4, S: length }, hasMicroBatches: true });
    const [a] = await inGraph.run([{ ...given, batches }]);
    const [b] = await onHost.run([{ ...given, batches }]);
    // The second batch without its padding: the same permutation of the same three rows.
    const [c] = await onHost.run([
      { ...given, batches: [batches[0], data.batch([4, 5, 6], 3, undefined, length)] as typeof batches },
    ]);
    const ofWords = (state: Readonly<Record<string, Tensor>>) =>
      Array.from(state['optimizer.embeddings.word_embeddings.weight.momentum_buffer']?.data as Float32Array);
    const [graph, host] = [ofWords(inGraph.state()), ofWords(onHost.state())];
    await inGraph.release();
    await onHost.release();
    for (const term of ['hard', 'mixed', 'soft']) {
      expect(b?.losses[term] as number).toBeCloseTo(a?.losses[term] as number, 6);
      expect(c?.losses[term] as number).toBeCloseTo(a?.losses[term] as number, 6);
    }
    expect(graph.some((g) => Math.abs(g) > 1e-3)).toBe(true);
    // The host's second step halves the first one's momentum and adds the same gradient: 1.5 times it.
    for (const [i, g] of graph.entries()) expect(host[i]).toBeCloseTo(1.5 * g, 5);
  });
});
