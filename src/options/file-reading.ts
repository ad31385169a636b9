/** @file How a file of texts was read, as it is kept with a model that was trained on it. */
import { isJsonObject } from './json.js';

/** What was not as it usually is; columns by name, or by number from 1 in a file without a header. */
export type FileReading = {
  /** Default: `text`. */
  readonly text?: string | number;
  readonly pair?: string | number;
  /** Default: `label`. */
  readonly label?: string | number;
  readonly score?: string | number;
  /** False where the first line did not name the columns. */
  readonly header?: boolean;
  readonly delimiter?: string;
  readonly quote?: boolean;
  /** From what cells held to the names of the labels. */
  readonly labelMap?: Readonly<Record<string, string>>;
};

const isText = (value: unknown) => typeof value === 'string';
const isFlag = (value: unknown) => typeof value === 'boolean';
const isColumn = (value: unknown) => isText(value) || (Number.isSafeInteger(value) && Number(value) >= 1);
const isMap = (value: unknown) => isJsonObject(value) && Object.values(value).every(isText);

const KEYS: Readonly<Record<keyof FileReading, (value: unknown) => boolean>> = {
  text: isColumn,
  pair: isColumn,
  label: isColumn,
  score: isColumn,
  header: isFlag,
  delimiter: isText,
  quote: isFlag,
  labelMap: isMap,
};

/** Whether what was read from a model's files is one. */
export function isFileReading(value: unknown): value is FileReading {
  if (!isJsonObject(value)) return false;
  const checks: Readonly<Record<string, (value: unknown) => boolean>> = KEYS;
  return Object.entries(value).every(([key, one]) => Object.hasOwn(checks, key) && checks[key]?.(one) === true);
}
