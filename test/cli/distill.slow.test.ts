import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { retort, workFolder } from './command-line.js';
import { writeReviews, writeSmallEncoder } from './small-text-data.js';

const root = workFolder();
const REVIEWS = 'reviews.csv --text review --label stars --dev dev.csv --model encoder --threads 1';
const QUICK = `${REVIEWS} --teacher teacher --layers 1 --epochs 2 --learning_rate 3e-3 --seeds 2`;

beforeAll(async () => {
  await writeSmallEncoder(root);
  writeReviews(root, 'reviews.csv', 200);
  writeReviews(root, 'dev.csv', 80, 2);
  const trained = retort(`train ${REVIEWS} --epochs 5 --learning_rate 3e-3 --output_dir teacher`, root);
  if (trained.code !== 0) throw new Error(trained.stderr);
});

describe('retort distill on a file of one’s own', () => {
  test('says a verdict, leaves a report, and a student that predicts', () => {
    const { code, stdout, stderr } = retort(`distill ${QUICK} --output_dir student`, root);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^arm {2,}parameters {2,}accuracy, % {2,}by seed\n/);
    for (const arm of ['hinton', 'no-teacher', 'linear', 'hard-labels', 'shuffled-teacher']) {
      expect(stdout).toMatch(new RegExp(`^${arm} +[\\d,]+ +\\d+\\.\\d\\d ± \\d+\\.\\d\\d `, 'm'));
    }
    expect(stdout).toMatch(/(BETTER|CAN'T TELL|NO BETTER): [+−-]\d+\.\d points (over|against) no-teacher/);
    expect(stderr).toMatch(/^teacher teacher: \d+\.\d\d % on the evaluated split$/m);
    expect(stderr).toMatch(/^10\/10 {2}shuffled-teacher, seed 2: \d+\.\d\d % /m);
    // Both names in each line, and what to use.
    expect(stdout).toMatch(/^gain {2,}points +95 % interval +± seeds +± rows +verdict$/m);
    expect(stdout).toMatch(/^hinton over shuffled-teacher .* (BETTER|NO BETTER|CAN'T TELL|NO VERDICT)/m);
    const [, shipped = ''] = /^ship this one: (.*)$/m.exec(stdout) ?? [];
    expect(shipped).toMatch(/^student\/runs\/(hinton|linear|no-teacher|hard-labels)-1$/);
    expect(stdout).toContain(`next     retort predict ${shipped} "…"`);
    expect(stdout).toMatch(/linear baseline/);
    const byWords = retort(['predict', 'student/runs/linear-1', 'good good film'], root);
    expect(byWords.stdout, byWords.stderr).toMatch(/^five\t[01]\.\d{4}\n$/);
    const report = readFileSync(join(root, 'student', 'report.html'), 'utf8');
    expect(report).toContain('no-teacher');
    expect(report).toMatch(/Ship this one: <code>runs\/[a-z-]+-1<\/code>\. .* on seed 1: .* Expect \d/);
    const { stdout: answer } = retort(['predict', shipped, 'good good film'], root);
    expect(answer).toMatch(/^(five|one)\t[01]\.\d{4}\n$/);
    const scored = retort(['evaluate', shipped, 'dev.csv'], root);
    expect(scored.code, scored.stderr).toBe(0);
    expect(scored.stderr).toContain("read as the training file was: text in 'review', label in 'stars'");
  });

  test('more seeds are added to a finished experiment, whose runs stay as they are', () => {
    const before = readFileSync(join(root, 'student', 'results.jsonl'), 'utf8');
    const more = retort(
      `distill ${QUICK.replace('--seeds 2', '--seeds 3')} --output_dir student --resume --json`,
      root,
    );
    expect(more.code, more.stderr).toBe(0);
    expect(JSON.parse(more.stdout).arms[0].scores).toHaveLength(3);
    expect(readFileSync(join(root, 'student', 'results.jsonl'), 'utf8').startsWith(before)).toBe(true);
  });

  // Only the first and the last 32 rows counted once, and the verdict was over runs on both.
  test('labels that were changed in the middle of the file make another experiment', () => {
    const lines = readFileSync(join(root, 'reviews.csv'), 'utf8').split('\n');
    const flipped = lines.map((line, i) =>
      i < 80 || i > 120 ? line : line.replace(/one$|five$/, (label) => (label === 'one' ? 'five' : 'one')),
    );
    writeFileSync(join(root, 'reviews.csv'), flipped.join('\n'));
    const before = readFileSync(join(root, 'student', 'results.jsonl'), 'utf8');
    const more = retort(`distill ${QUICK.replace('--seeds 2', '--seeds 4')} --output_dir student --resume`, root);
    writeFileSync(join(root, 'reviews.csv'), lines.join('\n'));
    expect(more.code).toBe(2);
    expect(more.stderr).toMatch(/error: settings\.train\.hash: wanted "[0-9a-f]{64}", as in the results of .*, got "/);
    expect(readFileSync(join(root, 'student', 'results.jsonl'), 'utf8')).toBe(before);
  });

  test('--quick trains one student, makes no claim, and says what a verdict would take', () => {
    const line = `distill ${QUICK.replace(' --seeds 2', '')} --output_dir quick`;
    const { code, stdout, stderr } = retort(`${line} --quick`, root);
    expect(code, stderr).toBe(0);
    const said = stdout.replace(/\s+/g, ' ');
    expect(said).toContain('No comparison was made: hinton ran without control arms, so whether the teacher helped is');
    expect(said).toMatch(
      /for a verdict: the same command with --resume --controls no-teacher --seeds 5 instead of --quick: 9 more runs, [\d.:]+( to [\d.:]+)?/,
    );
    expect(stdout).toContain('ship this one: quick/runs/hinton-1');
    expect(said).not.toMatch(/BETTER|CAN'T TELL/);
    const report = readFileSync(join(root, 'quick', 'report.html'), 'utf8');
    expect(report).toContain('<h2 id="confusion">Confusion matrix</h2>');
    expect(report.match(/<table class="confusion">\n<caption>(teacher|hinton)/g)).toHaveLength(2);
    // The folder of the experiment stands for its student to ship, and its texts have the column's name of everywhere.
    const student = retort('predict quick/runs/hinton-1 dev.csv --text review', root);
    const shipped = retort('predict quick dev.csv --text review', root);
    expect(shipped.stdout).toBe(student.stdout);
    expect(shipped.stderr).toContain(
      'note: quick is an experiment: quick/runs/hinton-1 is the student that it says to ship\n',
    );
    const scored = retort('evaluate quick dev.csv --text review --label stars', root);
    expect(scored.stdout).toMatch(/^accuracy +\d+\.\d\d/);
    // The words that it says.
    const verdict = retort(`${line} --resume --controls no-teacher --seeds 5 --json`, root);
    expect(verdict.code, verdict.stderr).toBe(0);
    expect(JSON.parse(verdict.stdout)).toMatchObject({ notCompared: null, verdict: expect.stringContaining('points') });
    expect(verdict.stderr).toMatch(/^10\/10 {2}/m);
    expect(retort(`${line} --quick --seeds 3`, root)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--quick, --seeds: wanted only one of them'),
    });
  });

  test('what is wrong is found before any work', () => {
    for (const [flags, message] of [
      ['--method hintn', "got 'hintn'"],
      [
        '--controls no-teachers',
        '--controls: wanted no-teacher, linear, hard-labels, shuffled-teacher, label-smoothing',
      ],
      ['--method_options beta', "--method_options: wanted name=value, separated by commas, got 'beta'"],
      ['--temperature 0', '--temperature'],
    ] as const) {
      const { code, stderr } = retort(`distill ${QUICK} --output_dir wrong ${flags}`, root);
      expect(code).not.toBe(0);
      expect(stderr).toContain(message);
      expect(existsSync(join(root, 'wrong'))).toBe(false);
    }
  });
});
