import { CheckError } from '../../errors/failures.js';
import type { Warning } from './table.js';

/**
 * For who wants no run with a warning.
 * @throws CheckError with all warnings, if there are any.
 */
export function expectNoWarning(warnings: readonly Warning[]): void {
  const [first, ...more] = warnings;
  if (first === undefined) return;
  throw new CheckError({
    where: `strict: ${warnings.map(({ name }) => name).join(', ')}`,
    wanted: 'no warning',
    got: warnings.map(({ text }) => text).join('; '),
    fix: more.length === 0 ? first.fix : warnings.map(({ name, fix }) => `${name}: ${fix}`).join('; '),
  });
}
