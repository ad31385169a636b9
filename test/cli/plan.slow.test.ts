/** @file What a command is going to take, before it does it: `--dry_run`, and the line before a distillation. */
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { retort, workFolder } from './command-line.js';
import { writeReviews, writeSmallEncoder } from './small-text-data.js';

const root = workFolder();
const REVIEWS = 'reviews.csv --text review --label stars --dev dev.csv --model encoder --threads 1';

beforeAll(async () => {
  await writeSmallEncoder(root);
  writeReviews(root, 'reviews.csv', 160);
  writeReviews(root, 'dev.csv', 60, 2);
});

describe('--dry_run', () => {
  test('of train: steps, time, memory and disk, and no folder', () => {
    const line = `train ${REVIEWS} --epochs 2 --output_dir out --dry_run`;
    const { code, stdout, stderr } = retort(line, root);
    expect(code, stderr).toBe(0);
    // By hand: 160 rows are 5 steps of 32, twice.
    expect(stdout).toMatch(/^train {4}160 rows \(.*\), 10 steps of 32 rows$/m);
    expect(stdout).toMatch(/^time {5}[\d.:]+( to [\d.:]+)?( s)?$/m);
    expect(stdout).toMatch(/^memory {3}about \d[\d.]* [MG]B at most$/m);
    expect(stdout).toMatch(/^disk {5}about [\d.]+ MB that stay, [\d.]+ MB at most$/m);
    const json = JSON.parse(retort(`${line} --json --quiet`, root).stdout);
    expect(json).toMatchObject({ steps: 10, epochs: 2, rows: 160, evaluationRows: 60 });
    expect(json.seconds).toBeGreaterThan(json.steps * json.secondsPerStep);
    expect(existsSync(join(root, 'out'))).toBe(false);
    const several = retort(`train rte,mrpc --data_dir ${root} --dry_run`, root);
    expect(several.stderr).toContain('--dry_run: wanted one data set, got rte,mrpc');
  });

  test('of distill: what each arm takes, a teacher that is to be trained first included', () => {
    const line = `distill ${REVIEWS} --teacher encoder --teacher_epochs 2 --layers 1 --epochs 1 --seeds 2 --output_dir out`;
    const { code, stdout, stderr } = retort(`${line} --controls no-teacher --dry_run --json --quiet`, root);
    expect(code, stderr).toBe(0);
    const { plan } = JSON.parse(stdout);
    // By hand: two arms on two seeds, 5 steps each; the teacher's training takes 10.
    expect(plan).toMatchObject({ runsToCome: 4, stepsToCome: 20, cost: null, teacherTraining: { steps: 10 } });
    expect(plan.perArm.map(({ name, runs, steps }: Record<string, unknown>) => [name, runs, steps])).toEqual([
      ['hinton', 2, 5],
      ['no-teacher', 2, 5],
    ]);
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    const labelling = sum(plan.labelling.map(({ seconds }: { seconds: number }) => seconds));
    const runs = sum(plan.perArm.map(({ seconds }: { seconds: number }) => 2 * seconds));
    // Beside these data and models are read, and the two students of the report answer the evaluation rows.
    const parts = plan.teacherTraining.seconds + labelling + runs;
    expect(plan.seconds).toBeGreaterThan(parts);
    expect(existsSync(join(root, 'out'))).toBe(false);
  });
});

// A new model was once said to be "not on this machine yet".
test('of distill with a new BiLSTM that is trained first, which teaches and has nothing to be downloaded', () => {
  // Its words are those of the usual encoder, which is in the cache of the hub here.
  const minilm = join(root, 'hub', 'models--sentence-transformers--all-MiniLM-L6-v2');
  cpSync(join(root, 'encoder'), join(minilm, 'snapshots', 'first'), { recursive: true });
  mkdirSync(join(minilm, 'refs'), { recursive: true });
  writeFileSync(join(minilm, 'refs', 'main'), 'first');
  const bilstm = '--teacher bilstm --teacher_epochs 1 --model bilstm --vocabulary encoder --epochs 1 --seeds 1';
  const line = `distill reviews.csv --text review --label stars --dev dev.csv --threads 1 ${bilstm} --controls none`;
  const env = { HF_HUB_CACHE: join(root, 'hub') };
  const { code, stdout, stderr } = retort(`${line} --output_dir new --dry_run`, root, { env });
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/^time {5}.* \(the teacher’s training .*; a run of hinton .*\)$/m);
  expect(stdout).not.toContain('not known');
});

test('a distillation says its plan before it starts; a short one is not timed', () => {
  const line = `distill ${REVIEWS} --teacher encoder --teacher_epochs 1 --layers 1 --epochs 1 --seeds 1`;
  const { code, stderr } = retort(`${line} --controls no-teacher --output_dir real`, root);
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/^plan: the teacher’s training, 5 steps, 2 runs, 10 steps, [\d.]+ MB of disk$/m);
  // Before the first of its parts.
  expect(stderr.indexOf('plan: ')).toBeLessThan(stderr.indexOf('training the teacher'));
});
