import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { InterruptedError, OptionError, OutputError } from '../../../src/errors/failures.js';
import { readExperimentRecord } from '../../../src/experiments/experiment-record.js';
import {
  type PrimerEvent,
  type PrimerFigures,
  type PrimerOptions,
  runPrimer,
} from '../../../src/experiments/primer/primer.js';
import { PRIMER_ARMS } from '../../../src/experiments/primer/primer-arms.js';
import { runModule, temporaryFolder } from '../../files/processes.js';
import { fakeMnist } from './fake-mnist.js';

const root = temporaryFolder();
const dataDir = fakeMnist(join(root, 'data'), 1200, 300);
let count = 0;
const newDir = (): string => join(root, `primer-${count++}`);

/** The primer's arms, cut to a few steps. */
const arms = PRIMER_ARMS.map((arm) => ({ ...arm, training: { ...arm.training, steps: 40 } }));
const NAMES = PRIMER_ARMS.map(({ name }) => name);

const primer = (outputDir: string, more: Partial<PrimerOptions> = {}) =>
  runPrimer({ outputDir, dataDir, arms, seeds: 2, workers: 1, ...more });

/** Figures without what a run takes. */
function table({ seconds, peakRssBytes, ...figures }: PrimerFigures): unknown {
  expect(seconds).toBeGreaterThan(0);
  expect(peakRssBytes).toBeGreaterThan(10e6);
  return figures;
}

describe('PRIMER_ARMS', () => {
  test('the controls differ from retort in their source alone', () => {
    const training = (name: string) => PRIMER_ARMS.find((arm) => arm.name === name)?.training;
    expect(training('hard-labels')).toEqual(training('retort'));
    expect(training('shuffled-teacher')).toEqual(training('retort'));
    expect(training('article-kd')).toEqual(training('article-baseline'));
  });

  test('those that were tuned have the settings that the search chose', () => {
    const search = JSON.parse(readFileSync('results/primer-search.json', 'utf8')) as {
      trialsPerArm: Record<string, number>;
      chosen: { arm: string; learns: object; training: object }[];
    };
    expect(search.chosen.map(({ arm }) => arm)).toEqual(['retort', 'retort-no-teacher', 'label-smoothing']);
    for (const { arm: name, learns, training } of search.chosen) {
      expect(PRIMER_ARMS.find((arm) => arm.name === name)).toEqual({ name, learns, training });
    }
    // No arm was tuned harder than another.
    expect(new Set(Object.values(search.trialsPerArm)).size).toBe(1);
  });
});

describe('runPrimer', () => {
  test('gives every arm and gain over paired seeds, and keeps teacher, students and record', async () => {
    const dir = newDir();
    const events: PrimerEvent[] = [];
    const { figures, record, recordPath } = await primer(dir, { onEvent: (event) => events.push(event) });
    expect(figures.teacher.params).toBe(12_730);
    expect(figures.arms.map(({ name }) => name)).toEqual(NAMES);
    for (const { params, accuracies, mean, seed42 } of figures.arms) {
      expect(params).toBe(3_190);
      expect(accuracies).toHaveLength(2);
      expect(seed42).toBe(accuracies[0]);
      expect(mean).toBeCloseTo(((accuracies[0] ?? 0) + (accuracies[1] ?? 0)) / 2, 10);
      // Percent of 300 images: a whole number of them.
      for (const accuracy of accuracies) expect(accuracy * 3).toBeCloseTo(Math.round(accuracy * 3), 6);
    }
    const pairs = figures.gains.map(({ arm, over }) => `${arm} over ${over}`);
    for (const other of NAMES.filter((name) => name !== 'retort')) expect(pairs).toContain(`retort over ${other}`);
    expect(pairs).toContain('article-kd over article-baseline');
    const accuraciesOf = (name: string) => figures.arms.find((arm) => arm.name === name)?.accuracies ?? [];
    for (const { arm, over, mean } of figures.gains) {
      const differences = accuraciesOf(arm).map((accuracy, i) => accuracy - (accuraciesOf(over)[i] ?? 0));
      expect(mean).toBeCloseTo(((differences[0] ?? 0) + (differences[1] ?? 0)) / 2, 10);
    }
    expect(record.headline).toMatchObject({ arm: 'retort', over: 'retort-no-teacher' });
    expect(await readExperimentRecord(recordPath)).toEqual(record);
    expect(existsSync(join(dir, 'teacher', 'last.ckpt'))).toBe(true);
    expect(existsSync(join(dir, 'runs', 'retort-43', 'last.ckpt'))).toBe(true);
    const ends = events.flatMap((each) =>
      each.type === 'experiment' && each.event.type === 'run-end' ? [`${each.event.arm} ${each.event.seed}`] : [],
    );
    // The article's two come first, so that its table can be shown while the others run.
    expect(ends).toEqual([42, 43].flatMap((seed) => NAMES.map((name) => `${name} ${seed}`)));
    expect(events.findIndex(({ type }) => type === 'teacher-end')).toBeLessThan(
      events.findIndex(({ type }) => type === 'experiment'),
    );
  });

  test('its evidence counts every test image, and shows those that only the taught student got right', async () => {
    const { record } = await primer(newDir(), { seeds: 1 });
    const { confusion = [], softened = [], onlyRight = [] } = record.evidence ?? {};
    expect(confusion.map(({ by }) => by)).toEqual(['teacher', 'retort', 'retort-no-teacher']);
    for (const { by, counts } of confusion) {
      const all = counts.flat().reduce((sum, n) => sum + n, 0);
      const right = counts.reduce((sum, line, digit) => sum + (line[digit] ?? 0), 0);
      expect(all).toBe(300);
      const score = by === 'teacher' ? record.teacher?.score : record.arms.find((arm) => arm.name === by)?.mean;
      expect((100 * right) / all).toBeCloseTo(score ?? 0, 8);
    }
    for (const { at } of softened) {
      const [sharp, soft] = [at[0]?.probabilities ?? [], at.at(-1)?.probabilities ?? []];
      expect(sharp.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 2);
      // A higher temperature never makes the likeliest class likelier.
      expect(Math.max(...soft)).toBeLessThanOrEqual(Math.max(...sharp));
    }
    const [pair] = onlyRight;
    const gain = record.gains.find(({ over }) => over === 'retort-no-teacher');
    expect(gain?.mcnemar).toMatchObject({ onlyArm: pair?.onlyArm, onlyOther: pair?.onlyOther, rows: 300 });
    for (const { example, answers } of pair?.examples ?? []) {
      const said = Object.fromEntries(answers.map(({ by, label }) => [by, label]));
      expect(said.retort).toBe(example.label);
      expect(said['retort-no-teacher']).not.toBe(example.label);
    }
  });

  test('killed with workers under way, then resumed in one process, it ends in the same table', async () => {
    const whole = await primer(newDir());
    const dir = newDir();
    writeFileSync(join(root, 'arms.json'), JSON.stringify(arms));
    const child = runModule(
      `import { readFileSync } from 'node:fs';
       import { runPrimer } from 'DIST/experiments/primer/primer.js';
       const [outputDir, dataDir, arms] = process.argv.slice(-3);
       const onEvent = ({ event }) => { if (event?.type === 'run-end' && event.finished === 4) console.log('four'); };
       await runPrimer({ outputDir, dataDir, arms: JSON.parse(readFileSync(arms)), seeds: 2, workers: 2, onEvent });`,
      [dir, dataDir, join(root, 'arms.json')],
    );
    await child.saying('four');
    child.kill();
    await child.ended;
    const started: string[] = [];
    const resumed = await primer(dir, {
      resume: true,
      onEvent: (each) => {
        if (each.type === 'experiment' && each.event.type === 'run-start') started.push(each.event.arm);
      },
    });
    expect(started.length).toBeLessThanOrEqual(10);
    expect(table(resumed.figures)).toEqual(table(whole.figures));
  });

  test('stopped by a signal, it keeps what is done', async () => {
    const dir = newDir();
    const stop = new AbortController();
    const stopped = primer(dir, {
      signal: stop.signal,
      onEvent: (each) => {
        if (each.type === 'experiment' && each.event.type === 'run-end') stop.abort();
      },
    });
    await expect(stopped).rejects.toThrow(InterruptedError);
    await expect(primer(dir)).rejects.toThrow(OutputError);
    const { figures } = await primer(dir, { overwrite: true, seeds: 1 });
    expect(figures.arms[0]?.sd).toBeNull();
    expect(figures.gains[0]).toMatchObject({ low: null, high: null, verdict: "CAN'T TELL" });
  });

  test.each([
    [{ seeds: 0 }, 'seeds: wanted an integer ≥ 1, got 0'],
    [{ firstSeed: -1 }, 'firstSeed: wanted an integer ≥ 0, got -1'],
  ])('refuses %j', async (more, message) => {
    const failed = primer(newDir(), more);
    await expect(failed).rejects.toThrow(OptionError);
    await expect(failed).rejects.toThrow(message);
  });
});
