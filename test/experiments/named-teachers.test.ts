import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { distillUsage } from '../../src/cli/commands/distill/usage.js';
import { readOptions, withFlagNames } from '../../src/cli/options.js';
import { namedEndpoint } from '../../src/experiments/distillation/named-endpoint.js';
import { namedTeachers } from '../../src/experiments/distillation/named-teachers.js';
import { checkStart, startInWords } from '../../src/models/start.js';
import { temporaryFolder } from '../files/processes.js';

const root = temporaryFolder();
mkdirSync(join(root, 'run'));
for (const name of ['a,b.jsonl', 'model.safetensors', 'notes.csv', 'prompt.txt']) {
  writeFileSync(join(root, name), 'Is {text} {labels}?');
}

/** The flags as the command line reads them. */
function flags(given: Readonly<Record<string, string>>) {
  const raw = { flags: new Map(Object.entries(given)), operands: ['reviews.csv'] };
  return readOptions('retort distill', distillUsage.options, raw).values;
}

/** What is thrown, as the command says it. */
function inFlags<T>(run: () => T): T {
  const said = (error: unknown) => {
    throw withFlagNames(error, distillUsage.options);
  };
  try {
    const made = run();
    return made instanceof Promise ? (made.catch(said) as T) : made;
  } catch (error) {
    return said(error);
  }
}

describe('namedTeachers', () => {
  test.each([
    ['minilm-l6', [['minilm-l6', 'model']]],
    ['org/model-v1.5', [['org/model-v1.5', 'model']]],
    [join(root, 'run'), [[join(root, 'run'), 'model']]],
    ['exports/model.onnx', [['exports/model.onnx', 'onnx']]],
    ['answers.PARQUET', [['answers.PARQUET', 'recorded']]],
    [join(root, 'a,b.jsonl'), [[join(root, 'a,b.jsonl'), 'recorded']]],
    [
      'one, two.onnx',
      [
        ['one', 'model'],
        ['two.onnx', 'onnx'],
      ],
    ],
  ])('%s', (teacher, wanted) => {
    expect(namedTeachers(flags({ teacher })).map(({ name, kind }) => [name, kind])).toEqual(wanted);
  });

  test.each([
    [{ teacher: join(root, 'notes.csv') }, /--teacher: wanted a folder or a name .*, got the file .*notes.csv/],
    [{ teacher: join(root, 'model.safetensors') }, 'name its folder'],
    [{ teacher: 'one,' }, 'got an empty name'],
    [
      { teacher: 'one', ensembleOf: 'logits' },
      '--ensemble_of: wanted several teachers, separated by commas, or --teacher_folds, got --teacher one',
    ],
    [{ teacher: 'one,two', teacherEpochs: '2' }, '--teacher_epochs: wanted one teacher that can be trained'],
    [{ teacher: 'a.jsonl', teacherEpochs: '2' }, '--teacher_epochs: wanted one teacher that can be trained'],
    [{ teacher: 'one', teacherLearningRate: '1e-4' }, '--teacher_learning_rate: wanted --teacher_epochs'],
    [{ teacher: 'one', teacherLayerDecay: '0.9' }, '--teacher_layer_decay: wanted --teacher_epochs'],
    [
      { teacher: 'runs/mine', teacherFolds: '5' },
      '--teacher_folds: wanted --teacher_epochs, a teacher that is trained here: one that is trained already may have seen the ' +
        'rows of each fold, got --teacher runs/mine; name the model to train, such as minilm-l6, and give --teacher_epochs, or ' +
        'leave --teacher_folds out',
    ],
    [{ teacher: 'one,two', teacherEpochs: '2', teacherFolds: '5' }, '--teacher_epochs: wanted one teacher that can be'],
    [{ teacher: 'one', teacherTokenizer: 'x' }, '--teacher_tokenizer: wanted an .onnx file'],
    [{ teacher: 'one', teacherUse: 'samples' }, '--teacher_use: wanted recorded outputs'],
    [{ teacher: 'one', maxCost: '2' }, '--max_cost: wanted the URL of a language or decision model'],
    [{ teacher: 'a.jsonl', cacheDir: 'x' }, '--cache_dir: wanted a teacher whose outputs are cached'],
    [{ teacher: 'https://x/v1' }, '--teacher_model: wanted the name of the model at the endpoint, got nothing'],
    [
      { teacher: 'https://x/v1', teacherModel: 'm', maxCost: '2' },
      '--max_cost: wanted prices, to compute the cost, got none',
    ],
    [
      { teacher: 'https://x/v1', teacherModel: 'm', teacherFormat: 'systemone', teacherPrompt: 'What?' },
      '--teacher_prompt: wanted a URL as teacher, with --teacher_format chat, got',
    ],
    [{ teacher: 'one', teacherTerms: 'allowed' }, '--teacher_terms: wanted a URL or recorded outputs as teacher'],
    [{ teacher: 'https://x/v1', teacherModel: 'm', termsDate: '2026-01-01' }, '--terms_date: wanted --teacher_terms'],
    [{ teacher: 'https://x/v1,http://y/v1', teacherModel: 'm' }, 'wanted at most one URL, got 2'],
  ])('%j is refused before any work', (given, message) => {
    expect(() => inFlags(() => namedTeachers(flags(given)))).toThrow(message);
  });
});

describe('namedEndpoint', () => {
  afterEach(() => vi.unstubAllEnvs());
  const ask = (url: string, given: Readonly<Record<string, string>>) =>
    inFlags(() => namedEndpoint(url, flags({ teacher: url, teacherModel: 'm', ...given }), ['negative', 'positive']));

  test('words, prices, a prompt from a file', async () => {
    const found = await ask('http://localhost:1/v1', {
      teacherWords: 'positive=positive|good, negative=bad',
      prices: '0.15,0.6',
      maxCost: '5',
      teacherSamples: '8',
      teacherPrompt: `@${join(root, 'prompt.txt')}`,
    });
    expect(found.options).toEqual({
      url: 'http://localhost:1/v1',
      model: 'm',
      labelNames: ['negative', 'positive'],
      labelWords: { positive: ['positive', 'good'], negative: ['bad'] },
      prices: { input: 0.15, output: 0.6 },
      maxCost: 5,
      samples: 8,
      prompt: 'Is {text} {labels}?',
    });
  });

  test('a question to a decision model, its format, and what its terms are', async () => {
    const given = {
      teacherFormat: 'systemone',
      teacherPath: 'decide',
      teacherInstructions: 'Is it praise?',
      teacherCriteria: '{"positive":"praise","negative":null}',
      teacherConcurrency: '32',
    };
    const found = await ask('http://localhost:1/v1', given);
    expect(found.options).toEqual({
      ...{ url: 'http://localhost:1/v1', path: 'decide', model: 'm', labelNames: ['negative', 'positive'] },
      ...{ instructions: 'Is it praise?', criteria: { positive: 'praise', negative: null }, concurrency: 32 },
    });
    expect(found.terms).toEqual({ status: 'unknown' });
    const said = { ...given, teacherTerms: 'allowed', termsSource: 'its licence', termsDate: '2026-11-28' };
    const own = await ask('http://localhost:1/v1', said);
    expect(own.terms).toEqual({ status: 'allowed', source: 'its licence', date: '2026-11-28' });
    expect(own.options.enforceDistillableText).toBe(false);
    vi.stubEnv('TYPESAFE_API_KEY', 'theirs');
    vi.stubEnv('OPENAI_API_KEY', 'usual');
    const typesafe = await ask('https://api.typesafe.ai/v1', { teacherFormat: 'systemone' });
    expect(typesafe.options.apiKey).toBe('theirs');
    expect(typesafe.terms.status).toBe('forbidden');
    const openai = await ask('https://api.openai.com/v1', { teacherFormat: 'openai-decisions' });
    expect([openai.options.apiKey, openai.terms.status]).toEqual(['usual', 'private-only']);
  });

  test('the key is the one of https, or of a variable that is named', async () => {
    vi.stubEnv('OPENAI_API_KEY', 'usual');
    vi.stubEnv('OTHER', 'other');
    expect((await ask('https://x/v1', {})).options.apiKey).toBe('usual');
    expect((await ask('https://x/v1', { apiKeyEnv: 'OTHER' })).options.apiKey).toBe('other');
    expect((await ask('http://x/v1', { apiKeyEnv: 'OTHER' })).options.apiKey).toBe('other');
    // A key goes over an open line only if that was said.
    expect((await ask('http://x/v1', {})).options).not.toHaveProperty('apiKey');
    expect((await ask('https://x/v1', { apiKeyEnv: 'none' })).options).not.toHaveProperty('apiKey');
  });

  test.each([
    [{ teacherWords: 'positiv=good' }, "--teacher_words: wanted labels of the data: negative, positive, got 'positiv'"],
    [{ teacherWords: 'positive=' }, "--teacher_words: wanted label=word|word, separated by commas, got 'positive='"],
    [
      { prices: '1' },
      "--prices: wanted two numbers ≥ 0, prices of a million input and output tokens, such as 0.15,0.6, got '1'",
    ],
    [{ prices: '1,-2' }, '--prices'],
    [{ teacherPrompt: '@nowhere.txt' }, 'nowhere.txt'],
    [{ teacherCriteria: '{"positive": 3}' }, '--teacher_criteria: wanted labels, each with a description or null'],
    [{ teacherCriteria: 'positive' }, '--teacher_criteria: wanted labels, each with a description or null'],
    [{ teacherTerms: 'allowed', termsDate: 'today' }, "--terms_date: wanted a date such as 2026-11-28, got 'today'"],
    [{ apiKeyEnv: 'NO_SUCH_KEY' }, '--api_key_env: wanted a key in the environment variable NO_SUCH_KEY, got none'],
  ])('%j is refused', async (given, message) => {
    await expect(ask('http://x/v1', given)).rejects.toThrow(message);
  });

  test('https without a key is refused with what to do', async () => {
    vi.stubEnv('OPENAI_API_KEY', '');
    await expect(ask('https://x/v1', {})).rejects.toThrow('or pass none for a server without keys');
  });
});

describe('--from', () => {
  test.each([
    [{ from: undefined, layers: 3 }, 'first 3 layers of minilm-l6'],
    [{ from: 'pretrained', layers: undefined }, 'minilm-l6'],
    [{ from: '1,3,6', layers: undefined }, 'layers 1,3,6 of minilm-l6'],
    [{ from: 'random', layers: 2 }, '2 layers as of minilm-l6, new weights'],
  ])('%j: %s', (given, words) => {
    expect(() => checkStart(given)).not.toThrow();
    expect(startInWords({ model: 'minilm-l6', ...given })).toBe(words);
  });

  test.each([
    [{ from: '1,3', layers: 2 }, '--layers, --from: wanted at most one way to choose the layers'],
    [
      { from: 'scratch', layers: undefined },
      "--from: wanted pretrained, random, or layers counted from 1 such as 1,3,6, got 'scratch'",
    ],
    [{ from: 'teacher', layers: undefined }, 'start from a teacher with retort distill'],
  ])('%j is refused', (given, message) => {
    expect(() => inFlags(() => checkStart(given))).toThrow(message);
  });
});
