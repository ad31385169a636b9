import { distance } from 'fastest-levenshtein';

/**
 * The name that someone who wrote `written` most likely meant: a few letters off, or a part of it; or undefined.
 * @param lettersPerSlip Of how many letters one may be wrong.
 */
export function nearest(written: string, names: readonly string[], lettersPerSlip = 3): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(written.length / lettersPerSlip)) + 1;
  for (const name of names) {
    const d = distance(written, name);
    if (d < bestDistance) [best, bestDistance] = [name, d];
  }
  return best ?? (written.length >= 3 ? names.find((name) => name.includes(written)) : undefined);
}
