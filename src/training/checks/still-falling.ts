/**
 * @file A run that was ended while it still got better: its last epoch is the best by more than chance. With p and q the
 * accuracies after the last epoch and after the best one before it, on N rows, each is known to √(p(1 − p) / N); that both
 * are of the same rows makes their difference surer than this says, so the check rather says nothing.
 */
import { check } from './check.js';

/** Of the difference. */
const STANDARD_ERRORS = 2;

export const stillFalling = check('end', {
  says: 'the last epoch is clearly the best: the run ended while it still improved',
  find: ({ metrics, rows, epoch, data }) => {
    const accuracies = metrics.flatMap(({ accuracy }) => accuracy ?? []);
    const [last, ...before] = accuracies.toReversed();
    if (last === undefined || before.length === 0 || accuracies.length < metrics.length) return undefined;
    const best = Math.max(...before);
    const error = Math.sqrt((last * (1 - last) + best * (1 - best)) / rows);
    if (!(last - best > STANDARD_ERRORS * error)) return undefined;
    const points = (100 * (last - best)).toFixed(1);
    const two = (100 * STANDARD_ERRORS * error).toFixed(1);
    return {
      text: `the last epoch, ${epoch}, is the best on ${data}: its accuracy of ${(100 * last).toFixed(1)} % is ${points} points above that of any before it, and two standard errors are ${two}`,
      fix: 'train longer: the run ended while it still improved',
    };
  },
});
