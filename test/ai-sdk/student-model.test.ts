import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { DecideOptions, DecideResult } from '../../src/ai-sdk/decision-types.js';
import { retort, type StudentModel } from '../../src/ai-sdk/student-model.js';
import {
  CERTIFICATE_FILE,
  type NewCertificate,
  studentIdentity,
  writeCertificate,
} from '../../src/certificates/certificate.js';
import { OptionError } from '../../src/errors/failures.js';
import { saveOnnx } from '../../src/export/onnx-folder.js';
import { load } from '../../src/inference/load.js';
import { questionOf } from '../../src/options/question.js';
import { loadTokenizer } from '../../src/tokenizers/load-tokenizer.js';
import { temporaryFolder } from '../files/processes.js';
import { LABELS, smallBert, smallPairs, TEXTS, VOCABULARY } from '../inference/text-student.js';

const root = temporaryFolder();
const student = join(root, 'student');
const pairs = join(root, 'pairs');
const instructions = 'Is it so?';
const criteria = { no: null, maybe: 'who knows', yes: 'certainly' };
const question = { type: 'choice', instructions, criteria };
const other = { ...question, instructions: 'Is it not?' };
let scores: readonly number[];
let labels: readonly string[];

const texts = TEXTS.slice(0, 12);
const opened: StudentModel[] = [];
const model = (options: Parameters<typeof retort>[1] = {}, path = student) => {
  const made = retort(path, options);
  opened.push(made);
  return made;
};

beforeAll(async () => {
  writeFileSync(join(root, 'vocab.txt'), VOCABULARY);
  const tokenizer = await loadTokenizer(root);
  const asked = questionOf({ labelNames: LABELS, instructions, criteria });
  await saveOnnx(student, { ...smallBert(), question: asked, tokenizer });
  await saveOnnx(pairs, { ...smallPairs(), readsPairs: true, tokenizer });
  // Witness: the exported student by itself.
  const loaded = await load(student);
  const answers = await loaded.predict(texts, { badRows: 'stop' });
  await loaded.release();
  scores = answers.map(({ score }) => score);
  labels = answers.map(({ label }) => label);
});
beforeEach(() => rmSync(join(student, CERTIFICATE_FILE), { force: true }));
afterAll(() => Promise.all(opened.map((one) => one.release())));

const textState = (text: string): DecideOptions['state'] => [{ type: 'text', text } as { type: 'text' }];
const jsonState = (value: unknown): DecideOptions['state'] => [{ type: 'json', value } as { type: 'json' }];

/** A model that gives all to the first option, and keeps what it was asked. */
function fallbackModel(more: Partial<DecideResult> = {}) {
  const asked: DecideOptions[] = [];
  return {
    asked,
    ...({ specificationVersion: 'v4', provider: 'other', modelId: 'big-1' } as const),
    supportedQuestionTypes: ['choice', 'boolean'],
    doDecide: async (options: DecideOptions): Promise<DecideResult> => {
      asked.push(options);
      const answers = Object.entries(options.questions).map(([id, { type, criteria: given }]) => {
        if (type === 'boolean') return [id, { type, probability: 0.25 }] as const;
        const [first = '', ...rest] = Object.keys(given as object);
        const probabilities = { [first]: 1, ...Object.fromEntries(rest.map((label) => [label, 0])) };
        return [id, { type: 'choice', choice: first, probabilities }] as const;
      });
      return { answers: Object.fromEntries(answers) as DecideResult['answers'], warnings: [], ...more };
    },
  };
}

async function certify(more: Partial<NewCertificate>): Promise<void> {
  await writeCertificate(join(student, CERTIFICATE_FILE), {
    date: '2026-11-29T07:00:00.000Z',
    ...(await studentIdentity(student, LABELS)),
    score: { kind: 'max-probability' },
    truth: { kind: 'teacher', model: 'jev-1.13.0' },
    ...{ risk: { kept: 0.02 }, delta: 0.05, spent: 0.03, students: 1, round: 1 },
    ...{ threshold: 0.5, deferredLabels: [] },
    sample: { rows: 400, kept: 300, wrong: 1, refusals: 2, asked: { all: 402 }, leftOut: {}, isChecked: true },
    coverage: { share: 0.75, low: 0.7, high: 0.8 },
    ...more,
  });
}

const retortOf = ({ providerMetadata }: DecideResult) => providerMetadata?.retort;

describe('retort', () => {
  test('answers its question as the exported student does, in numbers whose sum is 1', async () => {
    const decide = model();
    for (const [i, text] of texts.entries()) {
      const { answers, warnings, usage, rounding } = await decide.doDecide({
        state: textState(text),
        questions: { 'so, or not': question },
      });
      const answer = answers['so, or not'];
      if (answer?.type !== 'choice') throw new Error(`an answer of type ${answer?.type}`);
      const { choice, probabilities = {} } = answer;
      expect(choice).toBe(labels[i]);
      expect(probabilities[choice]).toBeCloseTo(scores[i] as number, 12);
      expect(Object.keys(probabilities)).toEqual(LABELS);
      const sum = Object.values(probabilities).reduce((total, value) => total + value, 0);
      expect(Math.abs(sum - 1)).toBeLessThan(1e-15);
      expect([warnings, usage, rounding]).toEqual([[], { inputTokens: 0, outputTokens: 0 }, undefined]);
    }
    expect(decide).toMatchObject({
      ...{
        specificationVersion: 'v4',
        provider: 'retort',
        modelId: 'student',
        supportedQuestionTypes: ['choice', 'boolean', 'score'],
      },
    });
  });

  test('reads a text in every form that callers send, and two texts of a student of pairs', async () => {
    const decide = model({ textField: 'body' });
    const of = async (state: DecideOptions['state'], by = decide, asked: object = question) =>
      (await by.doDecide({ state, questions: { q: asked as typeof question } })).answers.q;
    const wanted = await of(textState('one\ntwo'));
    expect(await of([...textState('one'), ...textState('two')])).toEqual(wanted);
    expect(await of(jsonState('one\ntwo'))).toEqual(wanted);
    expect(await of(jsonState({ body: 'one\ntwo', id: 7 }))).toEqual(wanted);
    const two = { type: 'choice', criteria: { no: null, maybe: null, yes: null } };
    const loaded = await load(pairs);
    const [answer] = await loaded.predict([['a', 'b']], { badRows: 'stop' });
    await loaded.release();
    expect(await of(jsonState({ first: 'a', second: 'b' }), model({}, pairs), two)).toMatchObject({
      choice: answer?.label,
    });
    await expect(of(jsonState({ title: 'x', id: 7 }))).rejects.toThrow(
      'state: wanted a text, texts, two texts as { first, second }, or an object with the field that textField names, got an object of title, id',
    );
    await expect(of([{ type: 'file' }])).rejects.toThrow('got a part of type "file"');
  });

  test.each([
    ['other instructions', other, 'other instructions'],
    ['another description', { ...question, criteria: { ...criteria, yes: 'perhaps' } }, 'other descriptions'],
    ['another order', { ...question, criteria: { yes: 'certainly', no: null, maybe: 'who knows' } }, 'another order'],
    ['another label', { ...question, criteria: { no: null, yes: 'certainly' } }, 'other labels'],
    ['another type', { type: 'boolean', instructions }, 'one of type boolean'],
  ])('without a fallback %s is an error that names what is served', async (_name, asked, got) => {
    const failed = model().doDecide({ state: textState('x'), questions: { team: asked } });
    await expect(failed).rejects.toThrow(OptionError);
    await expect(failed).rejects.toThrow(
      `question 'team': wanted the question that the student has learnt: {"instructions":"Is it so?","criteria":{"no":null,"maybe":"who knows","yes":"certainly"}}, got`,
    );
    await expect(failed).rejects.toThrow(got);
  });

  test('blanks and line ends are no difference, and an alias is the same question', async () => {
    const alias = {
      instructions: 'Wirklich?',
      criteria: { nein: null, ja: null, eh: null },
      labels: { nein: 'no', ja: 'yes', eh: 'maybe' },
    };
    const decide = model({ aliases: [alias] });
    const { answers } = await decide.doDecide({
      state: textState(texts[0] as string),
      questions: {
        same: { ...question, instructions: ' Is it so?\r\n' },
        alias: { type: 'choice', instructions: 'Wirklich?', criteria: { nein: null, ja: null, eh: null } },
      },
    });
    const [same, other] = [answers.same, answers.alias];
    if (same?.type !== 'choice' || other?.type !== 'choice') throw new Error('no choices');
    expect(Object.keys(other.probabilities ?? {})).toEqual(['nein', 'ja', 'eh']);
    expect(other.probabilities?.ja).toBe(same.probabilities?.yes);
  });

  test('with a certificate it keeps what it may, and the fallback gets the rest as it was asked', async () => {
    const threshold = [...scores].sort((a, b) => a - b)[6] as number;
    await certify({ threshold });
    const fallback = fallbackModel({ rounding: { probabilityDecimals: 2 }, usage: { inputTokens: 9 } });
    const decide = model({ fallback });
    expect(decide.supportedQuestionTypes).toEqual(['choice', 'boolean', 'score']);
    for (const [i, text] of texts.entries()) {
      const isKept = (scores[i] as number) >= threshold;
      const before = fallback.asked.length;
      const result = await decide.doDecide({
        ...{ state: textState(text), questions: { q: question }, headers: { 'x-a': 'b' } },
      });
      expect(fallback.asked.length - before).toBe(isKept ? 0 : 1);
      expect(result.answers.q).toMatchObject({ choice: isKept ? labels[i] : 'no' });
      expect([result.rounding, result.usage]).toEqual(
        isKept ? [undefined, { inputTokens: 0, outputTokens: 0 }] : [{ probabilityDecimals: 2 }, { inputTokens: 9 }],
      );
      expect(retortOf(result)).toMatchObject({
        sources: { q: isKept ? 'student' : 'fallback' },
        ...{ score: scores[i], threshold },
        certificate: { risk: { kept: 0.02 }, delta: 0.05, truth: { kind: 'teacher', model: 'jev-1.13.0' } },
      });
    }
    expect(fallback.asked[0]).toMatchObject({ questions: { q: question }, headers: { 'x-a': 'b' } });
  });

  test('of several questions each is answered by who may', async () => {
    const fallback = fallbackModel();
    const decide = model({ fallback, threshold: 0 });
    const questions = { mine: question, theirs: other, angry: { type: 'boolean', instructions: 'Upset?' } };
    const result = await decide.doDecide({ state: textState(texts[0] as string), questions });
    expect(Object.keys(result.answers)).toEqual(['mine', 'theirs', 'angry']);
    expect(result.answers).toMatchObject({
      ...{ mine: { choice: labels[0] }, theirs: { choice: 'no' }, angry: { probability: 0.25 } },
    });
    expect(fallback.asked.map(({ questions: asked }) => Object.keys(asked))).toEqual([['theirs', 'angry']]);
    expect(retortOf(result)).toEqual({
      sources: { mine: 'student', theirs: 'fallback', angry: 'fallback' },
      ...{ score: scores[0], threshold: 0, certificate: null },
    });
    // A state without a text is the fallback's, too.
    const seen = await decide.doDecide({ state: [{ type: 'file' }], questions: { mine: question } });
    expect(retortOf(seen)?.sources).toEqual({ mine: 'fallback' });
    const box = decide.doDecide({ state: textState('x'), questions: { where: { type: 'box' } } });
    await expect(box).rejects.toThrow(
      "question 'where': wanted a question of the types that big-1 takes: choice, boolean",
    );
  });

  test('a ranker is the score that the certificate is about', async () => {
    const signals = [{ name: 'margin', weight: 2, mean: 0 } as const];
    await certify({
      score: { kind: 'ranker', signals, bias: -1, knownClasses: [null, null, null] },
      threshold: 0.6,
    });
    const decide = model({ fallback: fallbackModel() });
    const alone = model();
    for (const text of texts) {
      const asked = { state: textState(text), questions: { q: question } };
      const { q } = (await alone.doDecide(asked)).answers;
      const [first = 0, second = 0] = Object.values((q?.type === 'choice' && q.probabilities) || {}).sort(
        (a, b) => b - a,
      );
      // By hand: log-odds = 2 · (log p₁ − log p₂) − 1.
      const score = 1 / (1 + Math.exp(1 - 2 * (Math.log(first) - Math.log(second))));
      const own = retortOf(await decide.doDecide(asked));
      expect(own?.score).toBeCloseTo(score, 6);
      expect(own?.sources).toEqual({ q: score >= 0.6 ? 'student' : 'fallback' });
    }
  });

  test('a label that the certificate defers is never kept', async () => {
    const label = labels[0] as string;
    await certify({ threshold: 0, deferredLabels: [label] });
    const fallback = fallbackModel();
    const decide = model({ fallback });
    for (const text of texts) await decide.doDecide({ state: textState(text), questions: { q: question } });
    expect(fallback.asked).toHaveLength(labels.filter((one) => one === label).length);
  });

  test('a cascade without a certificate, or with that of another student, is refused', async () => {
    const fallback = fallbackModel();
    const asked = { state: textState('x'), questions: { q: question } };
    const decide = model({ fallback });
    await expect(decide.doDecide(asked)).rejects.toThrow(
      'wanted certificate.json, which says where the student may answer in the place of the fallback, got none',
    );
    await certify({ artefact: { file: 'model.onnx', sha256: '0'.repeat(64) } });
    await expect(decide.open()).rejects.toThrow('another artefact (SHA-256)');
    const signals = [{ name: 'spread', weight: 1, mean: 0 } as const];
    await certify({ score: { kind: 'ranker', signals, bias: 0, knownClasses: [null, null, null] } });
    await expect(decide.open()).rejects.toThrow("wanted a score of the student alone, got the signal 'spread'");
    // It is looked at again.
    await certify({});
    await decide.open();
    expect(fallback.asked).toHaveLength(0);
  });

  test.each([
    [{ threshold: 0.5 }, 'threshold: wanted a fallback, for what the student does not keep, got none'],
    [{ certificate: 'x' }, 'certificate: wanted a fallback'],
    [{ fallback: fallbackModel(), threshold: 2 }, 'threshold: wanted a number from 0 to 1, got 2'],
    [{ fallback: fallbackModel(), threshold: 1, certificate: 'x' }, 'threshold: wanted that of the certificate'],
  ])('options that do not fit are refused at once', (options, message) => {
    expect(() => retort(student, options)).toThrow(message);
  });

  test('what stops a call stops it, and a released student is opened again', async () => {
    const decide = model();
    const asked = { state: textState('x'), questions: { q: question } };
    await expect(decide.doDecide({ ...asked, abortSignal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    );
    const before = await decide.doDecide(asked);
    await decide.release();
    expect(await decide.doDecide(asked)).toEqual(before);
  });
});
