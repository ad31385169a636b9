import { readFileSync } from 'node:fs';
import { type ExperimentRecord, recordSchema } from '../../src/experiments/experiment-record.schema.js';
import { judge } from '../../src/experiments/verdict.js';

/** The primer as it was run on five seeds: seven arms, curves, confusion, softened digits, digits right only with KD. */
export function primerRecord(): ExperimentRecord {
  return recordSchema.parse(JSON.parse(readFileSync(new URL('./primer-5-seeds.json', import.meta.url), 'utf8')));
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
  const gain = judge({ arm: 'kd', over: 'no-teacher', scores: kd, otherScores: noTeacher });
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
