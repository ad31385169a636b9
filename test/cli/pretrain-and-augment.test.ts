import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/table.js';
import { runCommandLine } from '../../src/cli/frame.js';
import { type Outcome, wordsOf, workFolder } from './command-line.js';
import { memoryStream } from './memory-stream.js';
import { writePieceEncoder } from './piece-encoder.js';
import { writeReviews } from './small-text-data.js';

const root = workFolder();
const path = (...parts: string[]): string => join(root, ...parts);

/** The command line in this process, `@NAME` being a path in the test's folder. */
async function run(line: string): Promise<Outcome> {
  const [stdout, stderr] = [memoryStream(), memoryStream()];
  const words = wordsOf(line).map((word) => (word.startsWith('@') ? path(word.slice(1)) : word));
  const code = await runCommandLine(words, COMMANDS, {
    stdin: new PassThrough(),
    stdout,
    stderr,
    environment: {},
    interruption: () => new AbortController().signal,
  });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}
async function resultOf(line: string) {
  const { code, stdout, stderr } = await run(`${line} --threads 1 --json --quiet`);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

beforeAll(async () => {
  await writePieceEncoder(root);
  writeReviews(root, 'reviews.csv', 400);
  writeFileSync(path('notes.txt'), 'a very good film\nthe plot , the end\n');
  writeFileSync(path('lexicon.tsv'), 'good\t3\tADJ:3\nbad\t1\tADJ:1\nfilm\t2\tNOUN:2\nplot\t2\tNOUN\n');
});

describe('retort pretrain', () => {
  test('texts of several files, then a classifier that starts from the run, and a shorter one', async () => {
    const pretrain = 'pretrain @reviews.csv @notes.txt --text review --model @encoder --epochs 2 --learning_rate 3e-3';
    const result = await resultOf(`${pretrain} --output_dir @pre`);
    expect(result).toMatchObject({ status: 'finished', outputDir: path('pre'), model: path('pre/last.ckpt') });
    // 402 texts, of which a twentieth is set aside.
    expect([result.train.rows, result.dev.rows]).toEqual([382, 20]);
    expect(Object.keys(result.metrics)).toEqual(['accuracy', 'loss', 'perplexity']);
    expect(result.metrics.loss).toBeLessThan(result.before.loss);
    const config = JSON.parse(readFileSync(path('pre/last.ckpt/config.json'), 'utf8'));
    expect(config.model.config.head).toBe('masked-lm');
    const train = 'train @reviews.csv --text review --label stars --model @pre --max_steps 1 --output_dir';
    const whole = await resultOf(`${train} @whole`);
    const short = await resultOf(`${train} @short --layers 1`);
    expect(whole.labels).toEqual(['five', 'one']);
    // A layer: four times 16 x 16, 16 x 24 and back, their biases, two norms.
    expect(whole.parameters - short.parameters).toBe(4 * (256 + 16) + (384 + 24) + (384 + 16) + 4 * 16);
    // Its own run is a model too.
    expect((await resultOf('pretrain @notes.txt --model @pre --max_steps 1 --output_dir @more')).steps).toBe(1);
  });

  test('what it cannot use is named', async () => {
    const wrong = async (line: string) => (await run(line)).stderr;
    expect(await wrong('pretrain @notes.txt --model @encoder --max_length 99 --output_dir @x')).toContain(
      "--max_length: wanted at most 40 tokens, this model's maximum, got 99",
    );
    expect(await wrong('pretrain sst2 --text review --output_dir @x')).toContain(
      '--text_column: wanted a file with columns, got sst2; leave it out',
    );
    expect(await wrong('pretrain @notes.txt --dev @notes.txt --dev_share 0.1 --output_dir @x')).toContain(
      'only one of them',
    );
    expect(existsSync(path('x'))).toBe(false);
  });
});

describe('retort pretrain --teacher', () => {
  const STUDENT = 'pretrain @reviews.csv --text review --teacher @pre --model @pre --layers 1 --learning_rate 3e-3';
  type Epochs = readonly { readonly losses: Readonly<Record<string, number>> }[];
  const epochsOf = (folder: string): Epochs => JSON.parse(readFileSync(path(folder, 'metrics.json'), 'utf8')).epochs;
  const methodOf = (folder: string) => JSON.parse(readFileSync(path(folder, 'last.ckpt/config.json'), 'utf8')).method;

  test.each(['masked', 'all'])('a student of one layer by DistilBERT’s triple loss, answers at %s', async (at) => {
    const result = await resultOf(`${STUDENT} --epochs 2 --answers_at ${at} --output_dir @taught-${at}`);
    expect(result.metrics.loss).toBeLessThan(result.before.loss);
    const [first, last] = epochsOf(`taught-${at}`);
    expect(Object.keys(first?.losses ?? {})).toEqual(['soft', 'hard', 'cosine']);
    expect(last?.losses.soft as number).toBeLessThan(first?.losses.soft as number);
    expect(methodOf(`taught-${at}`)).toMatchObject({ name: 'distilbert', options: { stage: 'distillation' } });
  });

  test('then, the paper’s way, soft labels on a pool and the labels at the end, by well-read', async () => {
    const distill = 'distill @reviews.csv --text review --label stars --teacher @whole --transfer @notes.txt';
    const well = '--model @taught-masked --method well-read --method_options stage=both --epochs 2 --max_steps 40';
    const result = await resultOf(`${distill} ${well} --controls no-teacher --seeds 1 --output_dir @well`);
    expect(result.arms.map(({ name }: { name: string }) => name)).toEqual(['well-read', 'no-teacher']);
    const stage = (name: string) =>
      epochsOf(`well/runs/well-read-1/${name}`).flatMap(({ losses }) => Object.keys(losses));
    expect(new Set(stage('phase-1-distillation'))).toEqual(new Set(['soft']));
    expect(new Set(stage('phase-2-fine-tuning'))).toEqual(new Set(['hard']));
  });

  test.each([
    ['minilm', ['queries', 'keys', 'values']],
    ['tinybert', ['embedding', 'hidden', 'attention']],
  ])(
    '%s matches layers of any encoder; the head that it leaves untrained is not taken for one',
    async (method, terms) => {
      const line = `${STUDENT.replace('@pre', '@encoder')} --from random --method ${method} --epochs 2 --output_dir @${method}`;
      const result = await resultOf(line);
      expect([result.train.rows, result.dev, result.metrics]).toEqual([400, null, {}]);
      const [first, last] = epochsOf(method);
      expect(Object.keys(first?.losses ?? {})).toEqual(terms);
      for (const term of terms) expect(last?.losses[term] as number, term).toBeLessThan(first?.losses[term] as number);
      const asked = await run(
        `augment @reviews.csv --text review --method mlm --model @${method} --output_file @no.jsonl`,
      );
      expect(asked.stderr).toMatch(
        /--model: wanted a model with a trained masked-language-model head, got .*, whose head was not trained/,
      );
    },
  );

  test('what cannot teach is named before anything is written', async () => {
    cpSync(path('encoder'), path('cased'), { recursive: true });
    const tokenizer = readFileSync(path('cased/tokenizer.json'), 'utf8');
    const cased = tokenizer.replace(/"lowercase":\s*true/, '"lowercase":false');
    expect(cased).not.toBe(tokenizer);
    writeFileSync(path('cased/tokenizer.json'), cased);
    rmSync(path('cased/manifest.json'));
    const wrong = async (flags: string) =>
      (await run(`pretrain @notes.txt --model @pre --output_dir @x ${flags}`)).stderr;
    expect(await wrong('--method minilm')).toContain('--method: wanted a teacher, got none; leave it out');
    expect(await wrong('--answers_at all')).toContain('--answers_at: wanted a teacher');
    expect(await wrong('--teacher @pre --method_options stage=both')).toContain(
      '--method_options: wanted stage=distillation, the only one without labels of a task, got stage=both',
    );
    expect(await wrong('--teacher @pre --method_options softWeight=0,cosineWeight=0')).toContain(
      "wanted something of method 'distilbert' for the teacher to teach",
    );
    expect(await wrong('--teacher @pre --method tinybert --dev @notes.txt')).toContain(
      "--dev: wanted a method whose predictions of masked tokens can be scored: 'tinybert' compares layers",
    );
    expect(await wrong('--teacher @encoder')).toMatch(
      /--teacher: wanted a model with a trained masked-language-model head, got .*encoder, which has no such head/,
    );
    expect(await wrong('--teacher @cased --method minilm')).toMatch(
      /teacher .*cased: wanted a teacher with the student's own tokenizer/,
    );
    expect(existsSync(path('x'))).toBe(false);
  });
});

describe('retort augment', () => {
  const TANG =
    'augment @reviews.csv --text review --copies 5 --lexicon @lexicon.tsv --rows 60 --output_file @pool.jsonl';

  test('writes texts with the row that each is made of; again it does nothing, with other flags it refuses', async () => {
    const made = await resultOf(TANG);
    const lines = readFileSync(path('pool.jsonl'), 'utf8').trimEnd().split('\n');
    expect(made).toMatchObject({ status: 'made', method: 'tang', rows: 60, texts: lines.length });
    expect(Object.keys(JSON.parse(lines[0] ?? ''))).toEqual(['id', 'from', 'text']);
    expect((await run(TANG)).stdout).toContain('made already from the same inputs');
    const other = await run(`${TANG} --seed 7`);
    expect(other.stderr).toContain('wanted a new file or a finished pool of the same texts, got one with another seed');
    expect(other.code).toBe(1);
  });

  test('by a masked language model that retort pretrain trained', async () => {
    const mlm = 'augment @reviews.csv --text review --rows 20 --method mlm --model @pre --copies 4 --output_file';
    const made = await resultOf(`${mlm} @mlm.jsonl`);
    expect(made.texts).toBeGreaterThan(20);
  });

  test('flags of another method, and what is missing, are named', async () => {
    const wrong = async (flags: string) => (await run(`augment @reviews.csv --text review ${flags}`)).stderr;
    expect(await wrong('--method masking --lexicon @lexicon.tsv')).toContain(
      '--lexicon: wanted method tang or pos, got --method masking; leave it out',
    );
    expect(await wrong('--output_file @y')).toContain('--pos_rate: wanted a lexicon, got none');
    expect(await wrong('--method mlm')).toContain('--model: wanted a masked language model for method mlm');
    expect(await wrong('--method mlm --model @encoder')).toMatch(
      /which has no such head; train it: retort pretrain TEXTS --model .*encoder/,
    );
  });
});
