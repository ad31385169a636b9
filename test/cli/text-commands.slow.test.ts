import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { load } from '../../src/inference/load.js';
import { openAnyModel } from '../../src/models/any-model.js';
import { saveModel } from '../../src/models/saved-model.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { loadTokenizer } from '../../src/tokenizers/load-tokenizer.js';
import { smallBert, smallPairs, VOCABULARY } from '../inference/text-student.js';
import { type Outcome, retort, retortUntil, workFolder } from './command-line.js';

const root = workFolder();
const path = (...parts: string[]): string => join(root, ...parts);

function mustRun(words: readonly string[], input?: Uint8Array): Outcome {
  const outcome = retort(words, root, input === undefined ? {} : { input });
  if (outcome.code !== 0) throw new Error(outcome.stderr);
  return outcome;
}

function failure(words: readonly string[], input?: Uint8Array): Outcome {
  const outcome = retort(words, root, input === undefined ? {} : { input });
  expect(outcome.stderr.trimEnd().split('\n')).toHaveLength(1);
  return outcome;
}

const linesOf = ({ stdout }: Outcome): string[] => stdout.trimEnd().split('\n');

const TEXTS = ['the film', '', 'the story of a man , and the film', 'no'];
let wanted: string[];

beforeAll(async () => {
  writeFileSync(path('vocab.txt'), VOCABULARY);
  const tokenizerFiles = (await loadTokenizer(root)).files;
  mkdirSync(path('run'));
  await saveModel(path('run', 'last.ckpt'), { ...smallBert(), tokenizerFiles });
  await saveModel(path('pairs'), { ...smallPairs(), tokenizerFiles });
  mustRun(['export', 'run', '--output_dir', 'student']);
  const model = await load(path('student'));
  wanted = (await model.predict(TEXTS, { badRows: 'stop' })).map(({ label, score }) => `${label}\t${score.toFixed(4)}`);
  await model.release();
});

describe('retort export', () => {
  test('onnx: a folder that inference loads; nothing that is there is lost', () => {
    expect(readdirSync(path('student')).sort()).toEqual([
      'config.json',
      'manifest.json',
      'model.onnx',
      'tokenizer.json',
      'vocab.txt',
    ]);
    // What transformers.js asks of a config.json.
    expect(JSON.parse(readFileSync(path('student', 'config.json'), 'utf8'))).toMatchObject({
      model_type: 'bert',
      architectures: ['BertForSequenceClassification'],
      id2label: { 0: 'no', 1: 'maybe', 2: 'yes' },
    });
    expect(failure(['export', 'run', '--output_dir', 'student']).stderr).toMatch(
      /^error: student: wanted a new or empty folder, got one with config.json, manifest.json, model.onnx.*; pass --overwrite/,
    );
    mustRun(['export', 'run', '--output_dir', 'student', '--overwrite']);
    writeFileSync(path('student', 'notes.md'), 'mine');
    expect(failure(['export', 'run', '--output_dir', 'student', '--overwrite']).stderr).toMatch(
      /got one with notes.md/,
    );
    expect(readFileSync(path('student', 'notes.md'), 'utf8')).toBe('mine');
  });

  test('labels are renamed by an export, and an edit of the config says so', () => {
    mustRun(['export', 'run', '--to', 'hf', '--output_dir', 'edited']);
    const config = readFileSync(path('edited', 'config.json'), 'utf8');
    writeFileSync(path('edited', 'config.json'), config.replaceAll('maybe', 'perhaps'));
    const refused = failure(['predict', 'edited', 'the film']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(
      'to rename its labels undo the change, then: retort export MODEL --label_names NAME,NAME,… --output_dir DIR',
    );
    writeFileSync(path('edited', 'config.json'), config);
    for (const to of ['hf', 'onnx']) {
      const words = [
        'export',
        'edited',
        '--to',
        to,
        '--label_names',
        'no,perhaps,yes',
        '--output_dir',
        `renamed-${to}`,
      ];
      expect(mustRun([...words, '--json']).stdout).toContain('"labels":["no","perhaps","yes"]');
      expect(linesOf(mustRun(['predict', `renamed-${to}`, 'the film']))[0]).toBe(
        wanted[0]?.replace('maybe', 'perhaps'),
      );
    }
    for (const names of ['no,yes', 'no,no,yes', 'no,,yes']) {
      const words = ['export', 'run', '--label_names', names, '--output_dir', 'x'];
      expect(failure(words).stderr).toMatch(/--label_names: wanted 3 different names, one for each class/);
    }
  });

  test('hf: the same model comes back; a BiLSTM of pairs is refused, and exported to onnx', async () => {
    mustRun(['export', 'run', '--to', 'hf', '--output_dir', 'hf']);
    const [there, back] = await Promise.all([openAnyModel(path('run')), openAnyModel(path('hf'))]);
    expect(back.contentHash).toBe(there.contentHash);
    expect(back.labelNames).toEqual(there.labelNames);
    const refused = failure(['export', 'pairs', '--to', 'hf', '--output_dir', 'hf2']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/--to hf: .*a bilstm of pairs, whose second texts are an input of their own/);
    const { json } = { json: JSON.parse(mustRun(['export', 'pairs', '--output_dir', 'p', '--json']).stdout) };
    expect(json).toMatchObject({
      kind: 'bilstm',
      format: 'onnx',
      outputDir: 'p',
      bytes: statSync(path('p', 'model.onnx')).size,
    });
  });
});

describe('retort predict --output_file', () => {
  const many = Array.from({ length: 21_000 }, (_, i) => TEXTS[i % TEXTS.length] ?? '');
  const predict = 'predict student many.txt --output_file';

  beforeAll(() => {
    writeFileSync(path('many.txt'), `${many.join('\n')}\n`);
    mustRun([...predict.split(' '), 'whole.tsv']);
  });

  test('has the lines of stdout, as JSON lines too, and says how many', () => {
    const whole = readFileSync(path('whole.tsv'), 'utf8').trimEnd().split('\n');
    expect(whole).toEqual(many.map((_, i) => wanted[i % TEXTS.length]));
    const { stdout } = mustRun([...predict.split(' '), 'whole.jsonl', '--output_format', 'jsonl', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ outputFile: 'whole.jsonl', complete: true, texts: many.length });
    const lines = readFileSync(path('whole.jsonl'), 'utf8').trimEnd().split('\n');
    expect(JSON.parse(lines[20_999] ?? '')).toMatchObject({ row: 21_000, label: wanted[3]?.split('\t')[0] });
    expect(linesOf(mustRun(['predict', 'student', 'no', '--output_format', 'jsonl']))).toEqual([
      lines[3]?.replace('4', '1'),
    ]);
  });

  // Before, in the middle of and after each change to the disk that such a command makes.
  test.each([
    'SIGKILL after open NAME.part 1',
    'SIGKILL before write NAME.part 1',
    'SIGKILL during write NAME.part 1',
    'SIGKILL after write NAME.part 2',
    'SIGKILL before rename NAME.part.json 1',
    'SIGKILL after rename NAME.part.json 1',
    'SIGKILL during write NAME.part 3',
    'SIGKILL after rename NAME.part.json 2',
    'SIGKILL before rename NAME 1',
    'SIGKILL after rename NAME 1',
    'SIGKILL before rm NAME.part.json 1',
  ])('killed by %s and resumed: no line twice, none missing', (point) => {
    const name = `${point.replaceAll(/[^a-z0-9]/gi, '-')}.tsv`;
    expect(retortUntil(point.replace('NAME', name), `${predict} ${name}`, root).code, point).toBeNull();
    const refused = failure([...predict.split(' '), name]);
    expect(refused.stderr).toMatch(/wanted a new file, got one that (was begun|is there)/);
    mustRun([...predict.split(' '), name, '--resume']);
    expect(readFileSync(path(name), 'utf8') === readFileSync(path('whole.tsv'), 'utf8')).toBe(true);
    expect(readdirSync(root).filter((one) => one.startsWith(name))).toEqual([name]);
  });

  test('flags without a file, and no texts, are refused', () => {
    expect(failure(['predict', 'student', 'no', '--resume']).stderr).toContain('--resume: wanted --output_file FILE');
    writeFileSync(path('empty.txt'), '');
    expect(failure(['predict', 'student', 'empty.txt', '--output_file', 'none.tsv']).stderr).toMatch(
      /at least one text/,
    );
    mustRun([...predict.split(' '), 'whole.tsv', '--overwrite']);
  });
});

describe('retort predict', () => {
  test('shows a label that a terminal would obey escaped, on its line and in its column', async () => {
    const tokenizerFiles = (await loadTokenizer(root)).files;
    const label = 'y\u001b[2J\u009b\u202e\n\tno';
    await saveModel(path('hostile'), {
      ...smallBert(),
      labelNames: ['a', 'b', 'c'].map((x) => label + x),
      tokenizerFiles,
    });
    for (const words of [[TEXTS[0] ?? ''], ['lines.txt']]) {
      writeFileSync(path('lines.txt'), 'the film\nno\n');
      const lines = linesOf(mustRun(['predict', 'hostile', ...words]));
      for (const line of lines) expect(line).toMatch(/^y\\u001b\[2J\\u009b\\u202e\\n\\tno[abc]\t[01]\.\d{4}$/);
    }
    const { stdout } = mustRun(['predict', 'hostile', 'no', '--json']);
    expect(stdout).not.toMatch(/[\u0080-\u009f\u202e]/);
    expect(JSON.parse(stdout).label.slice(0, -1)).toBe(label);
  });

  test('one text: label and probability; with --json all of them', () => {
    expect(linesOf(mustRun(['predict', 'student', TEXTS[0] ?? '']))).toEqual([wanted[0]]);
    const { label, score, probabilities } = JSON.parse(
      mustRun(['predict', 'student', TEXTS[0] ?? '', '--json']).stdout,
    );
    expect(`${label}\t${score.toFixed(4)}`).toBe(wanted[0]);
    expect(Object.keys(probabilities)).toEqual(['no', 'maybe', 'yes']);
    expect(Math.max(...Object.values<number>(probabilities))).toBe(score);
  });

  test('lines, tables and standard input, with CRLF and without a last line end, have one answer a row', () => {
    writeFileSync(path('lines.txt'), TEXTS.join('\r\n'));
    writeFileSync(path('rows.csv'), `id,sentence\n${TEXTS.map((text, i) => `${i},"${text}"`).join('\n')}\n`);
    writeFileSync(path('rows.jsonl'), TEXTS.map((review) => JSON.stringify({ review })).join('\n'));
    expect(linesOf(mustRun(['predict', 'student', 'lines.txt']))).toEqual(wanted);
    expect(linesOf(mustRun(['predict', 'student', '-'], Buffer.from(`${TEXTS.join('\n')}\n`)))).toEqual(wanted);
    expect(linesOf(mustRun(['predict', 'student', 'rows.csv']))).toEqual(wanted);
    const rows = linesOf(mustRun(['predict', 'student', '--file', 'rows.jsonl', '--text_column', 'review', '--json']));
    expect(rows.map((line) => JSON.parse(line).row)).toEqual([1, 2, 3, 4]);
    expect(rows.map((line) => JSON.parse(line)).map(({ label, score }) => `${label}\t${score.toFixed(4)}`)).toEqual(
      wanted,
    );
  });

  test('pairs: as two words and as two columns', () => {
    const [one] = linesOf(mustRun(['predict', 'pairs', 'the film', '--pair', 'a man']));
    writeFileSync(path('pairs.csv'), 'text,other\nthe film,a man\n');
    expect(linesOf(mustRun(['predict', 'pairs', 'pairs.csv', '--pair_column', 'other']))).toEqual([one]);
    expect(failure(['predict', 'pairs', 'the film']).stderr).toMatch(/wanted a pair of texts/);
  });

  test('a checkpoint that says what it was trained on is asked for that alone, exported or not', async () => {
    const tokenizerFiles = (await loadTokenizer(root)).files;
    await saveModel(path('trained-on-pairs'), { ...smallBert(), tokenizerFiles, readsPairs: true });
    mustRun(['export', 'trained-on-pairs', '--output_dir', 'exported-pairs']);
    for (const model of ['trained-on-pairs', 'exported-pairs']) {
      const single = failure(['predict', model, 'the film']);
      expect(single).toMatchObject({ code: 2 });
      expect(single.stderr).toMatch(/wanted a pair of texts, since the model reads pairs, got a single text/);
      mustRun(['predict', model, 'the film', '--pair', 'a man']);
    }
  });

  test('an export is made once beside a checkpoint, and never used for other weights', async () => {
    const folder = path('fresh');
    const tokenizerFiles = (await loadTokenizer(root)).files;
    const { model, labelNames } = smallBert();
    const save = (seed: number) =>
      saveModel(folder, { model, weights: initialiseParameters(model.parameters, seed), labelNames, tokenizerFiles });
    await save(1);
    expect(linesOf(mustRun(['predict', 'fresh', TEXTS[0] ?? '']))).toEqual([wanted[0]]);
    const made = statSync(join(folder, 'model.onnx'));
    mustRun(['predict', 'fresh', 'no']);
    expect(statSync(join(folder, 'model.onnx')).mtimeMs).toBe(made.mtimeMs);

    // The export of the old weights, put beside new ones.
    copyFileSync(join(folder, 'model.onnx'), path('old.onnx'));
    await save(2);
    copyFileSync(path('old.onnx'), join(folder, 'model.onnx'));
    const other = linesOf(mustRun(['predict', 'fresh', TEXTS[0] ?? '']));
    expect(other).not.toEqual([wanted[0]]);
    // A torn one is made anew.
    writeFileSync(join(folder, 'model.onnx'), 'torn');
    expect(linesOf(mustRun(['predict', 'fresh', TEXTS[0] ?? '']))).toEqual(other);
    // Weights that were put there by hand are not those of the config.
    copyFileSync(path('run', 'last.ckpt', 'model.safetensors'), join(folder, 'model.safetensors'));
    utimesSync(join(folder, 'model.safetensors'), 1, 1);
    expect(failure(['predict', 'fresh', 'no']).stderr).toMatch(/wanted the weights that config.json was written with/);
  });

  test('a place that takes no file: from memory', async () => {
    const tokenizerFiles = (await loadTokenizer(root)).files;
    await saveModel(path('locked'), { ...smallBert(), tokenizerFiles });
    mkdirSync(path('locked', 'model.onnx'));
    expect(linesOf(mustRun(['predict', 'locked', TEXTS[0] ?? '']))).toEqual([wanted[0]]);
  });

  test.each<[string, readonly string[], RegExp, number, Uint8Array?]>([
    ['no model', ['nothing', 'text'], /wanted a model's folder.*got neither/, 1],
    ['no file', ['student', 'reviews.csv'], /reviews.csv: wanted an existing file/, 1],
    ['no text', ['student'], /wanted a text, a file of texts, or - for standard input, got none/, 2],
    ['an empty stream', ['student', '-'], /wanted at least one text, got none/, 2],
    ['Latin-1', ['student', '-'], /stdin:2: wanted text in UTF-8/, 1, Buffer.from('ok\ncaf\xe9\n', 'latin1')],
    ['a column that is none', ['student', 'rows.csv', '--text_column', 'txt'], /wanted a column 'txt'/, 1],
    ['columns of no table', ['student', 'text', '--text_column', 'x'], /wanted a .csv, .tsv, .jsonl.* file/, 2],
    [
      'a pair to many',
      ['student', 'a', 'b', '--pair', 'c'],
      /--pair: wanted exactly one text beside it, got 2 texts/,
      2,
    ],
    ['too many tokens', ['student', 'a', '--max_length', '50'], /--max_length: wanted .* 40, the model's maximum/, 2],
  ])('%s is one message', (_what, words, message, code, input) => {
    const outcome = failure(['predict', ...words], input);
    expect(outcome.stderr).toMatch(message);
    expect(outcome.code).toBe(code);
  });

  test('a sentence of 1 MB, and one with NUL, have answers', () => {
    const [long] = linesOf(mustRun(['predict', 'student', '-'], Buffer.from('the film '.repeat(120_000))));
    expect(long).toMatch(/^(no|maybe|yes)\t0\.\d{4}$/);
    expect(linesOf(mustRun(['predict', 'student', '-'], Buffer.from('the\0 film\n')))).toEqual([wanted[0]]);
  });
});

describe('a model that is broken for some texts', () => {
  test('is no prediction and no score: one message, exit 1', async () => {
    const { weights, ...rest } = smallBert();
    const words = weights['embeddings.word_embeddings.weight'] as (typeof weights)[string];
    const data = words.data.slice();
    const tokenizer = await loadTokenizer(root);
    const film = tokenizer.encodeRow('film').ids[1] as number;
    data.fill(Number.NaN, film * 16, (film + 1) * 16);
    const broken = { ...weights, 'embeddings.word_embeddings.weight': { ...words, data } };
    await saveModel(path('broken'), { ...rest, weights: broken, tokenizerFiles: tokenizer.files });
    writeFileSync(path('broken.csv'), 'text,label\na man,no\nthe film,yes\n');
    for (const [words, row] of [
      [['predict', 'broken', 'the film'], 1],
      [['predict', 'broken', 'broken.csv'], 2],
      [['evaluate', 'broken', 'broken.csv'], 2],
    ] as const) {
      const { code, stdout, stderr } = failure(words);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(new RegExp(`text ${row}: wanted finite scores, got NaN; the model is broken`));
    }
  });
});

describe('retort evaluate', () => {
  test('figures with intervals, by names of labels and by their numbers', () => {
    const answers = wanted.map((line) => line.split('\t')[0] ?? '');
    // Three of four right: by hand 75 %, and Wilson's interval of 3 of 4 is 30.06 to 95.44.
    const labels = answers.map((label, i) => (i === 3 ? ['no', 'maybe', 'yes'].find((name) => name !== label) : label));
    writeFileSync(path('gold.csv'), `text,label\n${TEXTS.map((text, i) => `"${text}",${labels[i]}`).join('\n')}\n`);
    const numbers = labels.map((label) => ['no', 'maybe', 'yes'].indexOf(label ?? ''));
    writeFileSync(path('numbers.csv'), `text,label\n${TEXTS.map((text, i) => `"${text}",${numbers[i]}`).join('\n')}\n`);
    expect(mustRun(['evaluate', 'student', 'gold.csv']).stdout).toMatch(
      /^accuracy {3}75\.00 {2}\(95 % interval 30\.06 to 95\.44\)\nmacro F1 +\d+\.\d\d .*\nMatthews .*\nrows +4 of gold\.csv\n$/,
    );
    expect(mustRun(['evaluate', 'student', 'gold.csv', '--metric', 'f1']).stdout).toMatch(/^F1 .*\naccuracy /);
    expect(failure(['evaluate', 'student', 'gold.csv', '--metric', 'pearson']).stderr).toMatch(
      /--metric: wanted one of accuracy, f1, .*, got 'pearson'/,
    );
    const { metrics, rows } = JSON.parse(mustRun(['evaluate', 'student', 'numbers.csv', '--json']).stdout);
    expect(rows).toBe(4);
    expect(metrics.accuracy.value).toBe(0.75);
    expect(failure(['evaluate', 'student', 'rows.csv', '--text_column', 'sentence']).stderr).toMatch(/'label'/);
    expect(failure(['evaluate', 'student', 'gold.csv', '--split', 'dev']).stderr).toMatch(
      /--split: wanted the name of/,
    );
    expect(failure(['evaluate', 'student']).stderr).toMatch(/wanted data after the model/);
  });
});
