import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands/table.js';
import { runCommandLine } from '../../../src/cli/frame.js';
import { textTable } from '../../../src/data/text-table.js';
import { type AskOptions, ask, planAsking } from '../../../src/experiments/asking/ask-texts.js';
import { termsOfRecorded } from '../../../src/experiments/asking/asked-summary.js';
import { drawnExamples } from '../../../src/experiments/distillation/few-shot.js';
import { recordedLabels, recordedTeacher } from '../../../src/teachers/recorded-teacher.js';
import { memoryStream } from '../../cli/memory-stream.js';
import { temporaryFolder } from '../../files/processes.js';
import { completion, mockServer, type Said } from '../../outside/asking/endpoint-server.js';
import { expectNear, textData, tokenizerIn } from '../../teachers/text-models.js';

const root = temporaryFolder();
const path = (name: string): string => join(root, name);
const texts = Array.from({ length: 24 }, (_, i) => `text ${i + 1}`);
writeFileSync(
  path('texts.csv'),
  `text,team\n${texts.map((text, i) => `${text},${i % 2 ? 'tech' : 'billing'}`).join('\n')}\n`,
);
let files = 0;
const quick = () => ({ data: path('texts.csv'), teacherModel: 'm', outputFile: path(`out-${++files}.jsonl`) });
const lines = (file: string) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

type Asked = { readonly state?: string; readonly input?: string; readonly questions: never; readonly messages: never };
const criteria = { billing: 'money', tech: null };

/** Each format in its own words, of the same beliefs: 0.75 on billing, but for text 3, which the last one refuses. */
const FORMATS: Readonly<Record<string, (asked: Asked) => Said>> = {
  chat: () => completion(['A'], { A: Math.log(0.75), B: Math.log(0.25) }),
  systemone: () => ({
    model: 'jev-1.13.0',
    answers: {
      label: { type: 'choice', choice: 'billing', probabilities: { tech: 0.25, billing: 0.75 }, confidence: 0.5 },
    },
    usage: { input_tokens: 30, output_tokens: 2 },
  }),
  'openai-decisions': ({ input }) => ({
    model: 'gpt-6-luna',
    answers: [
      JSON.stringify(input).includes('text 3"')
        ? { type: 'refusal', name: 'label' }
        : {
            type: 'choice',
            name: 'label',
            choice: 'billing',
            confidence: 0.5,
            probabilities: [
              { value: 'tech', probability: 0.25 },
              { value: 'billing', probability: 0.75 },
            ],
          },
    ],
    usage: { input_tokens: 9, output_tokens: 0, total_tokens: 9 },
  }),
};

describe('ask', () => {
  test.each(Object.entries(FORMATS))(
    '%s: criteria are the labels, and the file has what was said',
    async (format, say) => {
      const server = await mockServer((request) => say(request as unknown as Asked));
      const teacherFormat = format as NonNullable<AskOptions['teacherFormat']>;
      const options = { ...quick(), teacher: server.url, teacherFormat, teacherCriteria: JSON.stringify(criteria) };
      const asked = await ask({ ...options, check: 4 });
      const refused = format === 'openai-decisions' ? 1 : 0;
      expect(asked).toMatchObject({ labels: ['billing', 'tech'], texts: 24, refused, predicted: [24 - refused, 0] });
      expect(asked.check?.again).toMatchObject({ flips: 0 });
      // The chat model says A to whatever is first.
      expect(asked.check?.orders[0]?.flips).toBe(format === 'chat' ? 4 : 0);
      expect(lines(options.outputFile).filter((line) => line.refused)).toHaveLength(refused);
      expect(await recordedLabels(options.outputFile)).toEqual(['billing', 'tech']);
      const teacher = await recordedTeacher(options.outputFile, { labelNames: ['billing', 'tech'] });
      // What was asked, in the form in which a student keeps it.
      expect(teacher.question).toEqual({
        type: 'choice',
        instructions: 'Which label fits the text?',
        criteria: [
          ['billing', 'money'],
          ['tech', null],
        ],
      });
      const tokenizer = await tokenizerIn(path('tokenizer'));
      const answers = await teacher.answer(textData(texts, tokenizer, { labelNames: ['billing', 'tech'] }), ['logits']);
      const { logits } = answers.batch([0], 1);
      expectNear(Array.from(logits?.data as Float32Array, Math.exp), [0.75, 0.25], 6);
    },
  );

  test('labelled rows are shown first, each label in turn, and not compared with', async () => {
    const server = await mockServer(() => completion(['tech'], { tech: Math.log(0.9), billing: Math.log(0.1) }));
    const options = { ...quick(), teacher: server.url, labelColumn: 'team', teacherExamples: 4 };
    const { prompt } = await planAsking(options);
    expect(prompt.match(/^Label: (billing|tech)$/gmu)?.sort()).toEqual([
      'Label: billing',
      'Label: billing',
      'Label: tech',
      'Label: tech',
    ]);
    const { known, texts: count } = await ask(options);
    // By hand: of 24 rows 4 were shown, half of the others are of either label.
    expect([count, known?.rows, known?.right]).toEqual([24, 20, 10]);
  });

  test('known labels may be numbers that a file names', async () => {
    writeFileSync(path('numbers.csv'), `text,team\n${texts.map((text, i) => `${text},${i % 2}`).join('\n')}\n`);
    writeFileSync(path('teams.tsv'), '0\tbilling\n1\ttech\n');
    const server = await mockServer(() => completion(['tech'], { tech: Math.log(0.9), billing: Math.log(0.1) }));
    const options = { ...quick(), data: path('numbers.csv'), teacher: server.url, labelNames: path('teams.tsv') };
    await expect(ask(options)).rejects.toThrow(
      'labelNames: wanted a column of labels that it names, labelColumn, got none',
    );
    const { known } = await ask({ ...options, labelColumn: 'team' });
    expect([known?.rows, known?.right]).toEqual([24, 12]);
    expect(await recordedLabels(options.outputFile)).toEqual(['billing', 'tech']);
  });

  test('the spending limit is not passed with requests under way, and the same call goes on when it is raised', async () => {
    const server = await mockServer(() => completion(['tech'], { tech: -0.1 }));
    const options = { ...quick(), teacher: server.url, labels: 'billing,tech', prices: '1000,1000' };
    // A reply costs 0.051, and may have cost more.
    await expect(ask({ ...options, maxCost: 0.8 })).rejects.toThrow('wanted a cost of at most 0.8');
    const before = server.asked.length;
    expect(before * 0.051).toBeLessThanOrEqual(0.8);
    const { report, terms } = await ask({
      ...options,
      maxCost: 100,
      teacherTerms: 'private-only',
      termsSource: 'a page',
    });
    // What a distillation from the file reads of it.
    expect(terms).toEqual({ status: 'private-only', source: 'a page' });
    expect(await termsOfRecorded(options.outputFile)).toEqual(terms);
    writeFileSync(`${options.outputFile}.summary.json`, '{"terms": {"status": "fine"}}');
    expect(await termsOfRecorded(options.outputFile)).toBeUndefined();
    expect(await termsOfRecorded(`${options.outputFile}.other`)).toBeUndefined();
    expect([server.asked.length, report.cost]).toEqual([24, expect.closeTo(24 * 0.051, 9)]);
  });

  test('a retort.yaml names data, teacher, question and descriptions', async () => {
    writeFileSync(
      path('retort.yaml'),
      'task: { train: texts.csv }\nteacher:\n  url: http://127.0.0.1:1/v1\n  name: m\n  instructions: Which team?\n' +
        '  criteria:\n    billing: money\n    tech:\nstudent: { model: ngram }\n',
    );
    const [stdout, stderr] = [memoryStream(), memoryStream()];
    const code = await runCommandLine(['ask', path('retort.yaml'), '--show_prompt'], COMMANDS, {
      ...{ stdin: new PassThrough(), stdout, stderr, environment: {} },
      interruption: () => new AbortController().signal,
    });
    expect(code, stderr.text()).toBe(0);
    expect(stdout.text()).toContain('Which team? These are the labels');
    expect(stdout.text()).toContain('\nA  billing: money\nB  tech\n');
  });
});

describe('drawnExamples', () => {
  const table = textTable('rows', {
    texts: ['One  ', 'two', 'three', 'four'],
    labels: [0, 0, 1, 1],
    labelNames: ['a', 'b'],
  });
  const scored = [textTable('dev', { texts: ['one'] })];

  test('no row whose content is scored, whatever its case and blanks', () => {
    const { examples, isShown } = drawnExamples(table, ['a', 'b'], { count: 3, seed: 1, scored });
    expect(examples.map(({ label }) => label)).toEqual(['a', 'b', 'b']);
    expect(examples[0]).toEqual({ text: 'two', label: 'a' });
    expect([isShown(textTable('test', { texts: ['TWO', 'one'] }), 0), isShown(table, 0)]).toEqual([true, false]);
  });

  test('too few are refused', () => {
    expect(() => drawnExamples(table, ['a', 'b'], { count: 4, seed: 1, scored })).toThrow(
      'teacherExamples: wanted 4 rows of rows with a label, which are not scored, got 3; show fewer',
    );
  });
});
