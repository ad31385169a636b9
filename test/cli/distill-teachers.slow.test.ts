/** @file `retort distill` with each kind of teacher, and what a student starts from. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeSafetensors } from '../../src/tensor/safetensors.js';
import { completion, mockServer, textOf } from '../outside/asking/endpoint-server.js';
import { type Outcome, retort, wordsOf, workFolder } from './command-line.js';
import { writeReviews, writeSmallEncoder } from './small-text-data.js';

const root = workFolder();
const DATA = 'reviews.csv --text review --label stars --dev dev.csv';
const REVIEWS = `${DATA} --model encoder --threads 1`;
/** One arm and its control, of a few steps. */
const QUICK = `--seeds 1 --controls no-teacher --max_steps 4 --learning_rate 3e-3 --json`;
const HINTON = `distill ${REVIEWS} --layers 1 ${QUICK}`;

const train = { texts: [] as readonly string[], stars: [] as readonly string[] };

beforeAll(async () => {
  await writeSmallEncoder(root);
  const table = writeReviews(root, 'reviews.csv', 200);
  writeReviews(root, 'dev.csv', 80, 2);
  train.texts = table.texts;
  train.stars = Array.from(table.labels ?? [], (label) => (label === 1 ? 'five' : 'one'));
  for (const seed of [1, 2]) {
    const flags = `--epochs 3 --learning_rate 3e-3 --seed ${seed} --output_dir teacher-${seed}`;
    const trained = retort(`train ${REVIEWS} ${flags}`, root);
    if (trained.code !== 0) throw new Error(trained.stderr);
  }
  const exported = retort('export teacher-1 --to onnx --output_dir onnx', root);
  if (exported.code !== 0) throw new Error(exported.stderr);
});

/** The result of a run that has to end well. */
function done(line: string, outcome: Outcome = retort(line, root)) {
  expect(outcome.code, outcome.stderr).toBe(0);
  return { ...outcome, json: JSON.parse(outcome.stdout) };
}

/** Beside this process, which answers its requests. */
function retortBeside(line: string): Promise<Outcome> {
  const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
  const child = spawn(process.execPath, [main, ...wordsOf(line)], { cwd: root, env: { PATH: process.env.PATH } });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name].on('data', (chunk) => (said[name] += chunk));
  return new Promise((end) => child.on('close', (code) => end({ code, ...said })));
}

const weightsOf = (path: string) =>
  decodeSafetensors(readFileSync(join(root, path, 'last.ckpt', 'model.safetensors')), path).tensors;

describe('retort distill', () => {
  test('an ONNX file teaches what the run teaches that it was exported from', () => {
    const run = done(`${HINTON} --teacher teacher-1 --output_dir by-run`).json;
    const onnx = done(`${HINTON} --teacher onnx/model.onnx --output_dir by-onnx`).json;
    expect(onnx.teacher).toMatchObject({ name: 'onnx/model.onnx', score: run.teacher.score });
    // A text that is there twice has one output.
    expect(onnx.teacher.training).toMatchObject({ rows: 200, score: run.teacher.training.score });
    // The same logits but for rounding: four steps from them end within a row or two of each other.
    expect(Math.abs(onnx.arms[0].scores[0] - run.arms[0].scores[0])).toBeLessThanOrEqual(2.5);
  });

  test('a repeated distillation does not ask the teacher again, in the same folder or with a shared one', () => {
    // Texts that are there twice are asked once.
    const toAnswer = new Set(train.texts).size;
    const { stderr } = done(`${HINTON} --teacher teacher-1 --output_dir shared-1 --cache_dir answers`);
    expect(stderr).toContain(
      `teacher-1: ${toAnswer} of 200 outputs to compute, ${200 - toAnswer} are cached or of equal texts\n`,
    );
    const again = [
      `${HINTON} --teacher teacher-1 --output_dir shared-2 --cache_dir answers`,
      `${HINTON} --teacher teacher-1 --output_dir by-run --overwrite`,
    ];
    for (const line of again) expect(done(line).stderr).toMatch(/^teacher-1: all 200 outputs are cached$/m);
    expect(existsSync(join(root, 'shared-2', 'answers'))).toBe(false);
  });

  test('recorded answers need cover the training rows alone; then the score of the teacher is unknown', () => {
    // Texts that are there twice have one answer.
    const answers = new Map(train.texts.map((text, row) => [text, train.stars[row] as string]));
    const lines = Array.from(answers, ([text, label]) => JSON.stringify({ text, label, samples: [label, 'one'] }));
    writeFileSync(join(root, 'answers.jsonl'), lines.join('\n'));
    const { json, stderr } = done(`${HINTON} --teacher answers.jsonl --teacher_use label --output_dir recorded`);
    // By hand: a label alone is 0.9 of the probability, and the labels are the data's.
    const training = { rows: 200, score: 100, confidence: expect.closeTo(0.95, 5) };
    expect(json.teacher).toEqual({ name: 'answers.jsonl', score: null, test: null, training });
    expect(stderr).toContain('temperature 1: the outputs of answers.jsonl do not determine other temperatures\n');
    expect(json.verdict).toMatch(/over|against/);
    expect(stderr).toContain('answers.jsonl has no outputs for some rows of reviews dev: its score is unknown');
    const [first = '', ...others] = lines;
    const torn = JSON.stringify({ ...JSON.parse(first), samples: undefined, label: 'six' });
    writeFileSync(join(root, 'odd.jsonl'), [torn, ...others].join('\n'));
    const odd = `${HINTON} --teacher odd.jsonl --output_dir odd`;
    const stopped = retort(odd, root);
    expect(stopped.stderr).toMatch(/odd\.jsonl:1: wanted one of the labels .*, got 'six'; .*--bad_rows skip/u);
    const skipped = done(`${odd} --bad_rows skip`);
    expect(skipped.stderr).toContain("odd.jsonl:1 is ignored: got 'six'\n");
    expect(skipped.json.teacher).toMatchObject({ name: 'odd.jsonl', score: null, badRows: 1 });
    const hot = retort(`${HINTON} --teacher answers.jsonl --temperature 3 --output_dir hot`, root);
    expect(hot.stderr).toMatch(/method 'hinton' with teacher answers.jsonl: wanted temperature 1/);
    expect(existsSync(join(root, 'hot'))).toBe(false);
  });

  test('several teachers teach by their mean, each with its answers kept', () => {
    const line = `${HINTON} --teacher teacher-1,teacher-2 --ensemble_of logits --output_dir`;
    const { json } = done(`${line} mean`);
    expect(json.teacher.name).toBe('ensemble of teacher-1, teacher-2');
    const { stderr } = done(`${HINTON} --teacher teacher-2 --output_dir second --cache_dir mean/answers`);
    expect(stderr).toMatch(/^teacher-2: all 200 outputs are cached$/m);
    const tokens = retort(`${line.replace('--layers 1', '--layers 2')} tokens --method pkd`, root);
    expect(tokens.code).not.toBe(0);
    expect(tokens.stderr).toContain('ensemble of teacher-1, teacher-2');
  });

  test('a language model is asked once for each text, within its budget, and what it cost is said', async () => {
    const server = await mockServer((request) => {
      const good = textOf(request).split(' ').includes('good');
      return completion(['five'], { five: Math.log(good ? 0.8 : 0.2), one: Math.log(good ? 0.2 : 0.8) });
    });
    const model = `--teacher ${server.url} --teacher_model small --prices 1,2`;
    const first = await retortBeside(`${HINTON} ${model} --cache_dir paid --output_dir asked`);
    const { json, stderr } = done('', first);
    const texts = new Set([
      ...train.texts,
      ...(readFileSync(join(root, 'dev.csv'), 'utf8')
        .match(/"[^"]*"/g)
        ?.map((text) => text.slice(1, -1)) ?? []),
    ]);
    expect(server.asked).toHaveLength(texts.size);
    // By hand: the server counts 50 tokens read and 1 written for each.
    expect(json.teacher.answers).toEqual({
      log: 'paid/endpoint.jsonl',
      inputTokens: 50 * texts.size,
      outputTokens: texts.size,
      cost: (52 * texts.size) / 1e6,
      malformed: 0,
      refused: 0,
      model: null,
    });
    expect(stderr).toMatch(
      /the first 20 replies: log-probabilities, 0 without a label, 0\.0 % of the probability is on no label, about/,
    );
    expect(json.teacher.score).toBeGreaterThan(60);
    const again = done('', await retortBeside(`${HINTON} ${model} --cache_dir paid --output_dir asked-again`));
    expect(server.asked).toHaveLength(texts.size);
    expect(again.json.arms).toEqual(json.arms);
    const poor = await retortBeside(`${HINTON} ${model} --max_cost 0.002 --output_dir poor`);
    expect(poor.code).toBe(1);
    expect(poor.stderr).toMatch(/wanted a cost of at most 0\.002, got about 0\.0\d+ for \d+ rows/);
  });

  test('with --teacher_epochs the teacher is trained first, once, and the student may start from it', () => {
    const flags = '--teacher encoder --teacher_epochs 2 --teacher_learning_rate 3e-3';
    const line = `distill ${DATA} --threads 1 ${QUICK} ${flags} --from teacher --layers 2 --output_dir taught`;
    const { json, stderr } = done(line);
    expect(stderr).toMatch(/^training the teacher, encoder, into taught\/teacher$/m);
    const score = Number(/teacher trained: accuracy (\d+\.\d\d) %/.exec(stderr)?.[1]);
    // What the training measured is what the teacher scores.
    expect(json.teacher.score).toBeCloseTo(score, 2);
    expect(JSON.parse(readFileSync(join(root, 'taught', 'teacher', 'metrics.json'), 'utf8'))).toMatchObject({
      steps: 4,
    });
    const trained = readFileSync(join(root, 'taught', 'teacher', 'last.ckpt', 'model.safetensors'));
    const again = done(`${line.replace('--seeds 1', '--seeds 2')} --resume`);
    expect(again.stderr).toMatch(/^already trained: accuracy/m);
    expect(again.json.arms[0].scores).toHaveLength(2);
    expect(readFileSync(join(root, 'taught', 'teacher', 'last.ckpt', 'model.safetensors'))).toEqual(trained);
    // Another training is refused, unless the folder may be overwritten.
    const other = line.replace('--teacher_epochs 2', '--teacher_epochs 1');
    expect(retort(`${other} --resume`, root).stderr).toContain('taught/teacher: resuming with another');
    expect(done(`${other} --overwrite`).stderr).toMatch(/^teacher trained: /m);
  });

  test('--from: layers by number are those of the model; random ones are new', async () => {
    // Drawn from a seed that no run has: weights that are drawn anew differ.
    await writeSmallEncoder(root, 'other', 1001);
    // No step moves a weight by more than the learning rate.
    const still = `distill ${REVIEWS} ${QUICK.replace('3e-3', '1e-9')} --teacher teacher-1`;
    done(`${still} --from 1,3 --output_dir from-layers`);
    const { tensors } = decodeSafetensors(readFileSync(join(root, 'encoder', 'model.safetensors')), 'encoder');
    const student = weightsOf('from-layers/runs/hinton-1');
    const [layer, from] = ['encoder.layer.1', 'bert.encoder.layer.2'].map((name) => `${name}.output.dense.weight`);
    const [got, wanted] = [student.get(layer ?? ''), tensors.get(from ?? '')].map((one) =>
      Array.from(one?.data as Float32Array),
    );
    for (const [i, value] of (got ?? []).entries()) expect(value).toBeCloseTo(wanted?.[i] as number, 6);
    const { json } = done(
      `${still} --from random --layers 1 --output_dir from-random`.replace('--model encoder', '--model other'),
    );
    expect(json.arms).toHaveLength(2);
    const random = weightsOf('from-random/runs/hinton-1');
    const other = decodeSafetensors(readFileSync(join(root, 'other', 'model.safetensors')), 'other').tensors;
    const name = 'encoder.layer.0.output.dense.weight';
    expect(random.get(name)?.data[0]).not.toBeCloseTo(other.get(`bert.${name}`)?.data[0] as number, 3);
  });

  test('a pool is answered by the teacher, without the rows that are reported on; the control has as many steps', () => {
    const dev = readFileSync(join(root, 'dev.csv'), 'utf8').split('\n').slice(1, 4);
    const taken = dev.map((line) => line.split('",')[0]?.slice(1).toUpperCase().replaceAll(' ', '  '));
    const pool = [...taken, ...Array.from({ length: 60 }, (_, i) => `good plot ${'very '.repeat(i % 9)}end ${i}`)];
    writeFileSync(join(root, 'pool.jsonl'), pool.map((review) => JSON.stringify({ review })).join('\n'));
    const flags = `--teacher teacher-1 --transfer pool.jsonl --epochs 2 --batch_size 20 --output_dir pooled`;
    const { json, stderr } = done(`${HINTON.replace('--max_steps 4', '')} ${flags}`);
    expect(stderr).toContain('3 rows of pool.jsonl left out: reviews dev has the same');
    // By hand: 260 rows are 13 steps of 20 an epoch; without a teacher 200 rows take 26 steps in 2.6 epochs.
    expect(json.data.transfer).toEqual({ name: 'pool.jsonl', rows: 60 });
    expect(json.arms.map(({ name, train: by }: { name: string; train: object }) => [name, by])).toEqual([
      ['hinton', { rows: 260, steps: 26 }],
      ['no-teacher', { rows: 200, steps: 26 }],
    ]);
    expect(readFileSync(join(root, 'pooled', 'report.html'), 'utf8')).toContain('; 260 rows, 26 steps');
    const first = `--teacher encoder --teacher_epochs 1 --transfer pool.jsonl --output_dir few-labels`;
    expect(done(`${HINTON} ${first}`).json.data.transfer).toEqual({ name: 'pool.jsonl', rows: 60 });
    // The teacher of a pool has seen the labelled rows alone.
    const teacher = JSON.parse(readFileSync(join(root, 'few-labels', 'teacher', 'metrics.json'), 'utf8'));
    expect(teacher.data.train).toMatchObject({ rows: 200 });
  });

  test('nothing is said of a head that is to be trained, and of steps that are not taken', () => {
    const { stderr } = retort(`train ${REVIEWS} --max_steps 5 --batch_size 20 --output_dir short`, root);
    expect(stderr).not.toContain('the head is new');
    expect(stderr).toContain('200 rows, 5 steps in 1 epoch\n');
  });
});
