import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { wordTable } from '../data/words.js';
import { retort, workFolder } from './command-line.js';
import { writeSmallEncoder } from './small-text-data.js';

const root = workFolder();
const DATA = 'reviews.csv --text review --dev dev.csv --model encoder --threads 1';
const QUICK = '--learning_rate 3e-3 --layers 1 --epochs 2 --seeds 2';

/** `review,score,class`: how many more good words than bad ones, and whether it is any. */
function writeScores(name: string, size: number, seed: number): void {
  const rows = wordTable(name, size, { seed }).texts.map((text) => {
    const count = (word: string) => text.split(' ').filter((one) => one === word).length;
    const score = count('good') - count('bad');
    return `"${text}",${score},${score > 0 ? 'yes' : 'no'}`;
  });
  writeFileSync(join(root, name), `review,score,class\n${rows.join('\n')}\n`);
}

beforeAll(async () => {
  await writeSmallEncoder(root);
  writeScores('reviews.csv', 200, 1);
  writeScores('dev.csv', 80, 2);
  for (const column of ['score', 'label']) {
    const flags = `--${column}_column ${column === 'score' ? 'score' : 'class'} --output_dir teacher-${column}`;
    const trained = retort(`train ${DATA} --epochs 3 --learning_rate 3e-3 ${flags}`, root);
    if (trained.code !== 0) throw new Error(trained.stderr);
  }
});

describe('retort distill of a regression', () => {
  const command = `distill ${DATA} ${QUICK} --score_column score --teacher teacher-score`;

  test('is judged by Pearson’s correlation, and can be compared by Spearman’s', () => {
    const { code, stdout, stderr } = retort(`${command} --output_dir student --json`, root);
    expect(code, stderr).toBe(0);
    const { metric, arms, verdict, teacher } = JSON.parse(stdout);
    expect(metric).toBe('pearson');
    expect(arms.map(({ name }: { name: string }) => name)).toEqual([
      'hinton',
      'no-teacher',
      'linear',
      'shuffled-teacher',
    ]);
    for (const { scores, metrics } of arms) expect(metrics.pearson).toEqual(scores);
    expect(verdict).toContain("points of Pearson's correlation");
    expect(teacher.score).toBeGreaterThan(0);
    expect(stderr).toContain('hard-labels left out: it needs classes');
    expect(stderr).toMatch(/^8\/8 {2}shuffled-teacher, seed 2: Pearson -?\d+\.\d\d \(/m);
    expect(readFileSync(join(root, 'student', 'report.html'), 'utf8')).toContain('farthest from the teacher');
    const compared = retort('compare student --metric spearman', root);
    expect(compared.stdout).toMatch(/^arm +seeds +mean Spearman × 100/);
    const evaluated = retort('evaluate student/runs/hinton-1 dev.csv --text review --score score --json', root);
    const asLabels = retort('evaluate student/runs/hinton-1 dev.csv --text review --label_column score --json', root);
    expect(asLabels.stdout).toBe(evaluated.stdout);
    const both = retort('evaluate student/runs/hinton-1 dev.csv --text review --label score --score score', root);
    expect(both.stderr).toContain(
      '--score_column: wanted one column of values, got score, and score as --label_column',
    );
    expect(100 * JSON.parse(evaluated.stdout).metrics.pearson.value).toBeCloseTo(arms[0].scores[0], 3);
  });

  // A student of pairs answers for one text too, and means nothing by it.
  test('on pairs the next command has a second text', () => {
    const flags = '--pair class --controls no-teacher --max_steps 1 --output_dir paired';
    const { code, stdout, stderr } = retort(`${command.replace('--seeds 2', '--seeds 1')} ${flags}`, root);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^next {5}retort predict paired\/runs\/(hinton|no-teacher)-1 "…" --pair "…"$/m);
  });

  test('a method or a metric of classes is refused before any work', () => {
    for (const [flags, message] of [
      ['--method decoupled', "method 'decoupled': wanted a model of at least two classes"],
      ['--metric f1', "--metric: wanted one of pearson, spearman, got 'f1'"],
    ] as const) {
      const { code, stderr } = retort(`${command} --output_dir wrong ${flags}`, root);
      expect(code).not.toBe(0);
      expect(stderr).toContain(message);
      expect(existsSync(join(root, 'wrong'))).toBe(false);
    }
  });
});

describe('retort distill by another metric', () => {
  test('is judged by it, and keeps the task’s own beside it', () => {
    const flags = '--label_column class --teacher teacher-label --metric matthews --controls no-teacher';
    const { code, stdout, stderr } = retort(`distill ${DATA} ${QUICK} ${flags} --output_dir classes`, root);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^arm {2,}parameters {2,}Matthews × 100 {2,}by seed\n/);
    expect(stdout).toContain("points of Matthews' correlation");
    const { stdout: page } = retort('report classes --markdown', root);
    expect(page).toContain('| arm | Matthews × 100 | SD | 95 % interval | accuracy, % |');
  });
});
