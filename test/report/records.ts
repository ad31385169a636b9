import { readFileSync } from 'node:fs';
import { rejudged } from '../../src/experiments/experiment-record.js';
import { type ExperimentRecord, experimentSchema } from '../../src/experiments/experiment-record.schema.js';
import { judge } from '../../src/experiments/verdict.js';

/**
 * The primer as it was run on five seeds: seven arms, curves, confusion, softened digits, digits right only with KD. Its rows
 * were not kept; here each comparison is made to have had some.
 */
export function primerRecord(): ExperimentRecord {
  const json = JSON.parse(readFileSync(new URL('./primer-5-seeds.json', import.meta.url), 'utf8'));
  const record = rejudged(experimentSchema.parse(json), []);
  const scoresOf = (name: string) => record.arms.find((arm) => arm.name === name)?.scores ?? [];
  const gains = record.gains.map(({ arm, over }) =>
    judge({ arm, over, scores: scoresOf(arm), otherScores: scoresOf(over), rows: { error: 0.1, count: 10_000 } }),
  );
  return { ...record, gains, headline: { arm: 'retort', over: 'retort-no-teacher', text: gains[0]?.text ?? '' } };
}

/** The same with the students that never saw a 3, as they were on ten seeds (results/never-seen.json). */
export function neverSeenRecord(): ExperimentRecord {
  const path = new URL('../../results/never-seen.json', import.meta.url);
  const { medianProbability: _, environment: __, ...neverSeen } = JSON.parse(readFileSync(path, 'utf8'));
  return experimentSchema.parse({ ...primerRecord(), neverSeen: { ...neverSeen, seconds: 300 } });
}

/** Two arms, kd and no-teacher, with these accuracies in percent, and no more than a record must have. */
export function smallRecord(
  kd: readonly number[],
  noTeacher: readonly number[],
  more: Partial<ExperimentRecord> = {},
): ExperimentRecord {
  const arm = (name: string, scores: readonly number[]): ExperimentRecord['arms'][number] => ({
    name,
    settings: {},
    parameters: 3190,
    scores: [...scores],
    mean: scores.reduce((sum, value) => sum + value, 0) / scores.length,
    seconds: scores.map(() => 2),
  });
  const gain = judge({
    ...{ arm: 'kd', over: 'no-teacher', scores: kd, otherScores: noTeacher },
    ...(kd.length > 1 && { rows: { error: 0.001, count: 10_000 } }),
  });
  return {
    format: 'retort-experiment',
    version: 3,
    name: 'digits',
    question: 'Does the teacher help?',
    metric: 'accuracy',
    date: '2024-06-07T08:09:10.000Z',
    seconds: 75,
    peakRssBytes: 300 * 2 ** 20,
    environment: {
      retort: '0.1.0',
      node: '20.20.2',
      onnxruntime: '1.30.0',
      platform: 'linux x64',
      cpu: 'a processor',
      cores: 2,
      memoryBytes: 8 * 2 ** 30,
    },
    seeds: kd.map((_, i) => i + 1),
    settings: { steps: 9 },
    arms: [arm('kd', kd), arm('no-teacher', noTeacher)],
    gains: [gain],
    headline: { arm: 'kd', over: 'no-teacher', text: gain.text },
    ...more,
  };
}
