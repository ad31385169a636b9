import { z } from 'zod';
import { FileError } from '../errors/failures.js';
import { jsonOf } from '../options/json.js';

const SPLITS = z.record(z.string(), z.array(z.tuple([z.string(), z.string()])));

/**
 * The lists of [text, label] in a JSON file, by split.
 * @throws FileError naming the place that is of another form.
 */
export function intentSplits(
  json: string,
  path: string,
): Readonly<Record<string, readonly (readonly [string, string])[]>> {
  let value: unknown;
  try {
    value = jsonOf(json);
  } catch (error) {
    const fix = 'download it again';
    throw new FileError({ where: path, wanted: 'valid JSON', got: 'invalid JSON', fix, cause: error });
  }
  const splits = SPLITS.safeParse(value);
  if (splits.success) return splits.data;
  const [issue] = splits.error.issues;
  const got = `${issue?.message ?? 'something else'} at ${issue?.path.join('.') ?? 'the top'}`;
  throw new FileError({ where: path, wanted: 'lists of [text, label] by split', got, fix: 'download it again' });
}
