/** @file The result of a unit as a queue keeps it: sealed, of a size that Redis can bear, and read as it came from anybody. */
import { FileError, OutputError } from '../errors/failures.js';
import { sealed, unsealed } from '../files/sealed-json.js';
import type { UnitResult } from '../files/work-source.js';
import { type Json, jsonOf, objectOf } from '../options/json.js';

/** Of one result, as JSON. Weights and other files travel beside it. */
export const MAX_RESULT_BYTES = 2 ** 20;

export type KeptResult = UnitResult & {
  readonly lease: number;
  /** Its files as the carrier has them. */
  readonly carried: Json;
};

/** What is kept of a unit. @throws OutputError where it is too large. */
export function sealedResult(unit: string, { lease, result, about, carried }: KeptResult, where: string): object {
  const value = sealed({ unit, lease, result, about, files: carried });
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes <= MAX_RESULT_BYTES) return value;
  throw new OutputError({
    where: `${unit} in ${where}`,
    wanted: `a result of at most ${MAX_RESULT_BYTES} bytes`,
    got: String(bytes),
    fix: 'leave large values in files',
  });
}

/** @throws FileError for one that is damaged, too large, or another unit's. */
export function keptResult(unit: string, text: string, where: string): KeptResult {
  const place = `${unit} in ${where}`;
  if (text.length > MAX_RESULT_BYTES) throw refused(place, 'more than a result may have');
  try {
    const value = objectOf(unsealed(jsonOf(text), place, true));
    const { lease } = value;
    if (value.unit !== unit || typeof lease !== 'number' || !('result' in value && 'about' in value)) {
      throw refused(place, 'that of another unit');
    }
    return { lease, result: value.result as Json, about: value.about as Json, carried: (value.files ?? []) as Json };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw refused(place, 'incomplete or damaged JSON', error);
  }
}

export const TWO_RESULTS = {
  wanted: 'one result of a unit, however often it is done',
  got: 'two that differ',
  fix: 'its machines give other bits: use machines of one kind, and start over with --overwrite',
} as const;

function refused(where: string, got: string, cause?: unknown): FileError {
  const fix = 'somebody else writes to this queue, or Redis lost a part of it: start over with --overwrite';
  return new FileError({ where, wanted: 'the result of a unit, as it was written', got, fix, cause });
}
