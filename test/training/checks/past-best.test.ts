import { describe, expect, test } from 'vitest';
import { findWarnings } from '../../../src/training/checks/table.js';

/** Runs with these accuracies, in percent, after each of their epochs. */
function arm(name: string, ...curves: readonly (readonly number[])[]) {
  const runs = curves.map((scores, i) => ({
    arm: name,
    seed: i + 1,
    seconds: 1,
    peakRssBytes: 1,
    result: {
      score: (scores.at(-1) ?? 0) / 100,
      parameters: 1,
      curve: scores.map((score, epoch) => {
        return { epoch: epoch + 1, step: epoch + 1, loss: 1, losses: {}, metrics: { accuracy: score / 100 } };
      }),
    },
  }));
  return { arm: { name }, runs, scores: curves.map((scores) => scores.at(-1) ?? 0) };
}

const found = (...arms: ReturnType<typeof arm>[]) =>
  findWarnings({ experiment: { arms, metric: 'accuracy', judged: 'kd' } });

describe('past-best', () => {
  test('a control that was better before is named, with the gain at the best epochs', () => {
    const warnings = found(
      arm('kd', [80, 80.5, 80.4], [80, 81.5, 81.4], [80, 81.1, 80.9]),
      arm('no-teacher', [78, 80, 76], [79, 80, 77], [78, 79.5, 75.2]),
    );
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.name).toBe('past-best');
    // By hand: 4, 3 and 4.3 points; gains 0.5, 1.5 and 1.6, mean 1.2. No interval: the epochs are chosen by what is reported.
    expect(warnings[0]?.text).toBe(
      'no-teacher is best after epoch 2 of 3, 3.8 points above its end, and a gain over it is partly that; with each ' +
        'run at the best of its epochs, chosen by the rows that are reported on, kd has +1.2 points over no-teacher',
    );
    expect(warnings[0]?.fix).toMatch(/^train for fewer epochs, about 2:/);
  });

  test('the method itself may be past its best, which makes no gain', () => {
    const [warning, ...more] = found(arm('kd', [80, 77], [81, 78.2]), arm('no-teacher', [70, 72], [70, 73]));
    expect(more).toEqual([]);
    expect(warning?.text).toBe('kd is best after epoch 1 of 2, 2.9 points above its end');
  });

  test.each([
    ['arms that end at their best', [arm('kd', [70, 80], [70, 81])]],
    ['less than a point', [arm('kd', [80, 79.5], [81, 80.4])]],
    ['a difference that the seeds do not agree on', [arm('kd', [80, 70], [70, 71], [71, 72])]],
    ['one seed, which says nothing of the next', [arm('kd', [80, 70])]],
    ['runs of one epoch', [arm('kd', [80], [70])]],
    ['runs that stopped after other epochs', [arm('kd', [80, 70], [80, 79, 70])]],
  ])('nothing is said of %s', (_what, arms) => {
    expect(found(...arms)).toEqual([]);
  });
});
