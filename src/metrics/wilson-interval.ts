import { OptionError } from '../errors/failures.js';

/** The 97.5 % point of the standard normal distribution. */
const Z_95 = 1.959963984540054;

/**
 * The 95 % score interval of a proportion. Wilson 1927, "Probable inference, the law of succession, and statistical
 * inference": with p = successes / trials and z the normal quantile,
 *
 *   (p + z² / 2n ± z √(p (1 − p) / n + z² / 4n²)) / (1 + z² / n)
 *
 * It stays within 0 … 1 and is sensible for proportions near either end, where p ± z √(p (1 − p) / n) is not.
 * @throws OptionError unless 0 ≤ successes ≤ trials and trials ≥ 1.
 */
export function wilsonInterval(successes: number, trials: number): readonly [low: number, high: number] {
  if (!(Number.isSafeInteger(trials) && trials >= 1 && successes >= 0 && successes <= trials)) {
    throw new OptionError({
      where: 'wilsonInterval',
      wanted: '0 to n of n ≥ 1 trials',
      got: `${successes} of ${trials}`,
    });
  }
  const p = successes / trials;
  const z2 = Z_95 ** 2 / trials;
  const centre = p + z2 / 2;
  const reach = Math.sqrt(z2 * (p * (1 - p) + z2 / 4));
  // Rounding may leave the upper end beside 1, where it belongs upon it. The lower end comes out as 0 by itself.
  return [(centre - reach) / (1 + z2), successes === trials ? 1 : (centre + reach) / (1 + z2)];
}
