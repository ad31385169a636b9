/**
 * @file A run that was ended while it still got better: its last epoch is the best by more than chance. With p and q the
 * accuracies after the last epoch and after the best one before it, on N rows, each is known to √(p(1 − p) / N). Of a
 * regression r and s are Pearson's correlations, and artanh r is known to 1 / √(N − 3) (Fisher 1921, Metron 1, 3–32). That
 * both are of the same rows makes their difference surer than this says, so the check rather says nothing.
 */
import { check } from './check.js';

/** Of the difference. */
const STANDARD_ERRORS = 2;

export const stillFalling = check('end', {
  says: 'the last epoch is clearly the best: the run ended while it still improved',
  find: ({ metrics, rows, epoch, data }) => {
    const better = betterAccuracy(metrics, rows) ?? betterCorrelation(metrics, rows);
    return better === undefined
      ? undefined
      : {
          text: `the last epoch, ${epoch}, is the best on ${data}: ${better}`,
          fix: 'train longer: the run ended while it still improved',
        };
  },
});

type Metrics = readonly Readonly<Record<string, number>>[];

/** What was measured after the last epoch, and the best before it; undefined where it was not after all of two or more. */
function lastAndBest(metrics: Metrics, name: string): readonly [last: number, best: number] | undefined {
  const [last, ...before] = metrics.flatMap(({ [name]: value }) => value ?? []).toReversed();
  return last === undefined || before.length === 0 || before.length < metrics.length - 1
    ? undefined
    : [last, Math.max(...before)];
}

function betterAccuracy(metrics: Metrics, rows: number): string | undefined {
  const [last = 0, best = 0] = lastAndBest(metrics, 'accuracy') ?? [];
  const error = Math.sqrt((last * (1 - last) + best * (1 - best)) / rows);
  if (!(last - best > STANDARD_ERRORS * error)) return undefined;
  const points = (100 * (last - best)).toFixed(1);
  const two = (100 * STANDARD_ERRORS * error).toFixed(1);
  return `its accuracy of ${(100 * last).toFixed(1)} % is ${points} points above that of any before it, and two standard errors are ${two}`;
}

function betterCorrelation(metrics: Metrics, rows: number): string | undefined {
  const [last = 0, best = 0] = lastAndBest(metrics, 'pearson') ?? [];
  const errors = (Math.atanh(last) - Math.atanh(best)) / Math.sqrt(2 / (rows - 3));
  if (!(errors > STANDARD_ERRORS)) return undefined;
  return `its Pearson correlation of ${last.toFixed(3)} is above that of any before it, at most ${best.toFixed(3)}, by ${errors.toFixed(1)} standard errors (of Fisher's z)`;
}
