/** @file The summary that lies beside a file of recorded outputs: what a later command knows of how they came about. */
import { readFile } from 'node:fs/promises';
import { statIfThere } from '../../files/atomic-write.js';
import { isJsonObject, parsedJson } from '../../options/json.js';
import { TERMS_STATUSES, type TeacherTerms } from '../../teachers/terms.js';

/** Of a summary, which is a kilobyte: another file is not read. */
const MAX_BYTES = 2 ** 20;

export function summaryOf(outputFile: string): string {
  return `${outputFile}.summary.json`;
}

/** The terms under which `retort ask` got these outputs; undefined where it did not write them, or does not say. */
export async function termsOfRecorded(outputFile: string): Promise<TeacherTerms | undefined> {
  const path = summaryOf(outputFile);
  const size = (await statIfThere(path))?.size;
  if (size === undefined || size > MAX_BYTES) return undefined;
  const summary = parsedJson(await readFile(path, 'utf8'));
  const terms = isJsonObject(summary) ? summary.terms : undefined;
  if (!isJsonObject(terms)) return undefined;
  const { source, date } = terms;
  const status = TERMS_STATUSES.find((known) => known === terms.status);
  if (status === undefined) return undefined;
  return {
    status,
    ...(typeof source === 'string' && { source }),
    ...(typeof date === 'string' && { date }),
  };
}
