/** @file Texts and labels of a file that a page was given. */
import { columnRoles } from '../data/column-roles.js';
import { type GivenFile, givenColumns, readGivenTable } from '../data/given-file.js';
import { type FileError, OptionError } from '../errors/failures.js';
import { defined } from '../options/given.js';
import { NO_LABEL } from '../tensor/no-label.js';
import type { GivenTexts } from './given-texts.js';

/** Columns by name. */
export type TextColumns = {
  readonly text: string;
  /** Of second texts. */
  readonly pair?: string | undefined;
  readonly label?: string | undefined;
  /** What a teacher's recorded outputs may name rows by. */
  readonly id?: string | undefined;
};

export type FoundColumns = {
  readonly names: readonly string[];
  /** As far as names and cells say which is which. */
  readonly guess: Partial<TextColumns>;
};

const ID = 'id';

/**
 * The columns of a file (.csv, .tsv, .jsonl, .json), and which of them seem to be texts and labels.
 * @throws FileError for a file that cannot be read, or has one column.
 */
export async function columnsOf(file: GivenFile): Promise<FoundColumns> {
  const columns = await givenColumns(file);
  const names = columns.map(({ name }) => name);
  const id = names.find((name) => name.toLowerCase() === ID);
  try {
    const { text, pair, label } = columnRoles(file.name, columns);
    return { names, guess: { text, ...defined({ pair, label, id }) } };
  } catch (error) {
    // It says which column might be what: whoever looks at the page knows better.
    if (!(error instanceof OptionError)) throw error;
    return { names, guess: defined({ id }) };
  }
}

/**
 * The rows of a file, in these columns.
 * @param onBadRow Told of each row that cannot be read, which is then left out. Default: the first one is thrown.
 * @throws FileError with file and line for a row that cannot be read, a missing column, or no row at all.
 */
export async function readTexts(
  file: GivenFile,
  { text, pair, label, id }: TextColumns,
  onBadRow?: (failure: FileError) => void,
): Promise<GivenTexts> {
  const columns = { text, label: label ?? null, ...defined({ pair, id, onBadRow }) };
  const { texts, pairs, labels, labelNames, ids } = await readGivenTable(file, columns);
  return {
    texts,
    ...defined({ pairs, ids: id === undefined ? undefined : [...ids] }),
    ...(labels && {
      labels: Array.from(labels, (number) => (number === NO_LABEL ? null : (labelNames[number] as string))),
    }),
  };
}
