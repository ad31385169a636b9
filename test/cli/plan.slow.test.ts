/** @file What a command is going to take, before it does it: `--dry_run`, and the line before a distillation. */
import { existsSync } from 'node:fs';
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
    expect(stdout).toMatch(/^time {5}about \d+:\d\d$/m);
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
    // Beside these the two students of the report answer the evaluation rows.
    const parts = plan.teacherTraining.seconds + labelling + runs;
    expect(plan.seconds).toBeGreaterThan(parts);
    expect(plan.seconds).toBeLessThan(parts + runs);
    expect(existsSync(join(root, 'out'))).toBe(false);
  });
});

test('a distillation says its plan before it starts; a short one is not timed', () => {
  const line = `distill ${REVIEWS} --teacher encoder --teacher_epochs 1 --layers 1 --epochs 1 --seeds 1`;
  const { code, stderr } = retort(`${line} --controls no-teacher --output_dir real`, root);
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/^plan: 2 runs, 10 steps, [\d.]+ MB of disk$/m);
});
