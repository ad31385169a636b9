import { OptionError } from '../../errors/failures.js';

/** The article's. */
export const FIRST_SEED = 42;
const SEEDS = 10;

export type SeedOptions = {
  /** How many. Default: 10. */
  readonly seeds?: number;
  /** Default: 42, the article's. */
  readonly firstSeed?: number;
};

/** @throws OptionError for numbers that are none. */
export function seedsOf({ seeds = SEEDS, firstSeed = FIRST_SEED }: SeedOptions): number[] {
  if (!(Number.isSafeInteger(seeds) && seeds >= 1)) {
    throw new OptionError({ where: 'seeds', wanted: 'an integer ≥ 1', got: String(seeds) });
  }
  if (!(Number.isSafeInteger(firstSeed) && firstSeed >= 0)) {
    throw new OptionError({ where: 'firstSeed', wanted: 'an integer ≥ 0', got: String(firstSeed) });
  }
  return Array.from({ length: seeds }, (_, i) => firstSeed + i);
}
