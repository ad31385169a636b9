/** @file A failure as a page says it: without the flags of a command line. */
import { RetortError } from '../../src/errors/retort-error.js';

/** `mails.csv:12: wanted 2 columns, got 3`, and the next step where it is one that a page has. */
export function faultText(error: unknown): string {
  if (!(error instanceof RetortError)) return error instanceof Error ? error.message : String(error);
  const { where, wanted, got, fix } = error;
  const step = fix?.split('; ').filter((part) => !part.includes('--') && !part.includes('in code'))[0];
  return `${where}: wanted ${wanted}, got ${got}.${step ? ` ${step.charAt(0).toUpperCase()}${step.slice(1)}.` : ''}`;
}
