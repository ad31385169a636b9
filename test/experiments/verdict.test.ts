import { describe, expect, test } from 'vitest';
import { OptionError } from '../../src/errors/failures.js';
import { type Controls, type Gain, judge, judgeSoftTargets } from '../../src/experiments/verdict.js';
import { RandomStream } from '../../src/tensor/random.js';

/** Two arms whose paired differences are these, whatever the level both share on a seed. */
const ROWS = { error: 0, count: 872 };

function withDifferences(differences: readonly number[], more: Partial<Parameters<typeof judge>[0]> = {}): Gain {
  const otherScores = differences.map((_, i) => 50 + 10 * Math.sin(i));
  const scores = differences.map((d, i) => (otherScores[i] as number) + d);
  return judge({ arm: 'kd', over: 'no-teacher', scores, otherScores, rows: ROWS, ...more });
}

/** Five differences with a given mean and standard deviation. */
const five = (mean: number, sd: number) => [-1, -0.5, 0, 0.5, 1].map((x) => mean + (x * sd) / Math.sqrt(0.625));

/** By hand: t(0.975; 4) = 2.776445 (any table of Student's t), half-width = 2.776445 · sd / √5 = 1.241664 · sd. */
const HALF = 1.241664;

describe('judge', () => {
  test('BETTER where the low end is above 0', () => {
    const gain = withDifferences(five(1.4, 0.644));
    expect(gain).toMatchObject({ verdict: 'BETTER', seeds: 5, arm: 'kd', over: 'no-teacher', smallestEffect: 0.5 });
    expect(gain.mean).toBeCloseTo(1.4, 9);
    expect(gain.sd).toBeCloseTo(0.644, 9);
    expect(gain.low).toBeCloseTo(1.4 - HALF * 0.644, 5);
    expect(gain.high).toBeCloseTo(1.4 + HALF * 0.644, 5);
    expect(gain.text).toBe(
      'BETTER: +1.4 points over no-teacher, 95 % interval [0.6, 2.2] (± 0.8 from 5 paired seeds, ± 0.0 from 872 rows)',
    );
    expect(gain).not.toHaveProperty('small');
  });

  test('NO VERDICT where the students of both arms give one answer in all runs', () => {
    const gain = withDifferences([0, 0, 0, 0, 0], { collapsed: 'both' });
    expect(gain.verdict).toBe('NO VERDICT');
    expect(gain).not.toHaveProperty('low');
    expect(gain.text).toBe(
      'NO VERDICT: kd and no-teacher both predict the same for every row in all 5 runs, so nothing was compared; ' +
        'train longer, or with another learning rate',
    );
    expect(withDifferences([0], { collapsed: 'both' })).toMatchObject({ verdict: 'NO VERDICT' });
  });

  test('a verdict with a note where those of one arm do', () => {
    const over = withDifferences(five(9, 0.644), { collapsed: 'over' });
    expect(over).toMatchObject({ verdict: 'BETTER', collapsed: 'over' });
    expect(over.text).toMatch(
      /; no-teacher predicts the same for every row in all its runs, so this is a gain over a student that learnt nothing$/,
    );
    const arm = withDifferences(five(-9, 0.644), { collapsed: 'arm' });
    expect(arm).toMatchObject({ verdict: 'NO BETTER', worse: true, collapsed: 'arm' });
    expect(arm.text).toMatch(/; kd predicts the same for every row in all its runs: it learnt nothing$/);
  });

  test("CAN'T TELL where few differences are all the same", () => {
    const collapsed = { arm: 'kd', over: 'no-teacher', scores: [26.09, 26.09], otherScores: [26.09, 26.09] };
    expect(judge(collapsed)).toMatchObject({ verdict: "CAN'T TELL", seedsToDecide: 5 });
    expect(judge(collapsed).text).toBe(
      "CAN'T TELL: +0.0 points over no-teacher in each of 2 paired seeds, too few to show how far they spread; run 5 or more",
    );
    expect(withDifferences([1, 1, 1, 1])).toMatchObject({ verdict: "CAN'T TELL" });
    // Five alike are taken at their word.
    expect(withDifferences([0, 0, 0, 0, 0])).toMatchObject({ verdict: 'NO BETTER' });
  });

  test('BETTER and small where all of the interval is under the smallest effect', () => {
    const gain = withDifferences(five(0.3, 0.1));
    expect(gain).toMatchObject({ verdict: 'BETTER', small: true });
    expect(gain.text).toBe(
      'BETTER, but small: +0.3 points over no-teacher, 95 % interval [0.2, 0.4] (± 0.1 from 5 paired seeds, ± 0.0 from ' +
        '872 rows); all of it is under 0.5 points',
    );
    expect(withDifferences(five(0.3, 0.1), { smallestEffect: 0.4 })).not.toHaveProperty('small');
    expect(withDifferences(five(0.3, 0.1), { smallestEffect: 0.43 })).toMatchObject({ small: true });
  });

  test('NO BETTER where the high end is under the smallest effect', () => {
    const gain = withDifferences(five(0.1, 0.2));
    expect(gain.verdict).toBe('NO BETTER');
    expect(gain.text).toMatch(/^NO BETTER: \+0\.1 points over no-teacher, 95 % interval \[-0\.1, 0\.3\] \(/);
    expect(gain).not.toHaveProperty('worse');
    const below = withDifferences(five(-0.1, 0.2));
    expect(below).not.toHaveProperty('worse');
    expect(below.text).toMatch(/^NO BETTER: -0\.1 points against no-teacher, 95 % interval \[-0\.3, 0\.1\] \(/);
    expect(withDifferences(five(0.1, 0.2), { smallestEffect: 0.3 }).verdict).toBe("CAN'T TELL");
  });

  test('NO BETTER and worse where all of the interval is under 0', () => {
    const gain = withDifferences(five(-1, 0.5));
    expect(gain).toMatchObject({ verdict: 'NO BETTER', worse: true });
    expect(gain.text).toBe(
      'NO BETTER, worse: -1.0 points against no-teacher, 95 % interval [-1.6, -0.4] (± 0.6 from 5 paired seeds, ± 0.0 from 872 rows)',
    );
  });

  test("CAN'T TELL where the interval holds both 0 and the smallest effect", () => {
    const gain = withDifferences(five(0.9, 1.2));
    expect(gain.verdict).toBe("CAN'T TELL");
    // witness: the smallest n with t(0.975; n − 1) · 1.2 / √n < 0.9 by SciPy: 10 (n = 9 gives 0.922)
    expect(gain.seedsToDecide).toBe(10);
    expect(gain.text).toBe(
      "CAN'T TELL: +0.9 points over no-teacher, 95 % interval [-0.6, 2.4] (± 1.5 from 5 paired seeds, ± 0.0 from 872 rows); " +
        'about 10 seeds would decide',
    );
  });

  test('the seeds that would decide bring the interval off 0 or under the smallest effect, whichever is sooner', () => {
    // Repeating a sample keeps its mean, and nearly its spread.
    for (const mean of [-3, -0.4, 0, 0.1, 0.24, 0.26, 0.4, 1.5]) {
      const sd = Math.max(mean, 0.5 - mean) * 3;
      const gain = withDifferences(five(mean, sd));
      const seeds = gain.seedsToDecide ?? 0;
      const at = (n: number) => {
        const spread = Array.from({ length: n }, (_, i): number =>
          n % 2 === 1 && i === n - 1 ? 0 : i % 2 === 0 ? 1 : -1,
        );
        const scale = sd / Math.sqrt(spread.reduce((sum, x) => sum + x * x, 0) / (n - 1));
        return withDifferences(spread.map((x) => mean + scale * x)).verdict;
      };
      expect(gain.verdict).toBe("CAN'T TELL");
      expect(at(seeds)).toBe(mean > 0.25 ? 'BETTER' : 'NO BETTER');
      expect(at(seeds - 1)).toBe("CAN'T TELL");
    }
  });

  describe('rows are a sample too', () => {
    const [sd, error] = [0.644, 0.5];
    // By hand: 1.241664 · 0.644 = 0.79963 from seeds, 1.959964 · 0.5 = 0.97998 from rows, together 1.26481.
    const half = 1.26481;

    test('the interval holds both parts, and the text prints each', () => {
      const gain = withDifferences(five(1.4, sd), { rows: { error, count: 872 } });
      expect(gain).toMatchObject({ verdict: 'BETTER', rows: 872 });
      expect(gain.fromSeeds).toBeCloseTo(0.79963, 4);
      expect(gain.fromRows).toBeCloseTo(0.97998, 4);
      expect(gain.low).toBeCloseTo(1.4 - half, 4);
      expect(gain.high).toBeCloseTo(1.4 + half, 4);
      expect(gain.text).toBe(
        'BETTER: +1.4 points over no-teacher, 95 % interval [0.1, 2.7] (± 0.8 from 5 paired seeds, ± 1.0 from 872 rows)',
      );
    });

    test('what was BETTER over seeds alone may be one that nobody can tell', () => {
      // 1.1 − 0.8 is above 0, 1.1 − 1.26 is not.
      const gain = withDifferences(five(1.1, sd), { rows: { error, count: 872 } });
      expect(withDifferences(five(1.1, sd)).verdict).toBe('BETTER');
      expect(gain.verdict).toBe("CAN'T TELL");
    });

    test('no number of rows makes it narrower than seeds alone', () => {
      for (const error of [0, 1e-9, 0.1, 3]) {
        const { low = Number.NaN, high = Number.NaN } = withDifferences(five(1, 1), { rows: { error, count: 9 } });
        expect((high - low) / 2).toBeGreaterThanOrEqual(HALF - 1e-5);
      }
    });

    test('where the rows alone reach farther than the mean, rows are advised and not seeds', () => {
      const gain = withDifferences(five(0.9, 0.1), { rows: { error: 1, count: 872 } });
      // By hand: 872 · 1.959964² / (0.9² − 0.124166²) = 4215.7
      expect(gain).toMatchObject({ verdict: "CAN'T TELL", rowsToDecide: 4216 });
      expect(gain).not.toHaveProperty('seedsToDecide');
      expect(gain.text).toBe(
        "CAN'T TELL: +0.9 points over no-teacher, 95 % interval [-1.1, 2.9] (± 0.1 from 5 paired seeds, ± 2.0 from 872 rows); " +
          'about 4216 evaluated rows would decide, more seeds alone would not',
      );
    });

    test('where both reach farther than half of the way, both are advised', () => {
      const gain = withDifferences(five(0.9, 1.2), { rows: { error: 1, count: 872 } });
      // By hand: 872 · 1.959964² / (0.9² / 2) = 8270.99; witness: the smallest n with t · 1.2 / √n < 0.9 / √2 by SciPy: 17
      expect(gain).toMatchObject({ verdict: "CAN'T TELL", rowsToDecide: 8271, seedsToDecide: 17 });
      expect(gain.text).toContain('about 8271 evaluated rows and 17 seeds would decide, more seeds alone would not');
    });

    test('the advice decides, if mean and spread stay what they are', () => {
      for (const [mean, sd, error] of [
        [0.9, 1.2, 0.1],
        [0.9, 0.1, 0.6],
        [0.1, 0.6, 0.3],
        [-0.2, 2, 2],
        [2, 1.5, 0.9],
      ] as const) {
        const gain = withDifferences(five(mean, sd), { rows: { error, count: 1000 } });
        const seeds = gain.seedsToDecide ?? 5;
        const rows = gain.rowsToDecide ?? 1000;
        // An even number of differences with the same mean and spread.
        const n = seeds + (seeds % 2);
        const scale = seeds === 5 ? 0 : sd * Math.sqrt((n - 1) / n);
        const differences =
          seeds === 5 ? five(mean, sd) : Array.from({ length: n }, (_, i) => mean + (i % 2 ? scale : -scale));
        const then = { rows: { error: error * Math.sqrt(1000 / rows), count: rows } };
        expect(gain.verdict).toBe("CAN'T TELL");
        expect(withDifferences(differences, then).verdict).not.toBe("CAN'T TELL");
      }
    });

    test('where the rows are not known the interval is over seeds alone, is named so, and decides nothing', () => {
      const { rows: _rows, ...alone } = { rows: ROWS, arm: 'kd', over: 'no-teacher' };
      for (const mean of [3, 0.1, -3]) {
        const gain = judge({ ...alone, scores: five(50 + mean, 0.2), otherScores: [50, 50, 50, 50, 50] });
        expect(gain.verdict).toBe("CAN'T TELL");
        expect(gain).not.toHaveProperty('fromRows');
        expect(gain).not.toHaveProperty('worse');
      }
      expect(judge({ ...alone, scores: five(53, 0.2), otherScores: [50, 50, 50, 50, 50] }).text).toBe(
        "CAN'T TELL: +3.0 points over no-teacher, 95 % interval over seeds alone [2.8, 3.2], 5 paired seeds; the predictions " +
          'per row are not known, so nothing follows for other rows',
      );
    });
  });

  test("one seed is always CAN'T TELL, with McNemar's p beside it where rows are known", () => {
    const alone = judge({ arm: 'kd', over: 'no-teacher', scores: [71], otherScores: [63] });
    expect(alone).toEqual({
      arm: 'kd',
      over: 'no-teacher',
      seeds: 1,
      mean: 8,
      smallestEffect: 0.5,
      verdict: "CAN'T TELL",
      text: "CAN'T TELL: +8.0 points over no-teacher with one seed, which says nothing about the next; run 5 paired seeds or more",
    });
    const discordant = { onlyArm: 412, onlyOther: 350, rows: 10_000 };
    const rows = judge({ arm: 'kd', over: 'no-teacher', scores: [71], otherScores: [70.38], discordant });
    // witness: scipy.stats.binomtest(412, 762).pvalue = 0.02705
    expect(rows.mcnemar).toMatchObject(discordant);
    expect(rows.mcnemar?.p).toBeCloseTo(0.02705404, 7);
    expect(rows.text).toContain(
      'with one seed, which says nothing about the next (these two models alone: McNemar p = 0.027',
    );
    const clear = judge({
      ...{ arm: 'kd', over: 'x', scores: [71], otherScores: [63] },
      discordant: { onlyArm: 900, onlyOther: 100, rows: 10_000 },
    });
    expect(clear.text).toContain('McNemar p < 0.001 over 10000 rows');
    expect(clear.verdict).toBe("CAN'T TELL");
  });

  test('shows as many decimals as it takes to see what the verdict rests on', () => {
    expect(withDifferences(five(0.62, 0.49)).text).toContain('95 % interval [0.01, 1.23]');
    expect(withDifferences(five(0.3, 0.16)).text).toContain('95 % interval [0.101, 0.499]');
    const tight = withDifferences(five(0.247, 0.2));
    // 0.247 ± 0.24833: −0.0013 would be shown as 0.0 and 0.4953 as 0.5
    expect(tight.text).toContain('95 % interval [-0.001, 0.495]');
    expect(withDifferences([0, 0, 0, 0, 0]).text).toContain(
      'NO BETTER: +0.0 points over no-teacher, 95 % interval [0.0, 0.0]',
    );
  });

  test.each<[string, Partial<Parameters<typeof judge>[0]>]>([
    ['arm kd: wanted accuracy in percent, one per seed, got none', { scores: [] }],
    ['arm no-teacher: wanted accuracy in percent, one per seed, got NaN', { otherScores: [1, Number.NaN] }],
    ['arm kd: wanted accuracy in percent, one per seed, got 100.5', { scores: [1, 100.5] }],
    ['kd over no-teacher: wanted as many runs of one as of the other, got 2 and 1; run both', { otherScores: [1] }],
    ['smallestEffect: wanted points > 0, got 0', { smallestEffect: 0 }],
  ])('refuses what cannot be compared: %s', (text, changes) => {
    const comparison = { arm: 'kd', over: 'no-teacher', scores: [1, 2], otherScores: [1, 2], ...changes };
    expect(() => judge(comparison)).toThrow(OptionError);
    expect(() => judge(comparison)).toThrow(text);
  });
});

describe('judge of another metric', () => {
  test('has the same figures, and says what the points are of', () => {
    const gain = withDifferences(five(1.4, 0.644), { metric: 'f1' });
    expect(gain).toEqual({
      ...withDifferences(five(1.4, 0.644)),
      text: 'BETTER: +1.4 points of F1 over no-teacher, 95 % interval [0.6, 2.2] (± 0.8 from 5 paired seeds, ± 0.0 from 872 rows)',
    });
  });

  test('takes negative correlations, which accuracies cannot be', () => {
    const scores = { arm: 'kd', over: 'x', scores: [-1, 2], otherScores: [-3, -4] };
    expect(judge({ ...scores, metric: 'matthews' })).toMatchObject({ mean: 4, seeds: 2 });
    expect(() => judge(scores)).toThrow('arm kd: wanted accuracy in percent, one per seed, got -1');
    expect(() => judge({ ...scores, scores: [-101, 2], metric: 'matthews' })).toThrow(
      "arm kd: wanted Matthews' correlation times 100, one per seed, got -101",
    );
  });

  test("one seed is CAN'T TELL, with the interval over resampled rows beside it", () => {
    const resampled = { low: 0.6, high: 5.4, rows: 408 };
    const gain = judge({ arm: 'kd', over: 'x', metric: 'f1', scores: [86], otherScores: [83], resampled });
    expect(gain).toMatchObject({ verdict: "CAN'T TELL", resampled });
    expect(gain.text).toBe(
      "CAN'T TELL: +3.0 points of F1 over x with one seed, which says nothing about the next (these two models alone: " +
        '95 % interval [0.6, 5.4] over 408 resampled rows); run 5 paired seeds or more',
    );
  });
});

describe('judge on normal differences', () => {
  const SIMULATIONS = 20_000;

  /** Shares of 20,000 experiments whose differences are normal around `effect`. */
  function simulate(seeds: number, effect: number, sd: number) {
    const counts = { covers: 0, BETTER: 0, 'NO BETTER': 0, "CAN'T TELL": 0, 'NO VERDICT': 0 };
    const random = new RandomStream(7, `differences of ${effect}`, seeds);
    for (let simulation = 0; simulation < SIMULATIONS; simulation++) {
      const {
        low = Number.NaN,
        high = Number.NaN,
        verdict,
      } = withDifferences(Array.from({ length: seeds }, () => effect + sd * random.normal()));
      if (low <= effect && effect <= high) counts.covers += 1;
      counts[verdict] += 1;
    }
    return counts;
  }

  // witness: what a 95 % interval and its two ends are by definition. The standard errors of these shares at 20,000
  // simulations are 0.15 % and 0.11 %.
  test.each([{ seeds: 5 }, { seeds: 10 }, { seeds: 20 }])(
    '$seeds seeds: 95 ± 0.6 % covered, 2.5 ± 0.4 % BETTER without an effect and NO BETTER with the smallest',
    ({ seeds }) => {
      const none = simulate(seeds, 0, 1.3);
      expect(Math.abs(none.covers / SIMULATIONS - 0.95)).toBeLessThanOrEqual(0.006);
      expect(Math.abs(none.BETTER / SIMULATIONS - 0.025)).toBeLessThanOrEqual(0.004);
      const smallest = simulate(seeds, 0.5, 1.3);
      expect(Math.abs(smallest.covers / SIMULATIONS - 0.95)).toBeLessThanOrEqual(0.006);
      expect(Math.abs(smallest['NO BETTER'] / SIMULATIONS - 0.025)).toBeLessThanOrEqual(0.004);
    },
  );
});

describe('looking more than once at an effect that is none', () => {
  /** The share of experiments that have given BETTER at one of these numbers of seeds; CAN'T TELL leads to the next. */
  function everBetter(looks: readonly number[]): number {
    const experiments = 2000;
    let better = 0;
    for (let experiment = 0; experiment < experiments; experiment++) {
      const random = new RandomStream(experiment, 'looks');
      const differences = Array.from({ length: Math.max(...looks) }, () => 1.3 * random.normal());
      for (const seeds of looks) {
        const { verdict } = withDifferences(differences.slice(0, seeds));
        if (verdict === 'BETTER') better += 1;
        if (verdict !== "CAN'T TELL") break;
      }
    }
    return better / experiments;
  }

  // The figures of docs/evidence.md. Their standard errors are 0.5 % and 0.7 %.
  test('gives BETTER in about 5 of 100 at 5 and then 20 seeds, in about 10 of 100 after each from 5 to 20', () => {
    expect(Math.abs(everBetter([5, 20]) - 0.05)).toBeLessThanOrEqual(0.015);
    expect(Math.abs(everBetter(Array.from({ length: 16 }, (_, i) => 5 + i)) - 0.1)).toBeLessThanOrEqual(0.02);
  });
});

describe('judgeSoftTargets', () => {
  const controls: Controls = {
    noTeacher: 'no-teacher',
    hardLabels: 'hard-labels',
    shuffledTeacher: 'shuffled-teacher',
    labelSmoothing: 'label-smoothing',
  };
  const gains = (differences: Record<string, number>) =>
    Object.entries(differences).map(([over, mean]) => withDifferences(five(mean, 0.5), { over }));
  const all = { 'no-teacher': 2, 'hard-labels': 2, 'shuffled-teacher': 2, 'label-smoothing': 2 };

  test('helped where every control is beaten', () => {
    expect(judgeSoftTargets('kd', controls, gains(all))).toEqual({
      helped: true,
      text: 'Soft targets helped: kd is better than every control.',
    });
  });

  test.each(Object.keys(all))('not shown where %s is not beaten', (over) => {
    const { helped, text } = judgeSoftTargets('kd', controls, gains({ ...all, [over]: 0.3 }));
    expect(helped).toBe(false);
    expect(text).toBe(`Not shown that soft targets helped: kd does not beat ${over} (CAN'T TELL).`);
  });

  test.each(Object.keys(all))('not shown where %s was not compared', (over) => {
    const { [over]: _left, ...others } = all as Record<string, number>;
    const { helped, text } = judgeSoftTargets('kd', controls, gains(others));
    expect(helped).toBe(false);
    expect(text).toBe(`Not shown that soft targets helped: not compared with ${over}.`);
  });

  test('helped where those that a regression does not have are missing', () => {
    const { helped } = judgeSoftTargets(
      'kd',
      { noTeacher: 'no-teacher', shuffledTeacher: 'shuffled-teacher' },
      gains({ 'no-teacher': 2, 'shuffled-teacher': 2 }),
      ['hard-labels', 'label-smoothing'],
    );
    expect(helped).toBe(true);
  });

  test('not shown where a control was never run, or the gains are those of another arm', () => {
    expect(judgeSoftTargets('kd', { noTeacher: 'no-teacher' }, gains(all)).text).toBe(
      'Not shown that soft targets helped: not compared with hard-labels, shuffled-teacher, label-smoothing.',
    );
    expect(judgeSoftTargets('other', controls, gains(all)).helped).toBe(false);
  });
});
