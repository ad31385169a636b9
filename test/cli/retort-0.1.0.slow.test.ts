/** @file Folders of 0.1.0: what it wrote is in `test/fixtures/retort-0.1.0`, and how it was made in the README there. */
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { retort, tree, workFolder, writeSmallMnist } from './command-line.js';

const FIXTURES = fileURLToPath(new URL('../fixtures/retort-0.1.0', import.meta.url));
const root = workFolder();
const DATA = 'reviews.csv --text review --label stars --dev dev.csv --threads 1';
const BILSTM = '--model bilstm --vocabulary vectors.txt --hidden 2 --batch_size 16';
const DISTIL = `distill ${DATA} ${BILSTM} --epochs 2 --controls no-teacher`;

beforeAll(() => {
  cpSync(FIXTURES, root, { recursive: true });
  writeSmallMnist(join(root, 'mnist'), 128, 64);
});

function done(line: string): string {
  const { code, stdout, stderr } = retort(line, root);
  expect(code, stderr).toBe(0);
  return stdout;
}

/** Equal but for the last digits of numbers, which another processor may give otherwise. */
function expectSaid(got: unknown, said: unknown, where: string): void {
  if (typeof said === 'number') expect(got, where).toBeCloseTo(said, 4);
  else if (typeof said !== 'object' || said === null) expect(got, where).toBe(said);
  else {
    for (const [key, value] of Object.entries(said)) {
      expectSaid((got as Record<string, unknown>)?.[key], value, `${where}.${key}`);
    }
  }
}

const linesOf = (stdout: string): unknown[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

const SAID = JSON.parse(readFileSync(join(FIXTURES, 'said.json'), 'utf8')) as Record<string, unknown[]>;

describe('what 0.1.0 wrote', () => {
  // witness: what 0.1.0 itself said of these folders
  test.each(Object.entries(SAID))('%s says what it said then', (line, said) => {
    expectSaid(linesOf(done(`${line} --json`)), said, line);
  });

  test('a model of digits predicts, and a checkpoint of a run that was stopped', () => {
    for (const model of ['digits-1', 'digits-interrupted/resume']) {
      expect(done(`predict ${model} mnist/t10k-images-idx3-ubyte`).trim().split('\n')).toHaveLength(64);
    }
  });

  test('a folder without checksums is taken with a note', () => {
    for (const model of ['teacher', 'hf', 'onnx']) {
      const { code, stderr } = retort(['predict', model, 'a fine film'], root);
      expect(code).toBe(0);
      expect(stderr).toMatch(/ has no manifest\.json \(from retort 0\.1 or another tool\), so changes/);
    }
  });

  test('runs are exported, to models that say the same', () => {
    const columns = 'dev.csv --text_column review';
    for (const [format, model] of [
      ['hf', 'teacher'],
      ['onnx', 'teacher'],
      ['onnx', 'text'],
    ] as const) {
      const exported = `${model}-${format}`;
      done(`export ${model} --to ${format} --output_dir ${exported}`);
      const now = linesOf(done(`predict ${exported} ${columns} --json`));
      expectSaid(now, SAID[`predict ${model} ${columns}`], exported);
    }
  });

  test('an experiment is reported and compared, and its runs too', () => {
    done('report experiment --output_file report.html');
    expect(readFileSync(join(root, 'report.html'), 'utf8')).toContain('no-teacher');
    expect(done('compare experiment')).toContain('no-teacher');
    const runs = ['hinton-1', 'hinton-2', 'no-teacher-1', 'no-teacher-2'].map((run) => `experiment/runs/${run}`);
    expect(done(`compare ${runs.join(' ')}`)).toContain('over');
  });

  test('the replies of an endpoint are used with no new request', () => {
    // Nothing listens there: a request would fail.
    const teacher = '--teacher http://127.0.0.1:18099/v1 --teacher_model stars --temperature 1 --cache_dir answers';
    const before = readFileSync(join(root, 'answers', 'endpoint.jsonl'), 'utf8');
    done(`${DISTIL} ${teacher} --seeds 1 --max_steps 2 --output_dir taught`);
    expect(readFileSync(join(root, 'answers', 'endpoint.jsonl'), 'utf8')).toBe(before);
  });

  test('a teacher’s answers are used, and none is given anew', () => {
    const answers = () => tree(join(root, 'answers')).filter((name) => name.endsWith('.answers'));
    const before = answers();
    done(`${DISTIL} --teacher teacher --cache_dir answers --seeds 1 --max_steps 2 --output_dir taught-by-model`);
    expect(before).not.toEqual([]);
    expect(answers()).toEqual(before);
  });

  test('--resume on what was begun then is refused in one message, and nothing is touched', () => {
    const digits = 'mnist --data_dir mnist --fc1_size 2 --save_last --save_top_k 0';
    const text = `train ${DATA} ${BILSTM} --save_top_k 0`;
    const before = tree(root);
    for (const [line, path] of [
      [`${digits} --output_dir digits-1 --seed 1`, 'digits-1'],
      [`${digits} --output_dir digits-interrupted --num_train_epochs 5000`, 'digits-interrupted'],
      [`${text} --epochs 3 --output_dir text`, 'text'],
      [`${text} --epochs 5000 --early_stopping 0 --output_dir text-interrupted`, 'text-interrupted'],
      [`${DISTIL} --teacher teacher --cache_dir answers --seeds 3 --output_dir experiment`, 'experiment/results.jsonl'],
      [
        `${DISTIL} --teacher teacher --cache_dir answers --seeds 500 --output_dir experiment-interrupted`,
        'experiment-interrupted/results.jsonl',
      ],
      [
        'augment reviews.csv --text review --method masking --copies 2 --rows 8 --output_file pool-interrupted.jsonl',
        'pool-interrupted.jsonl',
      ],
    ] as const) {
      const { code, stderr } = retort(`${line} --resume --quiet`, root);
      expect(code, stderr).toBe(2);
      expect(stderr).toBe(
        `error: resuming ${path}: wanted a run started by retort 0.2.0 or later, which records all ` +
          'options, got one started by retort 0.1.0; finish it with retort 0.1.0, or start over with --overwrite or in another place\n',
      );
    }
    expect(tree(root)).toEqual(before);
  });

  test('a pool of texts that is whole is left as it is', () => {
    const line = 'augment reviews.csv --text review --method masking --copies 2 --rows 8 --output_file pool.jsonl';
    const before = readFileSync(join(root, 'pool.jsonl'), 'utf8');
    done(line);
    expect(readFileSync(join(root, 'pool.jsonl'), 'utf8')).toBe(before);
    expect(existsSync(join(root, 'pool.jsonl.lock'))).toBe(false);
  });
});
