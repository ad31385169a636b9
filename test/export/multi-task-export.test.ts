import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { exportScored } from '../../src/experiments/scored-export.js';
import { exportModel } from '../../src/export/export-model.js';
import { exportedGraph } from '../../src/export/onnx.js';
import { saveOnnx } from '../../src/export/onnx-folder.js';
import type { Answer, TextInput } from '../../src/inference/answer.js';
import { load } from '../../src/inference/load.js';
import type { loadInWorker as loadThere } from '../../src/inference/load-in-worker.js';
import { multiTaskFrom, type TaskHead, taskModel } from '../../src/models/multi-task.js';
import { saveModel } from '../../src/models/saved-model.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { loadTokenizer } from '../../src/tokenizers/load-tokenizer.js';
import { temporaryFolder } from '../files/processes.js';
import { smallBert, TEXTS, VOCABULARY } from '../inference/text-student.js';

// A thread runs what is built.
const built = new URL('../../dist/entries/inference.js', import.meta.url).href;
const { loadInWorker } = (await import(built)) as { loadInWorker: typeof loadThere };

const root = temporaryFolder();
const TASKS: Readonly<Record<string, TaskHead>> = {
  tone: { head: 'classification', num_labels: 2, labels: ['bad', 'good'], readsPairs: false },
  topic: { head: 'classification', num_labels: 3, labels: [], readsPairs: false },
  likeness: { head: 'classification', num_labels: 1, labels: [], scores: { zero: 1, one: 5 }, readsPairs: true },
};
const PAIRS = TEXTS.slice(1).map((text, i) => [text, TEXTS[i] as string] as const);

const whole = multiTaskFrom(smallBert(), TASKS, 3);
const saved = join(root, 'tasks');
const outputDir = join(root, 'onnx');

async function save(path: string, content: typeof whole): Promise<void> {
  await saveModel(path, { ...content, labelNames: [], tokenizerFiles: new Map([['vocab.txt', VOCABULARY]]) });
}

beforeAll(async () => {
  await save(saved, whole);
  await exportModel({ model: saved, outputDir });
});

/** What a task exported by itself predicts. */
async function alone(task: string, inputs: readonly TextInput[]) {
  const folder = join(root, `alone-${task}`);
  await saveOnnx(folder, { ...taskModel(whole, task), tokenizer: await loadTokenizer(saved) });
  const model = await load(folder, { threads: 1 });
  const answers = await model.predict(inputs, { badRows: 'stop' });
  await model.release();
  return answers;
}

function expectNear(found: Answer | undefined, wanted: Answer | undefined): void {
  expect(found?.label).toBe(wanted?.label);
  expect(found?.score).toBeCloseTo(wanted?.score ?? Number.NaN, 5);
  for (const [c, p] of wanted?.probabilities.entries() ?? []) expect(found?.probabilities[c]).toBeCloseTo(p, 5);
}

describe('a model of several tasks in one ONNX file', () => {
  test('predicts for each task what that task predicts by itself, those that read as many texts', async () => {
    const model = await load(outputDir, { threads: 1 });
    expect(model.tasks?.map(({ name, labels }) => [name, labels])).toEqual([
      ['tone', ['bad', 'good']],
      ['topic', ['LABEL_0', 'LABEL_1', 'LABEL_2']],
      ['likeness', ['score']],
    ]);
    const singles = await model.predictTasks(TEXTS);
    for (const name of ['tone', 'topic']) {
      for (const [i, answer] of (await alone(name, TEXTS)).entries()) expectNear(singles[i]?.answers?.[name], answer);
    }
    expect(Object.keys(singles[0]?.answers ?? {})).toEqual(['tone', 'topic']);
    const pairs = await model.predictTasks(PAIRS);
    for (const [i, answer] of (await alone('likeness', PAIRS)).entries()) {
      expect(Object.keys(pairs[i]?.answers ?? {})).toEqual(['likeness']);
      expectNear(pairs[i]?.answers?.likeness, answer);
    }
    await model.release();
  });

  test('goes through the encoder once', () => {
    const nodesOf = (tasks: Readonly<Record<string, TaskHead>>) =>
      exportedGraph(multiTaskFrom(smallBert(), tasks, 3)).nodes.length;
    const { tone, topic, likeness } = TASKS as Record<'tone' | 'topic' | 'likeness', TaskHead>;
    // A linear layer: product and sum.
    expect(nodesOf({ tone, topic, likeness }) - nodesOf({ tone })).toBe(2 * 2);
  });

  test('one bad row names itself and harms no other; also in a worker', async () => {
    const model = await loadInWorker(outputDir, { threads: 1 });
    expect(model.tasks).toHaveLength(3);
    const [good, bad] = await model.predictTasks(['fine', 5 as unknown as string]);
    expect(Object.keys(good?.answers ?? {})).toEqual(['tone', 'topic']);
    expect(bad?.error?.message).toBe('text 2: wanted a text, or [text, pair], got 5');
    await expect(model.predict('fine')).rejects.toThrow(
      'wanted a model of one task, got one of tone, topic, likeness; call predictTasks',
    );
    await model.release();
  });

  test('where all tasks read single texts a pair is refused, and a model of one task has no tasks', async () => {
    const { tone, topic } = TASKS as Record<'tone' | 'topic', TaskHead>;
    const singles = join(root, 'singles');
    await save(singles, multiTaskFrom(smallBert(), { tone, topic }, 3));
    await exportModel({ model: singles, outputDir: join(root, 'singles-onnx') });
    const model = await load(join(root, 'singles-onnx'), { threads: 1 });
    const [answer] = await model.predictTasks([['a', 'b']]);
    expect(answer?.error?.message).toContain('text 1: wanted a single text, as in training, got a pair');
    await model.release();
    const one = await load(join(root, 'alone-tone'), { threads: 1 });
    expect(one.tasks).toBeUndefined();
    await expect(one.predictTasks(['a'])).rejects.toThrow('wanted a model of several tasks, got one of a single task');
    await one.release();
  });

  test('int8: tables and products in whole numbers, as of any encoder', async () => {
    const folder = join(root, 'int8');
    await exportModel({ model: saved, outputDir: folder, precision: 'int8' });
    const { metadata, graph } = readModel(readFileSync(join(folder, 'model.onnx')), 'model.onnx');
    expect(metadata['retort.activations']).toBe('token');
    expect(graph.nodes.some(({ opType }) => opType === 'MatMulInteger')).toBe(true);
    const model = await load(folder, { threads: 1 });
    expect(Object.keys((await model.predictTasks(['a film']))[0]?.answers ?? {})).toEqual(['tone', 'topic']);
    await model.release();
  });

  test('what cannot be in one file is refused: words with labels, scores of all tasks, other formats', async () => {
    const words = join(root, 'words');
    const tag = { head: 'tokens', num_labels: 3, labels: [] } as const;
    await save(words, multiTaskFrom(smallBert(), { ...TASKS, tag }, 3));
    const elsewhere = join(root, 'nothing');
    await expect(exportModel({ model: words, outputDir: elsewhere })).rejects.toThrow(
      'task tag: wanted tasks that label or score texts, in one file, got one that labels words; export it by itself, MODEL#tag',
    );
    await expect(exportModel({ model: saved, to: 'hf', outputDir: elsewhere })).rejects.toThrow('#tone');
    await expect(exportModel({ model: saved, to: 'js', outputDir: elsewhere })).rejects.toThrow('#tone');
    await expect(exportScored({ model: saved, data: 'rows.csv', outputDir: elsewhere })).rejects.toThrow(
      'wanted one task of the model, MODEL#TASK, got all of them',
    );
  });

  test('a file whose tasks are not what it says is refused', async () => {
    const { metadata, graph } = readModel(readFileSync(join(outputDir, 'model.onnx')), 'model.onnx');
    const files = async (tasks: string) => ({
      'model.onnx': writeModel(graph, { metadata: { ...metadata, 'retort.tasks': tasks } }),
      ...Object.fromEntries((await loadTokenizer(saved)).files),
    });
    const opened = async (tasks: string) => load(await files(tasks), { threads: 1, onNotice: () => {} });
    await expect(opened('[{"name": "tone"}]')).rejects.toThrow('wanted tasks with name and labels');
    await expect(opened('[{"name": "other", "labels": []}]')).rejects.toThrow("wanted an output 'logits.other'");
    await expect(opened('[{"name": "tone", "labels": ["a"]}]')).rejects.toThrow('wanted 2 labels, one for each class');
    await expect(opened('{')).rejects.toThrow('retort.tasks');
  });
});
