import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { beforeAll, describe, expect, test } from 'vitest';
import { certificateMismatches, studentIdentity } from '../../src/certificates/certificate.js';
import { COMMANDS } from '../../src/cli/commands/table.js';
import { runCommandLine } from '../../src/cli/frame.js';
import { joinStudents } from '../../src/export/joined-student.js';
import { saveOnnx } from '../../src/export/onnx-folder.js';
import type { Answer } from '../../src/inference/answer.js';
import { load } from '../../src/inference/load.js';
import { bilstm } from '../../src/models/bilstm.js';
import { ngram } from '../../src/models/ngram.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { readModel } from '../../src/onnx/read.js';
import { questionOf } from '../../src/options/question.js';
import { fitNgrams } from '../../src/tokenizers/fit-ngrams.js';
import { loadTokenizer } from '../../src/tokenizers/load-tokenizer.js';
import { ngramTokenizer } from '../../src/tokenizers/ngram-tokenizer.js';
import { memoryStream } from '../cli/memory-stream.js';
import { temporaryFolder } from '../files/processes.js';
import { LABELS, smallBert, smallPairs, TEXTS, VOCABULARY } from '../inference/text-student.js';

const root = temporaryFolder();
const at = (name: string) => join(root, name);
const texts = TEXTS.slice(0, 60);

beforeAll(async () => {
  writeFileSync(at('vocab.txt'), VOCABULARY);
  const pieces = await loadTokenizer(root);
  const grams = ngramTokenizer(fitNgrams(texts));
  const model = ngram({ vocab_size: grams.vocabularySize, num_labels: LABELS.length });
  const weights = initialiseParameters(model.parameters, 1);
  for (const { data } of Object.values(weights)) for (let i = 0; i < data.length; i++) data[i] = Math.sin(7 * i);
  const size = { vocab_size: pieces.vocabularySize, num_labels: 3, embedding_size: 8, hidden_size: 6, dense_size: 10 };
  const lstm = bilstm(size);
  await saveOnnx(at('bert'), { ...smallBert(), tokenizer: pieces, precision: 'int8' });
  await saveOnnx(at('ngram'), { model, weights, labelNames: LABELS, tokenizer: grams });
  const asked = questionOf({ labelNames: LABELS, instructions: 'Is it so?' });
  const recurrent = { model: lstm, weights: initialiseParameters(lstm.parameters, 1), labelNames: LABELS };
  await saveOnnx(at('bilstm'), { ...recurrent, tokenizer: pieces, question: asked });
  await saveOnnx(at('asked'), {
    ...{ ...smallBert(), tokenizer: pieces },
    question: questionOf({ labelNames: LABELS, instructions: 'Is it not?' }),
  });
  await saveOnnx(at('turned'), { ...smallBert(), tokenizer: pieces, labelNames: [...LABELS].reverse() });
  await saveOnnx(at('pairs'), { ...smallPairs(), tokenizer: pieces });
});

async function answersOf(name: string): Promise<readonly Answer[]> {
  const model = await load(at(name), { threads: 1 });
  const answers = await model.predict(texts, { badRows: 'stop' });
  await model.release();
  return answers;
}

describe('joinStudents', () => {
  test.each([
    ['bert', 'ngram'],
    ['ngram', 'bert'],
    ['bilstm', 'bert'],
  ])('%s and %s are one student: the geometric mean of both, of every text', async (first, second) => {
    const name = `${first}-${second}`;
    const { labels } = await joinStudents({ first: at(first), second: at(second), outputDir: at(name) });
    expect(labels).toEqual(LABELS);
    const [one, other, both] = await Promise.all([first, second, name].map(answersOf));
    for (const [i, { probabilities, label }] of (both as Answer[]).entries()) {
      const means = LABELS.map((_, c) => {
        const [p, q] = [one, other].map((answers) => answers?.[i]?.probabilities[c] as number);
        return Math.sqrt((p as number) * (q as number));
      });
      const total = means.reduce((sum, mean) => sum + mean, 0);
      for (const [c, mean] of means.entries()) expect(probabilities[c]).toBeCloseTo(mean / total, 5);
      expect(label).toBe(LABELS[means.indexOf(Math.max(...means))]);
    }
  });

  test.each([
    ['bert', 'ngram'],
    ['ngram', 'bilstm'],
  ])(
    '%s behind %s, which answers alone what it is sure of: row by row, whatever is in the batch',
    async (first, second) => {
      await joinStudents({ first: at(first), second: at(second), outputDir: at(`${first}-and-${second}`) });
      const both = await answersOf(`${first}-and-${second}`);
      const other = await answersOf(second);
      const scores = other.map(({ score }) => score).sort((a, b) => a - b);
      // Apart from any score, so that rounding moves no row.
      const at30 = scores.findIndex((score, i) => i >= 30 && score - (scores[i - 1] as number) > 1e-5);
      const aloneFrom = ((scores[at30] as number) + (scores[at30 - 1] as number)) / 2;
      const outputDir = at(`${first}-behind-${second}`);
      await joinStudents({ first: at(first), second: at(second), outputDir, aloneFrom });
      const model = await load(outputDir, { threads: 1 });
      const found = await model.predict(texts, { badRows: 'stop' });
      let alone = 0;
      for (const [i, { probabilities }] of found.entries()) {
        const isAlone = (other[i]?.score as number) >= aloneFrom;
        alone += Number(isAlone);
        const wanted = (isAlone ? other : both)[i]?.probabilities as readonly number[];
        for (const [c, p] of wanted.entries()) expect(probabilities[c]).toBeCloseTo(p, 5);
        // By itself: a batch of unsure rows alone, or of none.
        const [single] = await model.predict([texts[i] as string], { badRows: 'stop' });
        for (const [c, p] of wanted.entries()) expect(single?.probabilities[c]).toBeCloseTo(p, 5);
      }
      expect(alone).toBe(texts.length - at30);
      expect(alone).toBeGreaterThan(0);
      await model.release();
    },
  );

  test.each([0, 1, Number.NaN])('is refused: alone from a probability of %s', async (aloneFrom) => {
    const joining = joinStudents({ first: at('bert'), second: at('ngram'), outputDir: at('refused'), aloneFrom });
    await expect(joining).rejects.toThrow(`alone_from: wanted a number above 0 and below 1, got ${aloneFrom}`);
  });

  test('a certificate names both: with another second student it is about another one', async () => {
    await joinStudents({ first: at('bert'), second: at('bilstm'), outputDir: at('other') });
    const [one, other] = [await studentIdentity(at('bert-ngram'), LABELS), await studentIdentity(at('other'), LABELS)];
    expect([one.precision, one.question.instructions]).toEqual(['int8+float32', 'Which label fits the text?']);
    // Of the one that was asked something.
    expect(other.question.instructions).toBe('Is it so?');
    expect(certificateMismatches(one as never, other).join()).toContain('another artefact (SHA-256)');
  });

  test('files of the second that are of another, or missing, are found', async () => {
    await joinStudents({ first: at('bert'), second: at('ngram'), outputDir: at('broken') });
    rmSync(join(at('broken'), 'manifest.json'));
    rmSync(join(at('broken'), 'second/ngrams.json'));
    await expect(load(at('broken'))).rejects.toThrow('second/: wanted tokenizer.json or vocab.txt, got neither');
  });

  test.each([
    ['turned', 'wanted the labels of the first, ["no","maybe","yes"], got ["yes","maybe","no"]'],
    ['pairs', 'wanted a model whose graph can be joined to another, got one that encodes two texts by themselves'],
    ['bert-ngram', 'wanted one student that retort has exported, got a joined or foreign one'],
    ['nowhere', 'wanted an exported model, a folder or an .onnx file, got nothing of that name'],
  ])('is refused: %s', async (second, says) => {
    const joining = joinStudents({ first: at('bert'), second: at(second), outputDir: at('refused') });
    await expect(joining).rejects.toThrow(says);
  });

  test('is refused: students of two questions, and a folder that holds something', async () => {
    const joining = joinStudents({ first: at('bilstm'), second: at('asked'), outputDir: at('refused') });
    await expect(joining).rejects.toThrow('asked: wanted the question of the first');
    const again = { first: at('bert'), second: at('ngram'), outputDir: at('bert-ngram') };
    await expect(joinStudents(again)).rejects.toThrow('wanted a new or empty folder');
    await expect(joinStudents({ ...again, overwrite: true })).resolves.toMatchObject({ labels: LABELS });
  });
});

describe('retort export --with', () => {
  const run = async (...words: readonly string[]) => {
    const [stdout, stderr] = [memoryStream(), memoryStream()];
    const code = await runCommandLine(['export', at('bert'), '--output_dir', at('line'), ...words], COMMANDS, {
      ...{ stdin: new PassThrough(), stdout, stderr, environment: {} },
      interruption: () => new AbortController().signal,
    });
    return { code, stdout: stdout.text(), stderr: stderr.text() };
  };

  test('says from where on the second answers alone, as its ONNX file does', async () => {
    const { stdout, stderr } = await run('--with', at('ngram'), '--alone_from', '0.9');
    expect([stdout, stderr]).toEqual([expect.stringContaining(`${at('ngram')} alone from 0.9 on`), '']);
    const { metadata } = readModel(readFileSync(join(at('line'), 'model.onnx')), 'line');
    expect(metadata).toMatchObject({ 'retort.kind': 'bert+ngram', 'retort.alone_from': '0.9' });
  });

  test('one student has nobody to answer alone', async () => {
    const { code, stderr } = await run('--alone_from', '0.9');
    expect([code, stderr]).toEqual([2, expect.stringContaining('alone_from: wanted two students, got one')]);
  });
});
