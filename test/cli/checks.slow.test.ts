/** @file Warnings on the command line: printed once, part of the JSON, errors with --strict, found by the doctor. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { retort, workFolder } from './command-line.js';
import { writeReviews, writeSmallEncoder } from './small-text-data.js';

const root = workFolder();
const REVIEWS = 'reviews.csv --text review --label stars --dev reviews.csv --model encoder --threads 1 --max_steps 2';
const DUPLICATES = '60 of the 60 texts of reviews dev (100.0 %) are training texts too';

beforeAll(async () => {
  await writeSmallEncoder(root);
  writeReviews(root, 'reviews.csv', 60);
  const trained = retort(`train ${REVIEWS} --output_dir teacher`, root);
  if (trained.code !== 0) throw new Error(trained.stderr);
});

const count = (text: string, part: string): number => text.split(part).length - 1;

describe('warnings', () => {
  test('retort train prints each once with its name and the way out, and has them in its JSON', () => {
    const { code, stdout, stderr } = retort(`train ${REVIEWS} --output_dir a --json`, root);
    expect(code, stderr).toBe(0);
    expect(count(stderr, `warning (duplicates): ${DUPLICATES}`)).toBe(1);
    expect(stderr).toContain('  → remove them from one of the two');
    const { warnings } = JSON.parse(stdout);
    expect(warnings[0]).toEqual({
      name: 'duplicates',
      text: expect.stringContaining(DUPLICATES),
      fix: expect.stringContaining('remove them'),
    });
  });

  test('with --strict nothing is begun, by train and by distill', () => {
    for (const command of [`train ${REVIEWS}`, `distill ${REVIEWS} --teacher teacher`]) {
      const { code, stderr } = retort(`${command} --output_dir strict --strict`, root);
      expect(code).toBe(1);
      expect(stderr).toContain('error: strict: duplicates: wanted no warning, got 60 of the 60 texts');
      expect(existsSync(join(root, 'strict', 'metrics.json'))).toBe(false);
      expect(existsSync(join(root, 'strict', 'results.jsonl'))).toBe(false);
    }
  });

  test('retort distill tells what is so of all runs once, and its record and report have it', () => {
    const { code, stdout, stderr } = retort(
      `distill ${REVIEWS} --teacher teacher --layers 1 --seeds 2 --controls no-teacher --output_dir student --json`,
      root,
    );
    expect(code, stderr).toBe(0);
    expect(count(stderr, 'warning (duplicates)')).toBe(1);
    const { warnings } = JSON.parse(stdout);
    expect(warnings.filter(({ name }: { name: string }) => name === 'duplicates')).toHaveLength(1);
    const record = JSON.parse(readFileSync(join(root, 'student', 'experiment.json'), 'utf8'));
    expect(record.warnings).toEqual(warnings);
    expect(readFileSync(join(root, 'student', 'report.html'), 'utf8')).toContain('<h2 id="warnings">');
  });

  // It was once told by retort train alone.
  test('a student that starts from new weights is told of by distill too', () => {
    const flags = '--teacher teacher --layers 1 --from random --output_dir random --strict';
    const { code, stderr } = retort(`distill ${REVIEWS} ${flags}`, root);
    expect(code).toBe(1);
    expect(stderr).toMatch(/error: strict: [a-z, -]*random-start/);
  });

  test('retort doctor tries a file and a model on each other, and names what it finds', () => {
    const flags = '--text review --label stars --dev reviews.csv --max_length 4';
    const { stdout } = retort(`doctor reviews.csv teacher ${flags}`, root);
    expect(stdout).toContain(`warning  duplicates: reviews.csv: ${DUPLICATES}`);
    expect(stdout).toMatch(/^warning {2}truncation: teacher\/last\.ckpt on reviews\.csv: \d+ of the 60 texts/m);
    const { findings } = JSON.parse(retort(`doctor reviews.csv ${flags} --json`, root).stdout);
    expect(findings.map(({ name }: { name?: string }) => name)).toContain('duplicates');
  });
});
