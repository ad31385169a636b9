import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SECTIONS, TOP_LEVEL } from '../../../src/cli/config/keys.js';
import { readConfig } from '../../../src/cli/config/read-config.js';
import { RetortError } from '../../../src/errors/retort-error.js';
import { METHODS } from '../../../src/methods/table.js';
import { configFile } from './config-file.js';

/** What the options of `retort distill` are set to. */
async function written(text: string): Promise<Record<string, string | true>> {
  const { entries } = await readConfig(configFile(text));
  return Object.fromEntries(entries.map((entry) => [entry.option, entry.written]));
}
const read = (text: string) => readConfig(configFile(text));

describe('readConfig', () => {
  test('the config that users are shown sets the options that the flags would', async () => {
    const { folder, options } = await writtenIn(`
task:     { name: sst2, dir: data/sst2, maxLength: 64, metric: accuracy }
teacher:  { model: minilm-l6, epochs: 3, learningRate: 3e-5 }
student:  { model: minilm-l6, layers: 3, from: pretrained }
method:   { name: pkd, alpha: 0.5, temperature: 10, beta: 100, layerMap: skip }
training: { epochs: 4, learningRate: 5e-5, batchSize: 32, warmup: 0.1 }
transfer: { file: pool.jsonl }
evidence: { seeds: 5, controls: [no-teacher, hard-labels, shuffled-teacher], smallestEffect: 0.5 }
output:   runs/sst2-pkd
machine:  { threads: 2, device: cpu }
`);
    expect(options).toEqual({
      ...{ data: 'sst2', dataDir: join(folder, 'data/sst2'), maxLength: '64', metric: 'accuracy' },
      ...{ teacher: 'minilm-l6', teacherEpochs: '3', teacherLearningRate: '3e-5' },
      ...{ model: 'minilm-l6', layers: '3', from: 'pretrained' },
      ...{ method: 'pkd', alpha: '0.5', temperature: '10', methodOptions: 'beta=100,layerMap=skip' },
      ...{ epochs: '4', learningRate: '5e-5', batchSize: '32', warmup: '0.1' },
      ...{ transfer: join(folder, 'pool.jsonl') },
      ...{ seeds: '5', controls: 'no-teacher,hard-labels,shuffled-teacher', smallestEffect: '0.5' },
      ...{ outputDir: join(folder, 'runs/sst2-pkd'), threads: '2', device: 'cpu' },
    });
  });

  test('paths start at the folder of the config; names do so where there is something of that name', async () => {
    const path = configFile(
      'teacher: [mine, other/model, ./third]\nstudent: { model: minilm-l6, embeddings: glove.txt }\noutput: /tmp/out\n',
    );
    const folder = dirname(path);
    mkdirSync(join(folder, 'mine'));
    writeFileSync(join(folder, 'glove.txt'), 'a 1\n');
    const { entries } = await readConfig(path);
    const values = Object.fromEntries(entries.map((entry) => [entry.option, entry.written]));
    expect(values).toEqual({
      teacher: `${join(folder, 'mine')},other/model,${join(folder, 'third')}`,
      model: 'minilm-l6',
      vocabulary: join(folder, 'glove.txt'),
      outputDir: '/tmp/out',
    });
  });

  test.each<[string, Record<string, string | true>]>([
    ['task: { header: false, text: 2, label: stars }', { header: 'no', textColumn: '2', labelColumn: 'stars' }],
    ['teacher: outputs/teacher', { teacher: 'outputs/teacher' }],
    ['teacher: { models: [a, b], ensembleOf: logits }', { teacher: 'a,b', ensembleOf: 'logits' }],
    [
      'teacher: { url: "http://localhost:8080/v1", name: qwen, prompt: "Which? {text}", samples: 5, prices: [0.1, 0.4], maxCost: 2.5 }',
      {
        ...{ teacher: 'http://localhost:8080/v1', teacherModel: 'qwen', teacherPrompt: 'Which? {text}' },
        ...{ teacherSamples: '5', prices: '0.1,0.4', maxCost: '2.5' },
      },
    ],
    [
      'teacher: { url: "http://x", words: { positive: [good, great], negative: bad } }',
      { teacher: 'http://x', teacherWords: 'positive=good|great,negative=bad' },
    ],
    ['student: { from: [1, 3, 6] }', { from: '1,3,6' }],
    ['student: { from: teacher }', { from: 'teacher' }],
    ['method: tang', { method: 'tang' }],
    ['method: { alpha: 0.9 }', { alpha: '0.9' }],
    [
      'method: { name: pkd, layerMap: "1:4,2:8", normalised: no }',
      { method: 'pkd', methodOptions: 'layerMap=1:4,2:8,normalised=no' },
    ],
    [
      'method: { name: takd, hop: pkd, alpha: 0.7, beta: 100 }',
      { method: 'takd', alpha: '0.7', methodOptions: 'hop=pkd,beta=100' },
    ],
    ['evidence: { controls: no-teacher }', { controls: 'no-teacher' }],
    ['training: { strict: true, limitTrainBatches: 0.25 }', { strict: true, limitTrainBatches: '0.25' }],
    ['training: { strict: false }', {}],
    ['training:\n  # epochs: 3\nmethod:\n', {}],
    ['evidence: { seeds: &e 3 }\ntraining: { epochs: *e }', { seeds: '3', epochs: '3' }],
  ])('%s', async (text, options) => {
    expect(await written(text)).toEqual(options);
  });

  test.each<[string, RegExp]>([
    [
      'task: { train: a.csv }\ntrainng: { epochs: 3 }',
      /yaml:2: wanted one of task, .*got 'trainng'; did you mean training\?/,
    ],
    ['training:\n  epoch: 3', /yaml:2 training: wanted one of epochs, .*got 'epoch'; did you mean epochs\?/],
    ['training: { learning_rate: 3 }', /got 'learning_rate'; did you mean learningRate\?/],
    ['batchSize: 3', /got 'batchSize'; write it under teacher or training/],
    ['training: { alpha: 0.5 }', /got 'alpha'; write it under method/],
    ['training:\n\n  epochs: 0', /yaml:3 training\.epochs: wanted an integer ≥ 1, got '0'/],
    ['training: { epochs: 2.5 }', /training\.epochs: wanted an integer ≥ 1, got '2\.5'/],
    ['training: { epochs: "3" }', /training\.epochs: wanted an integer ≥ 1, got the text '3'/],
    ['training: { epochs: }', /training\.epochs: wanted an integer ≥ 1, got nothing; leave the line out/],
    ['training: { epochs: [3] }', /training\.epochs: wanted an integer ≥ 1, got a list/],
    ['training: { warmup: 1.5 }', /training\.warmup: wanted a number from 0 to 1, got '1\.5'/],
    ['training: { learningRate: .inf }', /training\.learningRate: wanted a number > 0, got '\.inf'/],
    ['training: { strict: yes }', /training\.strict: wanted true or false, got the text 'yes'/],
    ['training: { schedule: lineal }', /training\.schedule: wanted one of constant, .*got 'lineal'/],
    ['training: 3', /yaml:1 training: wanted keys such as epochs, .*got '3'/],
    ['student: [a]', /yaml:1 student: wanted keys such as model, .*got a list/],
    ['task: { name: sst3 }', /task\.name: wanted one of sst2, .*got 'sst3'; did you mean sst2\?/],
    ['task:\n  name: sst2\n  train: a.csv', /yaml:3 task\.train: wanted one of name, train, got name too; keep one/],
    ['task: { train: 1 }', /task\.train: wanted a path, got the number 1; write '1' in quotes/],
    ['task: { train: a.csv, header: no }', /task\.header: wanted true or false, got the text 'no'/],
    ['task: { train: "" }', /task\.train: wanted a path, got ''/],
    [
      'teacher: { model: a, recorded: b.jsonl }',
      /teacher\.recorded: wanted one of model, models, recorded, url, got model/,
    ],
    ['teacher: [a, [b]]', /teacher: wanted names or numbers without commas, got a list/],
    ['teacher: []', /teacher: wanted a list of names or paths, got an empty list/],
    ['teacher: { words: { a: "b,c" } }', /teacher\.words: wanted label words without , = and \|, got 'b,c' for a/],
    ['teacher: { prices: 3 }', /teacher\.prices: wanted a list of numbers, got '3'/],
    ['method: hintn', /yaml:1 method: wanted one of hinton, .*got 'hintn'; did you mean hinton\?/],
    ['method:\n  name: hinton\n  beta: 3', /yaml:3 method hinton: wanted one of alpha, .*got 'beta'/],
    ['method: { name: takd, beta: 100 }', /method takd: wanted one of .*anneal.*, got 'beta'/],
    ['method: { name: takd, hop: pkd, beta: -3 }', /method\.beta: wanted a number ≥ 0, got '-3'/],
    ['method: { name: takd, hop: tinybert }', /method\.hop: wanted one of hinton, .*got 'tinybert'/],
    ['method: { name: pkd, beta: -3 }', /method\.beta: wanted a number ≥ 0, got '-3'/],
    ['method: { name: pkd, normalised: true }', /method\.normalised: wanted one of yes, no, got 'true'/],
    ['method: { name: pkd, alpha: high }', /method\.alpha: wanted a number from 0 to 1, got 'high'/],
    ['method: [hinton]', /method: wanted a name, or a name with options, got a list/],
    ['output: { dir: x }', /yaml:1 output: wanted a path, got keys with values/],
    ['- task', /yaml:1: wanted sections such as task, .*got a list; retort init DATA/],
    ['# nothing', /yaml: wanted sections such as task, .*got an empty file; retort init DATA/],
  ])('%j is refused: one line with place, wanted, got, fix', async (text, message) => {
    const error: unknown = await read(text).catch((failure: unknown) => failure);
    if (!(error instanceof RetortError)) throw new Error('not refused');
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('\n');
    expect(error.exitCode).toBe(2);
  });

  test('whatever a file holds, it is read or refused by an error of ours', async () => {
    const word = fc.constantFrom(
      ...Object.keys(TOP_LEVEL),
      ...Object.values(SECTIONS).flatMap((keys) => Object.keys(keys)),
      ...Object.keys(METHODS),
      ...[
        ': ',
        '\n',
        '\n  ',
        '{ ',
        ' }',
        '[',
        ']',
        ', ',
        '- ',
        '&a ',
        '*a',
        '"',
        "'",
        '#',
        '3',
        '0.5',
        '-1',
        'true',
        '~',
        '\t',
        '? ',
        '|',
        '>',
        '%',
        '!!str ',
        '<<',
      ],
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof({ weight: 9, arbitrary: word }, fc.string()), { maxLength: 30 }),
        async (parts) => {
          try {
            await read(parts.join(''));
          } catch (error) {
            if (!(error instanceof RetortError)) throw error;
            expect(error.message).toContain('.yaml');
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

async function writtenIn(text: string) {
  const path = configFile(text);
  const { entries } = await readConfig(path);
  return { folder: dirname(path), options: Object.fromEntries(entries.map((entry) => [entry.option, entry.written])) };
}
