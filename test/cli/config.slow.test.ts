/** @file A retort.yaml in the place of flags, through the built command. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Outcome, retort, workFolder } from './command-line.js';
import { writeReviews, writeSmallEncoder } from './small-text-data.js';

const root = workFolder();
const path = (...parts: string[]): string => join(root, ...parts);
const CONFIG = `
task: { train: reviews.csv, dev: dev.csv, text: review, label: stars }
teacher: { model: encoder, epochs: 2, learningRate: 3e-3 }
student: { model: encoder, layers: 1 }
training: { epochs: 1, learningRate: 3e-3, batchSize: 32 }
evidence: { seeds: 2, controls: [no-teacher] }   # two are few
output: out
machine: { threads: 1 }
`;

function mustRun(line: string): Outcome {
  const outcome = retort(line, root);
  if (outcome.code !== 0) throw new Error(outcome.stderr);
  return outcome;
}
const json = (file: string) => JSON.parse(readFileSync(path(file), 'utf8'));

beforeAll(async () => {
  await writeSmallEncoder(root);
  writeReviews(root, 'reviews.csv', 160);
  writeReviews(root, 'dev.csv', 60, 2);
  writeFileSync(path('retort.yaml'), CONFIG);
});

describe('a retort.yaml', () => {
  test('train trains the teacher; distill finds it trained, and records the text of the config', () => {
    mustRun('train retort.yaml --quiet');
    const { options, seed, config } = json('out/teacher/metrics.json');
    expect([options.epochs, options.optimizer.learningRate, seed, config]).toEqual([2, 3e-3, 1, CONFIG]);
    const before = statSync(path('out/teacher/metrics.json')).mtimeMs;
    const { stderr } = mustRun('distill retort.yaml');
    expect(stderr).toContain('already trained');
    expect(statSync(path('out/teacher/metrics.json')).mtimeMs).toBe(before);
    const record = json('out/experiment.json');
    expect(record).toMatchObject({ config: CONFIG, seeds: [1, 2], settings: { epochs: 1, batchSize: 32 } });
    expect(readFileSync(path('out/report.html'), 'utf8')).toContain('# two are few');
  });

  test('resume compares values, not text; flags win over the file, and other values are refused', () => {
    writeFileSync(path('again.yaml'), `# moved\n${CONFIG.replace('seeds: 2', 'seeds: 3')}`);
    const again = JSON.parse(mustRun('distill again.yaml --resume --json --quiet').stdout);
    expect(again.arms[0].scores ?? again.arms[0].accuracies).toHaveLength(3);
    const refused = retort('distill again.yaml --resume --learning_rate 1e-3 --quiet', root);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('out/results.jsonl');
  });

  test('train --student, compare and doctor take it too', () => {
    mustRun('train retort.yaml --student --max_steps 1 --quiet');
    expect(json('out-student-alone/metrics.json')).toMatchObject({ seed: 42, steps: 1 });
    expect(mustRun('compare retort.yaml').stdout).toContain('no-teacher');
    expect(retort('doctor retort.yaml', root).stdout).toContain('reviews.csv: 160 training rows, 60 validation rows');
  });

  test('--dry_run says what would be trained, and writes nothing; what init proposes is such a config', () => {
    const plan = JSON.parse(mustRun('distill retort.yaml --output_dir dry --dry_run --json').stdout);
    // By hand: 160 rows are 5 steps of 32, once; two arms on two seeds.
    expect(plan).toMatchObject({ arms: ['hinton', 'no-teacher'], runs: 4, rows: 160, steps: 5, evaluationRows: 60 });
    mustRun('init reviews.csv --output proposed.yaml');
    const { stdout } = mustRun('distill proposed.yaml --dry_run');
    // By hand: dev.csv beside it is the validation split; three arms on five seeds, and 20 epochs of a teacher on few rows.
    expect(stdout).toContain('runs     15: each arm on seeds 1 to 5');
    expect(stdout).toContain('160 rows (reviews train), each run fitted by the convex solver');
    expect(stdout).toContain('teacher  minilm-l6, trained first: 20 epochs');
    expect([existsSync(path('dry')), existsSync(path('outputs'))]).toEqual([false, false]);
  });

  test('it may be named from elsewhere', () => {
    const { stderr, code } = retort(
      ['train', path('retort.yaml'), '--student', '--max_steps', '1', '--overwrite'],
      '/',
    );
    expect([code, stderr]).toEqual([0, expect.stringContaining('160 rows')]);
  });

  test.each<[string, string, RegExp]>([
    ['distill', 'training: { epoch: 3 }', /^error: wrong\.yaml:1 training: wanted .*did you mean epochs\?$/],
    [
      'distill',
      `${CONFIG}\n# end\n`.replace('layers: 1', 'layers: 9'),
      /^error: wrong\.yaml:4 student\.layers: wanted/,
    ],
    [
      'distill',
      CONFIG.replace('[no-teacher]', '[no-techer]'),
      /^error: wrong\.yaml:6 evidence\.controls: wanted no-teacher/,
    ],
    [
      'distill',
      CONFIG.replace('train: reviews.csv', 'train: folder'),
      /^error: wrong\.yaml:2 task\.train: wanted a data set/,
    ],
    ['train', CONFIG.replace('epochs: 2, ', ''), /^error: wrong\.yaml teacher: wanted a model and epochs/],
  ])('%s: what is wrong is one line that names file and line, before any work', (command, text, message) => {
    writeFileSync(path('wrong.yaml'), text.replace('output: out', 'output: wrong'));
    const { code, stderr, stdout } = retort(`${command} wrong.yaml --quiet`, root);
    expect(stderr.trimEnd()).toMatch(message);
    expect([code, stdout, existsSync(path('wrong'))]).toEqual([2, '', false]);
  });

  test('--student without a config is wrong use', () => {
    expect(retort('train reviews.csv --student', root).stderr).toMatch(/--student: wanted a retort\.yaml/);
  });
});
