import { OptionError } from '../errors/failures.js';

/** @throws OptionError naming what is given and no share between 0 and 1, percent for example. */
export function expectShares(shares: Readonly<Record<string, number | undefined>>): void {
  for (const [where, share] of Object.entries(shares)) {
    if (share === undefined || (share > 0 && share < 1)) continue;
    throw new OptionError({ where, wanted: 'a share between 0 and 1', got: String(share) });
  }
}
