/** @file A test split on the command line: scored once, by the model that was chosen without it, and reported apart. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Outcome, retort, retortUntil, workFolder } from './command-line.js';
import { writeReviews, writeSmallEncoder } from './small-text-data.js';

const root = workFolder();
const path = (...parts: string[]): string => join(root, ...parts);
const jsonIn = (...parts: string[]) => JSON.parse(readFileSync(path(...parts), 'utf8'));
const linesIn = (...parts: string[]) =>
  readFileSync(path(...parts), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

function mustRun(line: string): Outcome {
  const outcome = retort(line, root);
  if (outcome.code !== 0) throw new Error(outcome.stderr);
  return outcome;
}

const COLUMNS = '--text review --label stars';
const QUICK = `${COLUMNS} --model encoder --threads 1 --learning_rate 3e-3`;

beforeAll(async () => {
  await writeSmallEncoder(root);
  writeReviews(root, 'reviews.csv', 160);
  writeReviews(root, 'dev.csv', 60, 2);
  writeReviews(root, 'test.csv', 80, 3);
});

describe('retort train with a test split', () => {
  test('scores the best model on it once, and resumes to the same after a kill between both splits', () => {
    const line = `train reviews.csv ${QUICK} --dev dev.csv --test test.csv --epochs 4 --save_top_k 1`;
    const { stdout, stderr } = mustRun(`${line} --output_dir whole`);
    expect(stdout.split('\n')[1]).toMatch(
      /^accuracy \d+\.\d\d %, .* on 80 rows \(reviews test\), the test split, scored once/,
    );
    expect(stderr).toMatch(/\nreviews test accuracy \d+\.\d\d % /);
    const { test: tested, kept, epochs, version } = jsonIn('whole', 'metrics.json');
    expect(version).toBe(3);
    const [best] = kept;
    expect(tested).toMatchObject({ name: 'reviews test', rows: 80, epoch: best.epoch });
    // Witness: `retort evaluate`, which reads the kept model back and scores it by itself.
    const evaluated = JSON.parse(mustRun(`evaluate whole/${best.name} test.csv --json --quiet`).stdout);
    expect(tested.metrics.accuracy).toBeCloseTo(evaluated.metrics.accuracy.value, 6);
    const log = linesIn('whole', 'log.jsonl');
    expect(log.filter(({ type }) => type === 'test')).toHaveLength(1);
    expect(log.findIndex(({ type }) => type === 'test')).toBeGreaterThan(
      log.findLastIndex(({ type }) => type === 'evaluation'),
    );
    // Nothing before the end knows of it.
    const { test: none, epochs: alone } = (() => {
      mustRun(`${line.replace('--test test.csv', '')} --output_dir alone`);
      return jsonIn('alone', 'metrics.json');
    })();
    const timeless = (all: readonly { seconds: number }[]) => all.map(({ seconds: _seconds, ...one }) => one);
    expect([none, timeless(alone)]).toEqual([undefined, timeless(epochs)]);

    const at = 1 + log.findIndex(({ type }) => type === 'test');
    const killed = retortUntil(`SIGKILL before write log.jsonl ${at}`, `${line} --output_dir parted`, root);
    expect([killed.code, linesIn('parted', 'log.jsonl').at(-1).type]).toEqual([null, 'evaluation']);
    mustRun(`${line} --output_dir parted --resume`);
    expect(jsonIn('parted', 'metrics.json').test).toEqual(tested);
    expect(linesIn('parted', 'log.jsonl').map(({ seconds: _seconds, ...one }) => one)).toEqual(
      log.map(({ seconds: _seconds, ...one }) => one),
    );
    const older = retort(`${line} --output_dir alone --resume`, root);
    expect(older.stderr).toContain('it began without a test split: continue with --test none');
    // Another test split would be another run, and one that has ended is not scored again.
    const other = retort(`${line.replace('test.csv', 'dev.csv')} --output_dir parted --resume`, root);
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('resuming with another testData')]);
    expect(mustRun(`${line} --output_dir parted --resume`).stdout).toContain('the test split, scored once');
  });

  test('a column of splits, files beside train.csv, a regression and several tasks have one too', () => {
    const [header, ...rows] = readFileSync(path('reviews.csv'), 'utf8').trimEnd().split('\n');
    const splits = ['train', 'Train', 'train', 'dev', 'TEST'];
    writeFileSync(
      path('mixed.csv'),
      `${header},split\n${rows.map((row, i) => `${row},${splits[i % 5]}`).join('\n')}\n`,
    );
    const mixed = JSON.parse(mustRun(`train mixed.csv ${QUICK} --epochs 1 --json --quiet`).stdout);
    expect(mixed).toMatchObject({ train: { rows: 96 }, dev: { rows: 32 }, test: { rows: 32, epoch: 1 } });

    mkdirSync(path('beside'));
    for (const [from, to] of [
      ['reviews', 'train'],
      ['dev', 'valid'],
      ['test', 'test'],
    ] as const) {
      writeFileSync(path('beside', `${to}.csv`), readFileSync(path(`${from}.csv`)));
    }
    const beside = mustRun(`train beside/train.csv ${QUICK} --epochs 1 --json --output_dir besides`);
    expect(JSON.parse(beside.stdout)).toMatchObject({ dev: { rows: 60 }, test: { rows: 80 } });
    expect(beside.stderr).toContain('beside/valid.csv beside beside/train.csv is the validation split');
    const planned = mustRun(`train beside/train.csv ${QUICK} --epochs 1 --dry_run`).stdout;
    expect(planned).toContain('tested   once at the end, on 80 rows (train test)');

    const scored = (name: string, from: string) => {
      const lines = readFileSync(path(from), 'utf8').trimEnd().split('\n').slice(1);
      const cells = lines.map((line, i) =>
        line.replace(/,(five|one)$/, (_, word) => `,${(word === 'five' ? 5 : 1) + (i % 3) / 10}`),
      );
      writeFileSync(path(name), `review,stars\n${cells.join('\n')}\n`);
    };
    scored('scores.csv', 'reviews.csv');
    scored('scores-test.csv', 'test.csv');
    const regression = `train scores.csv --text review --score stars --model encoder --threads 1 --epochs 1`;
    const figures = JSON.parse(mustRun(`${regression} --json --quiet`).stdout).test;
    expect(figures).toMatchObject({ rows: 80, metrics: { pearson: expect.any(Number), spearman: expect.any(Number) } });

    mkdirSync(path('other'));
    writeFileSync(path('other', 'other.csv'), readFileSync(path('mixed.csv')));
    const several = `train mixed.csv,other/other.csv ${QUICK} --epochs 1 --output_dir several`;
    const { tasks } = JSON.parse(mustRun(`${several} --json --quiet`).stdout);
    expect(tasks.mixed.test).toMatchObject({ rows: 32, metrics: { accuracy: expect.any(Number) } });
    expect(jsonIn('several', 'metrics.json').test).toMatchObject({ name: 'mixed test, other test', rows: 64 });

    const linear = `train reviews.csv ${COLUMNS} --model ngram --test test.csv --threads 1 --json --quiet`;
    expect(JSON.parse(mustRun(`${linear} --output_dir linear`).stdout).test).toMatchObject({ rows: 80 });
  });

  test('what contradicts, and what is not there, is one line before any work', () => {
    for (const [line, message] of [
      [`train reviews.csv ${QUICK} --test gone.csv`, /gone\.csv/],
      [
        `train mixed.csv ${QUICK} --test test.csv`,
        /^error: --test: wanted no file: the column of splits of mixed\.csv/,
      ],
      [`train mixed.csv ${QUICK} --dev_share 0.2`, /--dev_share: wanted data without a validation split of its own/],
      [`train reviews.csv,mixed.csv ${QUICK} --test test.csv`, /--test: wanted one data set/],
      [`train reviews.csv ${QUICK} --split fold`, /a column 'fold' \(split\)/],
    ] as const) {
      const { code, stderr } = retort(`${line} --output_dir none`, root);
      expect([code, stderr.split('\n').length], stderr).toEqual([expect.any(Number), 2]);
      expect(stderr).toMatch(message);
      expect(code).not.toBe(0);
    }
  });

  test('the doctor finds rows that train and test have both', () => {
    writeFileSync(
      path('leak.csv'),
      readFileSync(path('reviews.csv'), 'utf8')
        .toUpperCase()
        .replace('REVIEW,STARS', 'review,stars')
        .replaceAll('FIVE', 'five')
        .replaceAll('ONE', 'one'),
    );
    const { stdout } = retort(`doctor reviews.csv ${COLUMNS} --test leak.csv`, root);
    expect(stdout).toMatch(/duplicates: .*of the 160 texts of reviews test .* are training texts too/);
    expect(stdout).toContain('160 test rows');
  });
});

describe('retort distill with a test split', () => {
  const line =
    `distill reviews.csv ${COLUMNS} --dev dev.csv --test test.csv --teacher whole --model encoder --layers 1 --threads 1 ` +
    '--seeds 2 --controls no-teacher,linear --epochs 1 --learning_rate 3e-3';

  test('each run of each arm is scored on it once, the verdict is on it, and a resumed one scores nothing again', () => {
    const planned = mustRun(`${line} --dry_run --output_dir kd`).stdout;
    expect(planned).toContain('tested   each run once, on 80 rows (reviews test): the gains are on these');
    const { stdout } = mustRun(`${line} --output_dir kd`);
    expect(stdout).toMatch(/^arm +parameters +accuracy, % on validation +on test +test by seed/);
    expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(/points (over|against) no-teacher on the test split/);
    const record = jsonIn('kd', 'experiment.json');
    expect(record.data.test).toEqual({ name: 'reviews test', rows: 80 });
    expect(record.gains.map(({ split }: { split: string }) => split)).toEqual(['test', 'test']);
    expect(record.teacher.test).toBeGreaterThan(0);
    const runs = linesIn('kd', 'results.jsonl').filter(({ type }) => type === 'run');
    expect(runs).toHaveLength(6);
    for (const { arm, seed, result } of runs) {
      const own = record.arms.find(({ name }: { name: string }) => name === arm);
      expect(own.test.scores[seed - 1]).toBeCloseTo(100 * result.test.score, 9);
      expect(result.test.right.rows).toBe(80);
    }
    // Witness: `retort evaluate` of the student that is shipped.
    const evaluated = JSON.parse(mustRun('evaluate kd test.csv --json --quiet').stdout);
    const shipped = runs.find(({ arm, seed }) => arm === record.ship.arm && seed === record.ship.seed);
    expect(shipped.result.test.score).toBeCloseTo(evaluated.metrics.accuracy.value, 6);

    mustRun(`${line} --output_dir kd --resume`);
    expect(linesIn('kd', 'results.jsonl').filter(({ type }) => type === 'run')).toEqual(runs);
    const other = retort(`${line.replace('--test test.csv', '--test none')} --output_dir kd --resume`, root);
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('test: wanted {')]);
    expect(mustRun('report kd --overwrite --markdown').stdout).toContain('validation split');
  });

  test('killed between both splits it ends in the same; early stopping chooses on the validation split', () => {
    const stopping = `${line.replace('--epochs 1', '--epochs 3')} --early_stopping 1`;
    mustRun(`${stopping} --output_dir left`);
    const killed = retortUntil('SIGKILL before write results.jsonl 5', `${stopping} --output_dir parted-kd`, root);
    expect(killed.code).toBe(null);
    mustRun(`${stopping} --output_dir parted-kd --resume`);
    const timeless = (folder: string) =>
      jsonIn(folder, 'experiment.json').arms.map(
        ({ seconds: _seconds, curve: _curve, ...arm }: Record<string, unknown>) => arm,
      );
    expect(timeless('parted-kd')).toEqual(timeless('left'));
    const [{ description, train }] = timeless('left');
    expect(description).toContain('its best epoch by accuracy on the validation split');
    expect(train.rows).toBe(160);
  });

  test('texts of a pool that the test split has are left out, and a set of labels that the training rows lack is refused', () => {
    const texts = readFileSync(path('test.csv'), 'utf8').trimEnd().split('\n').slice(1, 11);
    const pool = texts.map((text) => text.replace(/,(five|one)$/, '').toUpperCase());
    writeFileSync(path('pool.csv'), `review\n${pool.join('\n')}\n"a text of its own"\n`);
    const { stderr } = mustRun(`${line.replace('--seeds 2', '--seeds 1')} --transfer pool.csv --output_dir pooled`);
    expect(stderr).toMatch(/\d+ rows of pool\.csv left out: reviews dev or reviews test has the same/);
    writeFileSync(path('six.csv'), 'review,stars\ngood film,six\n');
    const { code, stderr: said } = retort(`${line.replace('test.csv', 'six.csv')} --output_dir none`, root);
    expect([code, said]).toEqual([1, expect.stringMatching(/six\.csv:2: wanted one of the labels .* got 'six'/)]);
  });
});
