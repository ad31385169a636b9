import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { retort, workFolder } from './command-line.js';

const ARMS = [
  'article-baseline',
  'article-kd',
  'retort',
  'retort-no-teacher',
  'hard-labels',
  'shuffled-teacher',
  'label-smoothing',
];

const root = workFolder();
const LIMIT = { timeoutMs: 240_000 };

describe('retort primer', () => {
  test('runs seven arms, prints the figures as JSON, writes a report, and resumes to the same', {
    timeout: 2 * LIMIT.timeoutMs,
  }, () => {
    const first = retort('primer --seeds 1 --json --quiet --output_dir p --data_dir data', root, LIMIT);
    expect(first.stderr).toBe('');
    const figures = JSON.parse(first.stdout);
    expect(figures.teacher.params).toBe(12_730); // 784 · 16 + 16 + 16 · 10 + 10
    expect(figures.arms.map(({ name }: { name: string }) => name).toSorted()).toEqual(ARMS.toSorted());
    for (const arm of figures.arms) {
      expect(arm.params).toBe(3190); // 784 · 4 + 4 + 4 · 10 + 10
      expect(arm.accuracies).toEqual([arm.seed42]);
      expect(arm.sd).toBeNull();
    }
    // One seed decides nothing.
    for (const gain of figures.gains) expect(gain).toMatchObject({ low: null, high: null, verdict: "CAN'T TELL" });
    expect(figures.peakRssBytes).toBeGreaterThan(2 ** 20);
    const page = join(root, 'p', 'report.html');
    expect(statSync(page).size).toBeLessThan(500_000);
    expect(readFileSync(page, 'utf8')).toContain('retort-no-teacher');

    const again = retort('primer --seeds 1 --json --quiet --output_dir p --data_dir data --resume', root, LIMIT);
    expect(JSON.parse(again.stdout).arms).toEqual(figures.arms);
  });
});
