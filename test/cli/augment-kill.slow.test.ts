import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { retort, retortStoppedAfter, workFolder } from './command-line.js';
import { writePieceEncoder } from './piece-encoder.js';
import { writeReviews } from './small-text-data.js';

const root = workFolder();
const LINE = 'augment reviews.csv --text review --method mlm --model pre --copies 10 --threads 1';
const read = (name: string): string => readFileSync(join(root, name), 'utf8');
const sizeOf = (name: string): number => statSync(join(root, name), { throwIfNoEntry: false })?.size ?? 0;

beforeAll(async () => {
  await writePieceEncoder(root);
  writeReviews(root, 'reviews.csv', 1500);
  retort('pretrain reviews.csv --text review --model encoder --max_steps 1 --threads 1 --output_dir pre', root);
});

describe('retort augment, killed', () => {
  test('goes on with --resume to the bytes of a command that was left alone', async () => {
    const begun = performance.now();
    expect(retort(`${LINE} --output_file whole.jsonl --quiet`, root)).toMatchObject({ code: 0, stderr: '' });
    const wholeMs = performance.now() - begun;
    const whole = read('whole.jsonl');
    let midway = 0;
    for (const share of [0.95, 0.85, 0.75]) {
      const file = `killed-${share}.jsonl`;
      await retortStoppedAfter(`${LINE} --output_file ${file}`, root, share * wholeMs, 'SIGKILL');
      if (sizeOf(file) > 0 && sizeOf(file) < whole.length) midway += 1;
      expect(retort(`${LINE} --output_file ${file} --resume --quiet`, root)).toMatchObject({ code: 0 });
      expect(read(file)).toBe(whole);
    }
    // Or nothing was shown.
    expect(midway).toBeGreaterThan(0);
  }, 120_000);
});
