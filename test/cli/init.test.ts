import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Ajv } from 'ajv';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { distillUsage } from '../../src/cli/commands/distill/usage.js';
import { COMMANDS } from '../../src/cli/commands/table.js';
import { configured } from '../../src/cli/config/configured.js';
import { runCommandLine } from '../../src/cli/frame.js';
import { readOptions } from '../../src/cli/options.js';
import { dataTest } from '../setup/data-test.js';
import { memoryStream } from './memory-stream.js';

const root = mkdtempSync(join(tmpdir(), 'retort-init-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;

/** A file in a folder of its own. */
function file(name: string, content: string | Uint8Array): string {
  const folder = join(root, String(count++));
  mkdirSync(folder);
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

async function init(...words: string[]) {
  const [stdout, stderr] = [memoryStream(), memoryStream()];
  const exitCode = await runCommandLine(['init', ...words], COMMANDS, {
    ...{ stdin: new PassThrough(), stdout, stderr, environment: {} },
    interruption: () => new AbortController().signal,
  });
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
}

/** Writes a config for the data, checks it as an editor and as `retort distill` would, and gives what it says. */
async function proposed(data: string, ...flags: string[]) {
  const output = join(mkdtempSync(join(root, 'out-')), 'retort.yaml');
  const { exitCode, stdout, stderr } = await init(data, '--output', output, ...flags);
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  const text = readFileSync(output, 'utf8');
  const schema = JSON.parse(readFileSync(join(dirname(output), 'retort.schema.json'), 'utf8'));
  expect(text).toMatch(/^# yaml-language-server: \$schema=retort\.schema\.json\n/);
  expect(new Ajv({ strict: false }).validate(schema, parse(text))).toBe(true);
  const { raw } = await configured('distill', { flags: new Map(), operands: [output] }, output);
  const { values } = readOptions('retort distill', distillUsage.options, raw);
  // Comments as they were before they were folded.
  const flat = text.replaceAll(/\n *# /g, ' ');
  return { text: flat, lines: text.split('\n'), stdout, config: parse(text), values };
}

const texts = (rows: number, row: (i: number) => string): string =>
  Array.from({ length: rows }, (_, i) => row(i)).join('\n');
const REVIEW = (i: number) => `the film number ${i} was ${i % 3 === 0 ? 'bad' : 'good and long'}`;

describe('retort init', () => {
  // The comment about the labels ended at the line break, and the rest of the label was a key of the config.
  test('a label with line breaks says nothing in the config', async () => {
    const label = (i: number) => `"bad\noutput: stolen${i % 2}\rseed: 7\u001b[31m"`;
    const data = file('rows.csv', `text,label\n${texts(40, (i) => `${REVIEW(i)},${label(i)}`)}\n`);
    const { config, stdout, text } = await proposed(data);
    expect(config).not.toHaveProperty('output', expect.stringContaining('stolen'));
    expect(text).toContain('bad\\noutput: stolen0\\u000dseed: 7\\u001b[31m (20)');
    expect(stdout).not.toMatch(/^output: stolen/mu);
  });

  test('finds the columns, and says why each value was chosen', async () => {
    const path = file(
      'reviews.csv',
      `id,review,stars,date\n${texts(400, (i) => `${i},"${REVIEW(i)}",${(i % 5) + 1},2020`)}\n`,
    );
    const { text, lines, stdout, config, values } = await proposed(path);
    expect(config.task).toMatchObject({
      train: path,
      text: 'review',
      label: 'stars',
      devShare: 0.1,
      metric: 'accuracy',
    });
    expect(text).toContain('Not used: id, date.');
    expect(text).toContain('score instead of label makes it a regression');
    expect(text).toContain('The largest label, 1, has 20 % of the rows');
    // By hand: 360 rows to train on are 12 steps of 32, and 20 epochs at most; 40 dev rows of 2.5 points each.
    expect(text).toContain('240 steps of 32 rows');
    expect(config).not.toHaveProperty('training');
    expect(config.evidence).toEqual({ seeds: 5, controls: ['no-teacher', 'linear'], smallestEffect: 2.5 });
    expect(values).toMatchObject({ data: path, textColumn: 'review', model: 'ngram', teacherEpochs: 20 });
    expect(stdout).toContain('case: own rows alone; use linear n-grams, fitted in seconds');
    expect(stdout).toContain('no gain from the teacher is promised');
    expect(text).toContain('retort train, with --layers 3 for accuracy or --model ngram for microseconds');
    expect(stdout).toContain('400 rows, 5 labels: 1 (80), 2 (80), 3 (80), 4 (80), 5 (80)');
    expect(stdout).toMatch(/^next {5}retort distill .*retort\.yaml --rows 300/m);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(120);
  });

  test('the metric goes by the balance of the labels: a lopsided one has its F1', async () => {
    const path = file(
      'spam.tsv',
      `class\tmessage\n${texts(6_000, (i) => `${i % 8 === 0 ? 'spam' : 'ham'}\tcall me ${i}`)}\n`,
    );
    const { config, text } = await proposed(path);
    expect(config.task).toMatchObject({ text: 'message', label: 'class', metric: 'f1' });
    expect(text).toContain('88 % of the rows are ham');
    // The rarer label comes first: F1, which is of the second one, would be that of the common label.
    const other = file(
      'urgent.tsv',
      `class\tmessage\n${texts(800, (i) => `${i % 8 === 0 ? 'act' : 'wait'}\tcall me ${i}`)}\n`,
    );
    expect((await proposed(other)).config.task.metric).toBe('macro_f1');
  });

  test('pairs, numbers to be predicted, a dev file beside it, and columns that YAML would take for something else', async () => {
    const rows = (size: number) => texts(size, (i) => `"the cat ${i} sat","a cat ${i} sits here",${(i % 50) / 10}`);
    const path = file('train.csv', `premise,hypothesis,"score: 0-5"\n${rows(300)}\n`);
    writeFileSync(join(dirname(path), 'dev.csv'), `premise,hypothesis,"score: 0-5"\n${rows(100)}\n`);
    const { config, values, text } = await proposed(path);
    expect(config.task).toMatchObject({ text: 'premise', pair: 'hypothesis', score: 'score: 0-5', metric: 'pearson' });
    expect(values).toMatchObject({
      pairColumn: 'hypothesis',
      scoreColumn: 'score: 0-5',
      dev: join(dirname(path), 'dev.csv'),
    });
    // By hand: a regression has no classes, so nothing to soften; three arms on five seeds.
    expect(config.evidence.controls).toEqual(['no-teacher', 'linear']);
    expect(config.method).toEqual({ name: 'hinton', alpha: 0.5 });
    expect(text).toContain('15 runs in all');
    expect(text).toContain('case: scores instead of classes');

    const odd = file('odd.csv', `yes,"1,5 # x"\n${texts(200, (i) => `${REVIEW(i)},l${i % 2}`)}\n`);
    expect((await proposed(odd)).config.task).toMatchObject({ text: 'yes', label: '1,5 # x' });
  });

  const pool = (size: number) => texts(size, (i) => `${REVIEW(i)} of all`);

  test('few labels and many texts: the pool is the transfer set, and what it has of the training rows is said', async () => {
    const path = file('labelled.csv', `text,label\n${texts(100, (i) => `${REVIEW(i)},${i % 2}`)}\n`);
    writeFileSync(join(dirname(path), 'pool.txt'), `${pool(500)}\n${REVIEW(1).toUpperCase()}\n`);
    const { config, values, stdout } = await proposed(path, '--transfer', join(dirname(path), 'pool.txt'));
    expect(config.transfer).toEqual({ file: join(dirname(path), 'pool.txt') });
    expect(values).toMatchObject({ model: 'ngram', transfer: join(dirname(path), 'pool.txt'), teacherEpochs: 20 });
    expect(stdout).toMatch(/unlabelled texts: 501 \(.*pool\.txt\), 1 of them training texts too/);
    expect(stdout).toContain('case: few labels (to 2,000) of fewer than 20 classes');
    // Not of 5,452 labelled rows, as it once was.
    expect(stdout.replace(/\s+/g, ' ')).toMatch(/; on [^;]*, 500 labels a run of such a student took \d+ s/);
    expect((await init(path, '--output', join(dirname(path), 'b.yaml'), '--transfer', 'none.txt')).stderr).toMatch(
      /none\.txt: wanted/,
    );
  });

  test('many rows and a pool: a BiLSTM that stops early, n-grams where it would take too long', async () => {
    const path = file('reviews.csv', `text,label\n${texts(22_000, (i) => `${REVIEW(i)},${i % 2}`)}\n`);
    const transfer = join(dirname(path), 'pool.txt');
    writeFileSync(transfer, `${pool(25_000)}\n`);
    const { config, stdout } = await proposed(path, '--transfer', transfer);
    expect(config.student).toEqual({ model: 'bilstm', size: 'tiny' });
    // By hand: 19,800 rows and 25,000 texts are 700 steps of 64, so that 8 epochs have 5,600.
    expect(config.training).toEqual({ epochs: 8, earlyStopping: 2 });
    expect(stdout).toContain('expect a gain over labels alone and over the linear model');
    // The BiLSTM of results/ has 444 µs, the n-grams 79.
    const fast = await proposed(path, '--transfer', transfer, '--latency_us', '100');
    expect(fast.config.student).toEqual({ model: 'ngram', ngrams: [1, 3] });
    expect(fast.config).not.toHaveProperty('training');
  });

  test('short texts of many classes, without a pool: copies with words left out', async () => {
    const path = file('intents.csv', `text,label\n${texts(600, (i) => `${REVIEW(i)},intent ${i % 30}`)}\n`);
    const { config, values } = await proposed(path);
    expect(config.transfer).toEqual({ copies: 2 });
    expect(values).toMatchObject({ transferCopies: 2, charNgrams: '2,4' });
  });

  // SST-2's texts of 7 words at the median counted as long by the longest of them.
  test('texts are short or long by their median', async () => {
    const row = (i: number) => `${REVIEW(i)}${i % 10 === 0 ? ' and more words'.repeat(20) : ''},${i % 30}`;
    const path = file('mixed.csv', `text,label\n${texts(600, row)}\n`);
    expect((await proposed(path)).stdout).toContain('case: own rows alone, short texts');
  });

  test('JSON lines without labels in some rows; duplicates, conflicts and empty texts are counted', async () => {
    const row = (text: string, label?: string) => JSON.stringify({ text, ...(label !== undefined && { label }) });
    const lines = [
      ...Array.from({ length: 60 }, (_, i) => row(REVIEW(i), i % 2 ? 'up' : 'down')),
      row(REVIEW(0).toUpperCase(), 'up'),
      row(`${REVIEW(1)}  `, 'up'),
      row('  ', 'up'),
      row('a b c'),
    ];
    const { stdout, text } = await proposed(file('a.jsonl', lines.join('\n')));
    for (const said of [
      '64 rows',
      'rows without a label: 1',
      'empty texts: 1',
      'duplicate texts: 2',
      'duplicates with another label: 1',
    ]) {
      expect(stdout).toContain(said);
      expect(text).toContain(said);
    }
  });

  test('rows that cannot be read are counted, and left out by the config', async () => {
    const path = file('torn.csv', `text,label\n${texts(100, (i) => `${REVIEW(i)},${i % 2}`)}\none cell\n`);
    const output = join(dirname(path), 'c.yaml');
    const { stderr, exitCode } = await init(path, '--output', output);
    expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/^note: left out .*torn\.csv:102: /)]);
    expect(parse(readFileSync(output, 'utf8')).task.badRows).toBe('skip');
  });

  test('never replaces a config, but a schema of its own', async () => {
    const path = file('reviews.csv', `text,label\n${texts(60, (i) => `${REVIEW(i)},${i % 2}`)}\n`);
    const output = join(dirname(path), 'mine.yaml');
    const schema = join(dirname(path), 'retort.schema.json');
    writeFileSync(output, 'mine');
    const refused = await init(path, '--output', output);
    expect([refused.exitCode, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/mine\.yaml: wanted a new file, .*--overwrite/),
    ]);
    expect([readFileSync(output, 'utf8'), existsSync(schema)]).toEqual(['mine', false]);
    writeFileSync(schema, '{"title": "of somebody else"}');
    expect((await init(path, '--output', join(dirname(path), 'other.yaml'))).stderr).toMatch(
      /retort\.schema\.json: wanted/,
    );
    expect((await init(path, '--output', output, '--overwrite')).exitCode).toBe(0);
    writeFileSync(schema, '{"title": "retort.yaml", "version": "stale-schema"}');
    expect((await init(path, '--output', join(dirname(path), 'other.yaml'))).exitCode).toBe(0);
    expect(readFileSync(schema, 'utf8')).not.toContain('stale-schema');
  });

  test('paths in the config are those from its folder', async () => {
    const path = file('reviews.csv', `text,label\n${texts(60, (i) => `${REVIEW(i)},${i % 2}`)}\n`);
    const before = process.cwd();
    process.chdir(dirname(path));
    try {
      expect((await init('reviews.csv', '--output', 'configs/a.yaml')).exitCode).toBe(0);
      const { raw } = await configured('distill', { flags: new Map(), operands: ['configs/a.yaml'] }, 'configs/a.yaml');
      expect([parse(readFileSync('configs/a.yaml', 'utf8')).task.train, raw.operands]).toEqual([
        '../reviews.csv',
        ['reviews.csv'],
      ]);
    } finally {
      process.chdir(before);
    }
  });

  const body = texts(60, (i) => `${REVIEW(i)},${REVIEW(i + 1)},${i % 2},${i % 3}`);
  test.each<[string, string, string, RegExp]>([
    [
      'two columns of texts',
      'a.csv',
      `title2,body2,label,x\n${body}`,
      /a\.csv: wanted one column of texts, got title2 \(texts of \d words\); body2 .*--text NAME, and --pair NAME/,
    ],
    [
      'two columns of labels',
      'a.csv',
      `text,z,p,q\n${body.replaceAll(/,the [^,]*,/g, ',k,')}`,
      /wanted one column of labels, got .*p \(2 different numbers\); q .*--label NAME, or --score NAME/,
    ],
    [
      'no line of names',
      'a.csv',
      body,
      /a\.csv:1: wanted a header line with the names of the columns, got 'the film number 1 was good and long' as a name; if the file has none, give --header no/,
    ],
    [
      'one column',
      'a.csv',
      `text\n${texts(9, REVIEW)}`,
      /wanted a column of texts and one of labels or scores, got one column, 'text'; .*transfer/,
    ],
    [
      'semicolons',
      'a.csv',
      `text;label\n${texts(9, (i) => `x ${i};1`)}`,
      /a\.csv:1: wanted the separator of the extension .*with ';' in it/,
    ],
    [
      'one label',
      'a.csv',
      `text,label\n${texts(60, (i) => `${REVIEW(i)},same`)}`,
      /wanted one column of labels, got label \(the same in all rows\)/,
    ],
    ['another kind of file', 'a.txt', 'x', /wanted a file that ends with \.csv/],
    [
      'a name twice',
      'a.csv',
      `text,label,text\n${body}`,
      /a\.csv:1: wanted columns with different names, got 'text' twice; rename one/,
    ],
    ['an empty file', 'a.csv', '', /got no column/],
  ])('%s: says what it found and what to do, and writes nothing', async (_what, name, content, message) => {
    const path = file(name, content);
    const output = join(dirname(path), 'retort.yaml');
    const { exitCode, stderr, stdout } = await init(path, '--output', output);
    expect(stderr).toMatch(message);
    expect([exitCode > 0, stdout, existsSync(output)]).toEqual([true, '', false]);
  });

  test('a column of splits and a test split beside the file are proposed; a column split of something else is not', async () => {
    const rows = (split: (i: number) => string) =>
      `text,label,split\n${Array.from({ length: 60 }, (_, i) => `row ${i} of text,${i % 2 ? 'a' : 'b'},${split(i)}\n`).join('')}`;
    const of = async (content: string, ...flags: string[]) => {
      const path = file('a.csv', content);
      writeFileSync(join(dirname(path), 'a-test.csv'), 'text,label\nx,a\n');
      const output = join(dirname(path), 'retort.yaml');
      await init(path, '--output', output, ...flags);
      const { task } = parse(readFileSync(output, 'utf8'));
      return [task.split, task.dev, task.test && basename(task.test)];
    };
    const mixed = rows((i) => ['train', 'train', 'Validation', 'test'][i % 4] ?? '');
    expect(await of(mixed)).toEqual(['split', undefined, undefined]);
    expect(await of(rows((i) => (i % 3 ? 'train' : 'dev')))).toEqual(['split', undefined, 'a-test.csv']);
    expect(
      await of(
        rows((i) => (i % 3 ? 'left' : 'right')),
        '--label',
        'label',
      ),
    ).toEqual(['none', undefined, 'a-test.csv']);
    expect(await of(mixed, '--split', 'none', '--label', 'label')).toEqual(['none', undefined, 'a-test.csv']);
  });

  test('a file without a header, with another separator: the config says so, and is read', async () => {
    const path = file(
      'a.csv',
      texts(60, (i) => `${(i % 2) + 1};t${i};${REVIEW(i)}`),
    );
    writeFileSync(join(dirname(path), 'names.tsv'), '1\tbad\n2\tgood\n');
    const flags = ['--header', 'no', '--delimiter', ';', '--label_names', join(dirname(path), 'names.tsv')];
    const { config, values, stdout } = await proposed(path, ...flags);
    expect(config.task).toMatchObject({ header: false, delimiter: ';', text: 3, label: 1 });
    expect(values).toMatchObject({ header: false, delimiter: ';', textColumn: '3', labelColumn: '1' });
    expect(stdout).toContain('2 labels: bad (30), good (30)');
  });

  // pandas' to_csv() writes its index as a column without a name.
  test('a first column without a name is none of texts or labels', async () => {
    const path = file('a.csv', `,text,label\n${texts(60, (i) => `${i},${REVIEW(i)},${i % 2}`)}\n`);
    const { config, text } = await proposed(path);
    expect(config.task).toMatchObject({ text: 'text', label: 'label' });
    expect(text).toContain('Not used: (no name).');
  });

  test.each([
    ['reviews-train.csv', 'reviews-val.csv'],
    ['reviews_train.csv', 'reviews_trial.csv'],
    ['reviews.csv', 'reviews-dev.csv'],
    ['reviews.csv', 'dev.csv'],
  ])('beside %s is the validation split %s, and a test split is named alone', async (train, dev) => {
    const rows = `text,label\n${texts(60, (i) => `${REVIEW(i)},${i % 2}`)}\n`;
    const path = file(train, rows);
    const test = train.includes('train') ? train.replace('train', 'test') : 'reviews_test.csv';
    for (const name of [dev, test]) writeFileSync(join(dirname(path), name), rows);
    const { values, stdout } = await proposed(path);
    expect(values.dev).toBe(join(dirname(path), dev));
    expect(stdout).toContain(`test split: ${join(dirname(path), test)}`);
  });

  test('the config goes into a folder; a name by which nobody knows a config is refused', async () => {
    const path = file('a.csv', `text,label\n${texts(60, (i) => `${REVIEW(i)},${i % 2}`)}\n`);
    const folder = join(dirname(path), 'configs');
    expect((await init(path, '--output', folder)).stderr).toMatch(
      /--output: wanted a name that ends with \.yaml, or a folder, got '.*configs'; write .*configs\.yaml, or .*configs\/ for a folder/,
    );
    expect((await init(path, '--output', `${folder}/`)).stderr).toBe('');
    expect(existsSync(join(folder, 'retort.yaml'))).toBe(true);
  });

  test('flags say which column is which', async () => {
    const path = file('a.csv', `title2,body2,p,q\n${body}`);
    const { config } = await proposed(path, '--text', 'body2', '--label', 'q');
    expect(config.task).toMatchObject({ text: 'body2', label: 'q' });
    expect((await init(path, '--text', 'bdy2')).stderr).toMatch(
      /--text: wanted a column of .*title2, body2, p, q, got 'bdy2'/,
    );
    expect((await init('sst2', '--text', 'x')).stderr).toMatch(/--text_column: wanted a file, got the data set sst2/);
    expect((await init(path, '--data_dir', 'x')).stderr).toMatch(/--data_dir: wanted the name of a data set/);
  });

  test('--json has the facts and what was proposed', async () => {
    const path = file('a.csv', `text,label\n${texts(60, (i) => `${REVIEW(i)},${i % 2}`)}\n`);
    const { stdout } = await init(path, '--output', join(dirname(path), 'c.yaml'), '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      facts: {
        rows: 60,
        isPair: false,
        labels: [
          { name: '0', rows: 30 },
          { name: '1', rows: 30 },
        ],
      },
      proposed: { task: { text: 'text', label: 'label' }, method: { name: 'hinton' } },
      use: { name: 'own-rows', promisesGain: false },
      badRows: 0,
    });
  });
});

describe('retort init on public data', () => {
  // Witness: the files' own documentation says which column is which.
  dataTest('mrpc', 'MRPC: pairs under odd names, quotes that do not match, a dev file beside it', async (folder) => {
    const { config, stdout } = await proposed(join(folder, 'train.tsv'));
    expect(config.task).toMatchObject({ text: '#1 String', pair: '#2 String', label: 'Quality' });
    expect(config.task.dev).toBe(join(folder, 'dev.tsv'));
    expect(stdout).toContain('3,668 rows of pairs');
  });
  dataTest('banking77', 'BANKING77: 77 labels in a sorted file', async (folder) => {
    const { config, stdout } = await proposed(join(folder, 'train.csv'));
    expect(config.task).toMatchObject({ text: 'text', label: 'category' });
    expect(stdout).toContain('10,003 rows, 77 labels');
  });
  dataTest('imdb', 'IMDB: label and stars, which take turns; texts that are cut', async (folder) => {
    const { config, text } = await proposed(join(folder, 'train.jsonl'));
    expect(config.task).toMatchObject({ text: 'text', label: 'label' });
    // N-grams read whole texts; an encoder would not.
    expect(config.task).not.toHaveProperty('maxLength');
    expect(text).toMatch(/longer ones are truncated[^\n]*\n? *(# )?maxLength: 256/);
  });
  dataTest('cola', 'CoLA has no line of names, and is known by its own', async (folder) => {
    const { stderr } = await init(join(folder, 'train.tsv'), '--output', join(root, 'cola.yaml'));
    expect(stderr).toContain(`retort init cola --data_dir ${folder}`);
    const { config, values } = await proposed('cola', '--data_dir', folder);
    expect(config.task).toMatchObject({ name: 'cola', dir: folder, metric: 'matthews' });
    expect(values).toMatchObject({ data: 'cola', dataDir: folder });
  });
  dataTest('stsb', 'STS-B: a regression by name', async (folder) => {
    const { config } = await proposed('stsb', '--data_dir', folder);
    expect(config.task.metric).toBe('pearson');
  });
});
