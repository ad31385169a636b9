import { OptionError } from '../errors/failures.js';

/**
 * Checks one number of an optimiser's options.
 * @throws OptionError naming the option and its range.
 */
export function requireNumber(where: string, value: number, wanted: string, holds: boolean): void {
  if (Number.isFinite(value) && holds) return;
  throw new OptionError({ where, wanted, got: String(value) });
}
