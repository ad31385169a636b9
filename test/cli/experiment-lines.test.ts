import { describe, expect, test } from 'vitest';
import { gainsText, runLines, shipText } from '../../src/cli/experiment-lines.js';
import { judge } from '../../src/experiments/verdict.js';
import { smallRecord } from '../report/records.js';

const gain = (arm: string, over: string, scores: readonly number[]) =>
  judge({ arm, over, scores, otherScores: [80, 78, 81, 77, 79], rows: { error: 0.5, count: 872 } });

describe('gainsText', () => {
  const gains = [
    gain('hinton', 'no-teacher', [82, 80, 84, 79, 81]),
    gain('hinton', 'shuffled-teacher', [80, 78, 82, 77, 80]),
  ];

  test('names both arms in each line, and says which comparison is the claim, in 80 columns', () => {
    // By hand: 2.2 ± t(4) · 0.447 / √5 = 0.555 from seeds, 1.96 · 0.5 = 0.98 from rows, √(0.555² + 0.98²) = 1.126 in all.
    expect(gainsText({ gains, headline: { arm: 'hinton', over: 'no-teacher', text: '' } }, 80).split('\n')).toEqual([
      'gain                         points 95 % interval ± seeds ± rows    verdict',
      '---------------------------- ------ ------------- ------- ------ ----------',
      'hinton over no-teacher         +2.2    [1.1, 3.3]     0.6    1.0     BETTER',
      // 0.4 ± t(4) · 0.548 / √5 = 0.680, √(0.680² + 0.98²) = 1.193.
      "hinton over shuffled-teacher   +0.4   [\u22120.8, 1.6]     0.7    1.0 CAN'T TELL",
      'What is claimed is the gain over the arm without a teacher. The other',
      'comparisons are secondary: they are not corrected for multiple comparisons.',
    ]);
  });

  test('leaves out the parts of the intervals where longer names leave no room for them', () => {
    const long = [gain('retort-no-teacher', 'article-baseline', [82, 80, 84, 79, 81])];
    expect(gainsText({ gains: long }, 80).split('\n')).toEqual([
      'gain                                      points   95 % interval   verdict',
      '---------------------------------------   ------   -------------   -------',
      'retort-no-teacher over article-baseline     +2.2      [1.1, 3.3]    BETTER',
    ]);
  });

  test('is sentences where a table is too wide, still with both names', () => {
    const text = gainsText({ gains }, 50);
    expect(text.replace(/\n/g, ' ')).toContain('hinton over shuffled-teacher: ');
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(50);
  });
});

describe('shipText', () => {
  test('gives the path, the reason, and the mean of the arm in place of the score of the run', () => {
    const record = smallRecord([82, 80], [80, 78], {
      ship: { arm: 'kd', seed: 1, mean: 81, path: 'runs/kd-1', why: 'the highest mean' },
    });
    expect(shipText(record, 'out', 80)).toEqual([
      'ship this one: out/runs/kd-1',
      'kd on seed 1: the highest mean. Expect 81.00 % of it, the mean of its 2 seeds.',
    ]);
    expect(shipText(smallRecord([82, 80], [80, 78]), 'out', 80)).toEqual([]);
  });
});

describe('runLines', () => {
  const end = { type: 'run-end', arm: 'no-teacher', seed: 2, metric: 'accuracy', score: 0.772, seconds: 105 } as const;
  const gain = { arm: 'hinton', over: 'no-teacher', seeds: 2, mean: 1.3, interval: [-3.2, 5.8] } as const;

  test('the time that all runs to come take, and the gain so far', () => {
    expect(runLines({ ...end, runs: 20, finished: 6, secondsLeft: 1470, gain })).toEqual([
      '6/20  no-teacher, seed 2: 77.20 % (1:45), 19:27 to 30:52 left',
      'so far: hinton +1.3 points over no-teacher on 2 seeds, 95 % interval [\u22123.2, 5.8] over seeds alone',
    ]);
  });

  test('one seed has no interval; a run of another arm is no news', () => {
    const { interval: _interval, ...one } = { ...gain, seeds: 1 };
    const at = { ...end, runs: 20, finished: 3, secondsLeft: 1800, gain: one };
    expect(runLines(at)[1]).toBe('so far: hinton +1.3 points over no-teacher on one seed');
    expect(runLines({ ...at, arm: 'hard-labels' })).toHaveLength(1);
  });

  test('after the last run the verdict says it', () => {
    expect(runLines({ ...end, runs: 6, finished: 6, secondsLeft: 0, gain })).toEqual([
      '6/6  no-teacher, seed 2: 77.20 % (1:45)',
    ]);
  });
});
