import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { saveOnnx } from '../../src/export/onnx-folder.js';
import { load } from '../../src/inference/load.js';
import { ngram } from '../../src/models/ngram.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { cachedTeacher } from '../../src/teachers/cached-teacher.js';
import { onnxTeacher } from '../../src/teachers/onnx-teacher.js';
import { textTeacher } from '../../src/teachers/text-teacher.js';
import { fitNgrams } from '../../src/tokenizers/fit-ngrams.js';
import { ngramTokenizer } from '../../src/tokenizers/ngram-tokenizer.js';
import { temporaryFolder } from '../files/processes.js';
import { VOCABULARY } from '../inference/text-student.js';
import { writeExternal } from '../onnx/external-model.js';
import { expectNear, STUDENT_VOCABULARY, savedBert, TEXTS, textData, tokenizerIn } from './text-models.js';

const root = temporaryFolder();
const folder = join(root, 'student');
const file = join(folder, 'model.onnx');
const own = await tokenizerIn(join(root, 'tokenizer'));
const data = textData(TEXTS, await tokenizerIn(join(root, 'other'), STUDENT_VOCABULARY));

beforeAll(async () => {
  await saveOnnx(folder, { ...savedBert(), tokenizer: own });
});

describe('onnxTeacher', () => {
  test('says what the model in the file says, with the labels that the file names', async () => {
    const teacher = await onnxTeacher(file, { threads: 1, maxLength: 40 });
    expect(teacher).toMatchObject({ name: file, classes: 3, labelNames: ['no', 'maybe', 'yes'], reads: ['texts'] });
    expect(teacher.threads).toEqual([1]);
    const answers = await teacher.answer(data, ['logits']);
    const model = await load(folder, { maxLength: 40 });
    const predicted = await model.predict(TEXTS.slice(0, 8), { badRows: 'stop' });
    await model.release();
    for (const [row, { probabilities }] of predicted.entries()) {
      const logits = Array.from(answers.batch([row], 1).logits?.data as Float32Array);
      const total = logits.reduce((sum, value) => sum + Math.exp(value), 0);
      expectNear(
        logits.map((value) => Math.exp(value) / total),
        probabilities,
        5,
      );
    }
  });

  test('a model of n-grams answers from features of its own', async () => {
    const tokenizer = ngramTokenizer(fitNgrams(TEXTS));
    const model = ngram({ vocab_size: tokenizer.vocabularySize, hidden_size: 4, num_labels: 3 });
    const weights = initialiseParameters(model.parameters, 1);
    const path = join(root, 'n-grams');
    await saveOnnx(path, { model, weights, labelNames: ['no', 'maybe', 'yes'], tokenizer });
    const teacher = await onnxTeacher(join(path, 'model.onnx'), { threads: 1 });
    const found = (await teacher.answer(data, ['logits'])).batch([2], 1).logits?.data;
    // Witness: the definition of the model.
    const { ids, values } = tokenizer.features.row(TEXTS[2] ?? '');
    const [table, layer, bias] = ['embed.weight', 'fc.weight', 'fc.bias'].map((name) => weights[name]?.data ?? []);
    const sums = [0, 1, 2, 3].map((h) =>
      ids.reduce((sum, id, i) => sum + (values[i] as number) * (table?.[4 * id + h] as number), 0),
    );
    const wanted = [0, 1, 2].map((c) =>
      sums.reduce((sum, value, h) => sum + value * (layer?.[4 * c + h] as number), bias?.[c] as number),
    );
    expectNear(found as Float32Array, wanted, 5);
  });

  test("inputs go by name, and labels into the data's order", async () => {
    const { graph } = readModel(readFileSync(file), file);
    const renamed = (name: string) => (name === 'input_ids' ? 'ids' : name);
    const strange = join(root, 'strange.onnx');
    const inputs = graph.inputs.map((info) => ({ ...info, name: renamed(info.name) }));
    const nodes = graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map(renamed) }));
    writeFileSync(strange, writeModel({ ...graph, inputs, nodes }));
    const tokenizer = join(root, 'tokenizer');
    await expect(onnxTeacher(strange, { tokenizer })).rejects.toThrow(
      /strange.onnx: wanted inputs .* of int64 or int32, got ids \(int64\); say what it is/u,
    );
    const options = { tokenizer, inputs: { input_ids: 'ids' }, threads: 1, maxLength: 40 };
    expect((await onnxTeacher(strange, options)).labelNames).toEqual(['LABEL_0', 'LABEL_1', 'LABEL_2']);
    const labelled = { ...options, labels: ['no', 'maybe', 'yes'], labelNames: ['yes', 'maybe', 'no'] };
    const found = (await (await onnxTeacher(strange, labelled)).answer(data, ['logits'])).batch([1], 1).logits?.data;
    const plain = await textTeacher(savedBert(), own, { threads: 1, maxLength: 40 }).answer(data, ['logits']);
    const wanted = Array.from(plain.batch([1], 1).logits?.data as Float32Array).reverse();
    expectNear(found as Float32Array, wanted, 4);
  });

  test('another tokenizer beside it, and labels of another number, are refused', async () => {
    const moved = join(root, 'moved');
    await tokenizerIn(moved, STUDENT_VOCABULARY);
    copyFileSync(file, join(moved, 'model.onnx'));
    await expect(onnxTeacher(join(moved, 'model.onnx'))).rejects.toThrow(
      'the tokenizer that the model was exported with',
    );
    rmSync(moved, { recursive: true });
    await expect(onnxTeacher(file, { labels: ['a', 'b'] })).rejects.toThrow(
      'wanted labels for its 3 classes, got 2: a, b',
    );
    await expect(onnxTeacher(join(root, 'none.onnx'), { tokenizer: folder })).rejects.toThrow('none.onnx: wanted');
  });

  test('other weights in a file beside the model are another teacher: no answer of the old ones comes from a cache', async () => {
    const tokenizer = join(root, 'tokenizer');
    const external = join(root, 'external.onnx');
    const other = savedBert(2);
    await saveOnnx(join(root, 'other-weights'), { ...other, tokenizer: own });
    const answersOf = async () => {
      const teacher = await onnxTeacher(external, { tokenizer, threads: 1, maxLength: 40 });
      const answers = await cachedTeacher(teacher, { folder: join(root, 'cache') }).answer(data, ['logits']);
      return Array.from(answers.batch([1], 1).logits?.data as Float32Array);
    };
    const plainly = async (saved: typeof other) => {
      const plain = await textTeacher(saved, own, { threads: 1, maxLength: 40 }).answer(data, ['logits']);
      return Array.from(plain.batch([1], 1).logits?.data as Float32Array);
    };
    writeExternal(external, readFileSync(file), 'w.bin');
    const graph = readFileSync(external);
    expectNear(await answersOf(), await plainly(savedBert()), 4);
    writeExternal(external, readFileSync(join(root, 'other-weights', 'model.onnx')), 'w.bin');
    expect(readFileSync(external)).toEqual(graph);
    expectNear(await answersOf(), await plainly(other), 4);
    rmSync(join(root, 'w.bin'));
    await expect(answersOf()).rejects.toThrow(
      /external.onnx: wanted its weights in w.bin beside it, got no such file; /u,
    );
  });

  test('weights outside of its folder are refused', async () => {
    const inside = join(root, 'inside');
    mkdirSync(inside, { recursive: true });
    writeExternal(join(inside, 'model.onnx'), readFileSync(file), '../outside.bin');
    await expect(onnxTeacher(join(inside, 'model.onnx'), { tokenizer: folder })).rejects.toThrow(
      'wanted weights in its own folder, got some in "../outside.bin"',
    );
  });

  test('a tokenizer with more ids than the graph has rows of word embeddings is refused before any work', async () => {
    const { graph } = readModel(readFileSync(file), file);
    writeFileSync(join(root, 'foreign.onnx'), writeModel(graph));
    const larger = join(root, 'larger');
    await tokenizerIn(larger, `${VOCABULARY}beyond\nfurther\n`);
    const rows = VOCABULARY.trimEnd().split('\n').length;
    await expect(onnxTeacher(join(root, 'foreign.onnx'), { tokenizer: larger })).rejects.toThrow(
      `larger: wanted a tokenizer of at most ${rows} ids, as the model has word embeddings for, ` +
        `got one of ${rows + 2}: the id of "beyond" is ${rows}; use the model's own tokenizer`,
    );
  });

  test('logits are not taken for probabilities', async () => {
    const teacher = await onnxTeacher(file, { gives: 'probabilities', threads: 1, maxLength: 40 });
    await expect(teacher.answer(data, ['logits'])).rejects.toThrow(
      /model.onnx, logits: wanted probabilities: a sum of 1 and none below 0, got .*; leave out gives/u,
    );
  });

  test('a row that it answers with no number is named, and nothing of it is kept', async () => {
    const saved = savedBert();
    const bias = saved.weights['classifier.bias'] as (typeof saved.weights)[string];
    for (const [i, value] of [Number.NaN, Number.POSITIVE_INFINITY].entries()) {
      const broken = join(root, `broken-${i}`);
      const weights = { ...saved.weights, 'classifier.bias': { ...bias, data: bias.data.map(() => value) } };
      await saveOnnx(broken, { ...saved, weights, tokenizer: own });
      const teacher = await onnxTeacher(join(broken, 'model.onnx'), { threads: 1 });
      const refused = new RegExp(`logits of row 1 of train: wanted finite numbers, got ${value}`, 'u');
      await expect(teacher.answer(data, ['logits'])).rejects.toThrow(refused);
      const cached = cachedTeacher(teacher, { folder: join(root, 'cache') });
      await expect(cached.answer(data, ['logits'])).rejects.toThrow(refused);
    }
  });
});
