import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { cardFacts } from '../../src/experiments/card-facts.js';
import { writeExperimentRecord } from '../../src/experiments/experiment-record.js';
import { writeRunRecord } from '../../src/training/run/run-record.js';
import { temporaryFolder } from '../files/processes.js';
import { smallRecord } from '../report/records.js';

const root = temporaryFolder();
const single = join(root, 'my-student');
const ofExperiment = join(root, 'reviews', 'runs', 'kd-2');

async function run(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await writeRunRecord(join(folder, 'metrics.json'), {
    ...{ retort: '0.1.0', node: '20.20.2', onnxruntime: '1.30.0', seed: 2, parameters: 3190 },
    data: { train: { name: join(root, 'reviews.csv'), rows: 800 }, evaluation: { name: 'reviews.csv dev', rows: 100 } },
    options: { method: { name: 'hinton', options: { alpha: 0.5 } } },
    ...{ warnings: [], steps: 10, seconds: 1, stoppedEarly: false, epochs: [], kept: [] },
    metrics: { accuracy: 0.8, f1: 0.75, loss: 1 },
    test: { name: 'reviews.csv test', rows: 50, metrics: { accuracy: 0.9 } },
  });
}

beforeAll(async () => {
  await run(single);
  await run(ofExperiment);
  const data = { train: { name: 'data/reviews.csv', rows: 800 }, evaluation: { name: 'reviews.csv dev', rows: 100 } };
  const terms = { status: 'private-only', source: 'Terms of 1 January, 3.3', date: '2026-11-28' } as const;
  await writeExperimentRecord(
    join(root, 'reviews', 'experiment.json'),
    smallRecord([82, 80], [78, 77], {
      data: { ...data, transfer: { name: '../pool/texts.txt', rows: 9000 } },
      teacher: { name: 'https://api.example.com/v1 model-x', score: 91.04, isPerSeed: false, terms },
      headline: { arm: 'kd', over: 'no-teacher', text: 'BETTER: +3.5 points' },
    }),
  );
});

describe('cardFacts', () => {
  test('of a run: data without paths, method, every judged metric, with an interval where rows tell it', async () => {
    const facts = await cardFacts(single);
    expect(facts).toEqual({
      name: 'my-student',
      train: { name: 'reviews.csv', rows: 800 },
      method: { name: 'hinton', options: { alpha: 0.5 } },
      results: [
        {
          ...{ metric: 'accuracy', data: { name: 'reviews.csv dev', rows: 100 }, value: '80.00' },
          // Witness: statsmodels 0.14, proportion_confint(80, 100, method="wilson"), and (45, 50) below.
          interval: '71.12 to 86.66 (over rows)',
        },
        { metric: 'f1', data: { name: 'reviews.csv dev', rows: 100 }, value: '75.00', interval: undefined },
        {
          ...{ metric: 'accuracy', data: { name: 'reviews.csv test', rows: 50 }, value: '90.00' },
          interval: '78.64 to 95.65 (over rows)',
        },
      ],
    });
    // A checkpoint in it is of the same run.
    expect(await cardFacts(join(single, 'last.ckpt'))).toEqual(facts);
  });

  test('of a run of an experiment: its arm over all seeds, the teacher with its terms, the verdict', async () => {
    expect(await cardFacts(ofExperiment)).toEqual({
      name: 'reviews',
      train: { name: 'reviews.csv', rows: 800 },
      transfer: { name: 'texts.txt', rows: 9000 },
      teacher: {
        ...{ name: 'v1 model-x', score: 'accuracy 91.04' },
        terms: { status: 'private-only', source: 'Terms of 1 January, 3.3', date: '2026-11-28' },
      },
      method: { name: 'hinton', options: { alpha: 0.5 } },
      results: [
        {
          ...{ metric: 'accuracy, mean of 2 seeds', data: { name: 'reviews.csv dev', rows: 100 } },
          ...{ value: '81.00', interval: undefined },
        },
      ],
      verdict: 'BETTER: +3.5 points',
    });
  });

  test('of what no run has recorded nothing is said', async () => {
    expect(await cardFacts(join(root, 'elsewhere'))).toBeUndefined();
    expect(await cardFacts('minilm-l6')).toBeUndefined();
  });
});
