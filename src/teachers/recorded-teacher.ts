/** @file Answers that were given earlier, in a file, as a teacher: whoever gave them. */
import { createHash } from 'node:crypto';
import { FORMATS, formatOf, type TextFormat } from '../data/formats/table.js';
import type { FileFormat, ObjectRow } from '../data/formats/table-rows.js';
import { FileError } from '../errors/failures.js';
import {
  labelsOfRows,
  RECORDED_KEYS,
  type RecordedAnswersOptions,
  type RecordedTeacher,
  teacherOfRows,
} from './recorded-answers.js';

export type RecordedTeacherOptions = RecordedAnswersOptions & {
  /** Default: by the extension, else JSON lines. */
  readonly format?: RecordedFormat;
};

/** The formats whose rows are objects. */
type RecordedFormat = {
  [F in TextFormat]: (typeof FORMATS)[F] extends { readonly objects: unknown } ? F : never;
}[TextFormat];

/**
 * A teacher of recorded answers, one a row, in JSON lines or Parquet. Each has an `id`, or a `text` (and a `pair`), or
 * both, which must then fit the data; and one of
 *
 *   logits         a list in the order of the labels, or an object by label
 *   probabilities  the same, with a sum of 1
 *   logprobs       log-probabilities of some labels by name; the others share what is left. `outside` may say what mass
 *                  went to no label at all
 *   samples        labels that were drawn, in a list, or counts by label
 *   label          one label
 *   refused        true for a row that the teacher would not answer: a hole
 *
 * `question` of one row or all, `{ type, instructions, criteria: [[label, description or null], …] }`, says what was asked.
 * `at`, when it was asked, says that texts may come again, as requests do: what was said first counts.
 * `decimals` may say how probabilities were rounded; else it is told from those of the row.
 * Answers are logits or the logarithms of the probabilities that they stand for; where every row says all of every label, at
 * any temperature.
 * @throws FileError with the place of an answer that is there twice, or holds an unknown label, a wrong number of values
 *   or no number; SignalError, when it is to answer, for rows without an answer.
 */
export async function recordedTeacher(path: string, options: RecordedTeacherOptions): Promise<RecordedTeacher> {
  const hash = createHash('sha256');
  const digest = { update: (text: string) => hash.update(text), digest: () => hash.digest('hex') };
  return teacherOfRows(path, recordedRows(path, options), options, digest);
}

/** As `labelsOfRows`, of a file. */
export function recordedLabels(path: string): Promise<readonly string[]> {
  return labelsOfRows(recordedRows(path, {}));
}

/** The objects of a file of recorded outputs. @throws FileError for a line that is none. */
export async function* recordedRows(
  path: string,
  { format }: Pick<RecordedTeacherOptions, 'format'>,
  more: readonly string[] = [],
): AsyncGenerator<ObjectRow, void> {
  const byName: FileFormat | undefined = format === undefined ? formatOf(path) : FORMATS[format];
  const objects = byName?.objects ?? FORMATS.jsonl.objects;
  for await (const row of objects(path, ({ names }) =>
    names.filter((name) => RECORDED_KEYS.includes(name) || more.includes(name)),
  )) {
    if ('object' in row) {
      yield row;
      continue;
    }
    const { where, wanted, got, cause } = row.failure;
    throw new FileError({ where, wanted, got, fix: 'correct or delete that line', cause });
  }
}
