/** @file `retort distill` on texts that nobody has labelled. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { retort, workFolder } from './command-line.js';

const root = workFolder();
const STUDENT = '--model ngram --solver steps --epochs 20 --dev_share 0.25 --batch_size 20 --threads 1';
const DISTILL = `distill texts.csv --text review --teacher teacher ${STUDENT}`;

/** Texts that say in one word whether they are good, among others that say nothing. */
function textsOf(size: number, first: number) {
  const filler = ['the film', 'a plot', 'this end', 'very much', 'of it all'];
  return Array.from({ length: size }, (_, i) => {
    const row = first + i;
    const isGood = row % 2 === 0;
    const [before, after] = [filler[row % 5], filler[Math.floor(row / 5) % 5]];
    return { text: `${before} ${isGood ? 'good' : 'bad'} ${after} ${row}`, label: isGood ? 'five' : 'one' };
  });
}

beforeAll(() => {
  const write = (name: string, header: string, lines: readonly string[]) =>
    writeFileSync(join(root, name), `${header}${lines.join('\n')}\n`);
  write(
    'reviews.csv',
    'review,stars\n',
    textsOf(200, 0).map(({ text, label }) => `${text},${label}`),
  );
  const trained = retort(
    'train reviews.csv --text review --label stars --model ngram --threads 1 --output_dir teacher',
    root,
  );
  if (trained.code !== 0) throw new Error(trained.stderr);
  const texts = textsOf(120, 1000);
  write(
    'texts.csv',
    'id,review\n',
    texts.map(({ text }, row) => `${row},${text}`),
  );
  write(
    'texts.txt',
    '',
    texts.map(({ text }) => text),
  );
  write(
    'dev.csv',
    'review,label\n',
    textsOf(40, 2000).map(({ text, label }) => `${text},${label}`),
  );
});

function done(line: string) {
  const outcome = retort(line, root);
  expect(outcome.code, outcome.stderr).toBe(0);
  return outcome;
}

describe('retort distill without labels', () => {
  test('scores agreement with the teacher, and calls it nothing else', () => {
    const { stdout, stderr } = done(`${DISTILL} --seeds 2 --output_dir agreed`);
    expect(stderr).toContain("no row of texts train has a label: the classes are the teacher's, 'five', 'one'");
    expect(stderr).toContain('no-teacher and linear left out: they need labels, and no training row has one');
    expect(stderr).not.toContain('warning (unseen-labels)');
    // Its agreement with itself says nothing.
    expect(stderr).not.toContain('teacher teacher: ');
    const record = JSON.parse(readFileSync(join(root, 'agreed', 'experiment.json'), 'utf8'));
    expect(record.metric).toBe('agreement');
    expect(record.teacher).toEqual({ name: 'teacher', isPerSeed: false });
    expect(record.headline).toBeUndefined();
    expect(record.softTargets).toBeUndefined();
    expect(record.gains.map(({ over }: { over: string }) => over)).toEqual(['hard-labels', 'shuffled-teacher']);
    expect(record.gains[0].text).toMatch(/points of agreement with the teacher (over|against) hard-labels/);
    expect(record.data.evaluation).toEqual({ name: 'texts dev, cut from train', rows: 30 });
    // The teacher's table would say that it agrees with itself.
    expect(record.evidence.confusion.map(({ by }: { by: string }) => by)).toEqual(['hinton']);
    const page = readFileSync(join(root, 'agreed', 'report.html'), 'utf8');
    const markdown = done('report agreed --markdown').stdout;
    for (const said of [stdout, page, markdown]) {
      expect(said).toContain('agreement with the teacher');
      expect(said).toContain('there is no student without the teacher to');
      expect(said).not.toMatch(/accuracy|arm without a teacher/i);
    }
    expect(stdout).not.toContain('for a verdict');
    // The student answers by the teacher's classes.
    expect(done('predict agreed/runs/hinton-1 good').stdout).toMatch(/five|one/);
  });

  test('labels of the validation split are what they are', () => {
    const { stdout, stderr } = done(
      `${DISTILL.replace('--dev_share 0.25', '')} --seeds 1 --dev dev.csv --output_dir scored --json`,
    );
    const { metric, teacher, verdict, notCompared, arms } = JSON.parse(stdout);
    expect([metric, verdict]).toEqual(['accuracy', null]);
    expect(teacher.score).toBeGreaterThan(50);
    expect(notCompared).not.toContain('agreement');
    expect(arms).toHaveLength(3);
    expect(stderr).not.toContain('warning (unseen-labels)');
  });

  test('one text per line will do, planned, run, and again with --resume', () => {
    const plain = `distill texts.txt --teacher teacher ${STUDENT} --seeds 1 --controls hard-labels`;
    expect(done(`${plain} --dry_run`).stdout).toContain('judged   by agreement on 30 rows (texts dev, cut from train)');
    const scores = (line: string) =>
      JSON.parse(done(`${line} --json`).stdout).arms.map((arm: { scores: number[] }) => arm.scores);
    const first = scores(`${plain} --output_dir plain`);
    expect(scores(`${plain} --output_dir plain --resume`)).toEqual(first);
  });

  test('what cannot be is named', () => {
    const wrong = (line: string) => retort(line, root).stderr;
    expect(wrong(`${DISTILL} --metric accuracy --output_dir x`)).toContain(
      "--metric: wanted agreement: no row of texts dev, cut from train has a label, got 'accuracy'",
    );
    expect(wrong(`${DISTILL} --method supervised --output_dir x`)).toContain(
      "method 'supervised': wanted training rows with labels, from which it learns without a teacher, got none",
    );
    expect(wrong(`${DISTILL} --method well-read --method_options stage=both --output_dir x`)).toContain(
      "method 'well-read, fine-tuning': wanted training rows with labels",
    );
    // A teacher that is trained first learns from labels.
    expect(wrong(`${DISTILL} --teacher_epochs 1 --output_dir x`)).toContain("wanted a column 'label' (label)");
    expect(wrong('train texts.txt --model ngram --output_dir x')).toContain('wanted a data set');
  });
});
