/** @file Rows of a file as a table, whatever its format and wherever its text is from: nothing of Node is behind it. */
import { FileError } from '../errors/failures.js';
import type { FileReading } from '../options/file-reading.js';
import { defined } from '../options/given.js';
import { rowNumbers } from './computed-column.js';
import type { TextFormat } from './formats/table.js';
import {
  BAD_ROW_FIX,
  type BadRow,
  type ColumnName,
  type Columns,
  quoted,
  type RowRequest,
  type TableHeader,
  type TableRow,
} from './formats/table-rows.js';
import { GrowingNumbers } from './growing-numbers.js';
import { isUnnamed, LabelColumn, type LabelOptions, otherNames } from './label-column.js';
import { readSplit } from './split-column.js';
import { TextIndex } from './text-index.js';
import type { TextTable } from './text-table.js';

export type ReadTextTableOptions = LabelOptions & {
  /** Default: by the file's extension. */
  readonly format?: TextFormat;
  /** The column of texts. Default: `text`. */
  readonly text?: ColumnName;
  /** The column of second texts, for pairs. */
  readonly pair?: ColumnName;
  /** The column of labels. Default: `label` where there is one; null reads none. */
  readonly label?: ColumnName | null;
  /** The column of numbers to be predicted, for regression. */
  readonly score?: ColumnName;
  /** The column of ids. Default: the row's number from 1. */
  readonly id?: ColumnName;
  /** What messages call the table. Default: the file's name. */
  readonly name?: string;
  /** Whether the first line of CSV or TSV names the columns. Default: unless columns are given by number. */
  readonly header?: boolean;
  /** Default: `,` for CSV, a tab for TSV. */
  readonly delimiter?: string;
  /** Whether `"` quotes fields (RFC 4180), or is a character like any other. Default: yes for CSV, no for TSV. */
  readonly quote?: boolean;
  /** Told of each row that cannot be read, which is then left out. Default: the first one is thrown. */
  readonly onBadRow?: (failure: FileError) => void;
};

export type ReadSplitRowsOptions = ReadTextTableOptions & {
  /** The column of the split that each row is of. Default: `split` where there is one; null reads none. */
  readonly split?: ColumnName | null | undefined;
};

export type SplitRows = {
  /** Of all splits. */
  readonly table: TextTable;
  /** The place of each row's split among `SPLITS`; absent without such a column. */
  readonly splits?: Uint8Array;
  /** Whether the label names are those that were found in the cells, of all splits. */
  readonly hasFoundNames: boolean;
};

/** Texts as they come. */
export type TextColumn = {
  readonly size: number;
  add(text: string): void;
  at(row: number): string;
  /** All of them; nothing is added afterwards. */
  column(): readonly string[];
};

/** The table of the rows that a reader gives. @throws as the reader does; FileError for cells that are not what their column is. */
export async function tableOfRows(
  path: string,
  rowsOf: (request: RowRequest) => AsyncGenerator<TableRow | BadRow, void>,
  options: ReadSplitRowsOptions & { readonly name: string },
  newColumn: () => TextColumn,
): Promise<SplitRows> {
  const found: FoundColumns = { roles: new Set() };
  const rows = rowsOf({
    columns: (header) => {
      const chosen = chosenColumns(options, header);
      found.roles = new Set(Object.keys(chosen));
      found.classNames = header.classNames?.(String(chosen.label));
      return chosen;
    },
    needsLabel: typeof options.label === 'string',
    header: hasHeader(options),
    delimiter: options.delimiter,
    quote: options.quote,
  });
  const builder = new TableBuilder(path, options, found, newColumn);
  for await (const row of rows) builder.add(row);
  return builder.finish();
}

/** What a file turned out to have, known from its first row on. */
type FoundColumns = { roles: ReadonlySet<string>; classNames?: readonly string[] | undefined };

export function hasHeader(options: ReadSplitRowsOptions): boolean {
  return options.header ?? !givenColumns(options).some((column) => typeof column === 'number');
}

export function givenColumns({
  text,
  pair,
  label,
  score,
  split,
  id,
}: ReadSplitRowsOptions): (ColumnName | null | undefined)[] {
  return [text, pair, label, score, split, id];
}

/** What of the options is not as it is where nothing is said; undefined if all is. */
function readingOf(options: ReadTextTableOptions): FileReading | undefined {
  const { text, pair, label, score, delimiter, quote, labelMap } = options;
  const reading: FileReading = defined({
    text: text === 'text' ? undefined : text,
    pair,
    label: label === null || label === 'label' ? undefined : label,
    score,
    header: hasHeader(options) ? undefined : false,
    delimiter,
    quote,
    labelMap,
  });
  return Object.keys(reading).length === 0 ? undefined : reading;
}

function chosenColumns(options: ReadSplitRowsOptions, { names, isOpen = false }: TableHeader): Columns {
  const { text = 'text', pair, score, id } = options;
  const { split = names.includes(SPLIT_COLUMN) ? SPLIT_COLUMN : null } = options;
  const { label = score === undefined && (isOpen || names.includes('label')) ? 'label' : null } = options;
  return {
    text,
    ...(pair === undefined ? {} : { pair }),
    ...(label === null ? {} : { label }),
    ...(split === null ? {} : { split }),
    ...defined({ score, id }),
  };
}

/** The column of splits where nobody names another. */
export const SPLIT_COLUMN = 'split';

/** Of a text: no model here reads more than a few thousand tokens, and splitting a text of many megabytes takes seconds. */
const MAX_CHARACTERS = 2 ** 20;

class TableBuilder {
  readonly #path: string;
  readonly #options: ReadSplitRowsOptions & { readonly name: string };
  readonly #found: FoundColumns;
  readonly #texts: TextColumn;
  readonly #pairs: TextColumn;
  readonly #scores = new GrowingNumbers((length) => new Float32Array(length));
  readonly #splits = new GrowingNumbers((length) => new Uint8Array(length));
  readonly #ids: TextColumn;
  /** Of the ids, each with its place for the message when one comes again. */
  readonly #places: TextColumn;
  readonly #seen = new TextIndex((row) => this.#ids.at(row));
  #labels: LabelColumn | undefined;
  #bad = 0;

  constructor(
    path: string,
    options: ReadSplitRowsOptions & { readonly name: string },
    found: FoundColumns,
    newColumn: () => TextColumn,
  ) {
    this.#path = path;
    this.#options = options;
    this.#found = found;
    this.#texts = newColumn();
    this.#pairs = newColumn();
    this.#ids = newColumn();
    this.#places = newColumn();
    // Before the file is read: names that cannot be right are wrong use, whatever the file holds.
    new LabelColumn(path, options);
  }

  add(row: TableRow | BadRow): void {
    const failure = 'failure' in row ? row.failure : this.#take(row);
    if (failure === undefined) return;
    if (this.#options.onBadRow === undefined) throw failure;
    this.#bad++;
    this.#options.onBadRow(failure);
  }

  /** Nothing is added before all cells are known to be right. */
  #take({ where, cells }: TableRow): FileError | undefined {
    const { roles } = this.#found;
    const long = [cells.text, cells.pair].find((text) => (text?.length ?? 0) > MAX_CHARACTERS);
    if (long !== undefined) {
      const wanted = `a text of at most ${MAX_CHARACTERS} characters`;
      return new FileError({ where, wanted, got: `one of ${long.length}`, fix: BAD_ROW_FIX });
    }
    this.#labels ??= new LabelColumn(this.#path, this.#labelOptions());
    const label = roles.has('label') ? this.#labels.read(cells.label, where) : 0;
    if (label instanceof FileError) return label;
    const score = roles.has('score') ? readScore(cells.score, where) : 0;
    if (score instanceof FileError) return score;
    const split = roles.has('split') ? readSplit(cells.split, where, this.#options.split === undefined) : 0;
    if (split instanceof FileError) return split;
    if (roles.has('id')) {
      const id = cells.id?.trim() ?? '';
      const before = id === '' ? undefined : this.#seen.firstOf(id);
      if (id === '' || before !== undefined) {
        const got = before === undefined ? 'an empty one' : `${quoted(id)}, as in ${this.#places.at(before)}`;
        return new FileError({ where, wanted: 'a unique id', got, fix: 'correct it, or leave out id' });
      }
      this.#seen.add(id);
      this.#ids.add(id);
      this.#places.add(where);
    }
    this.#texts.add(cells.text ?? '');
    if (roles.has('pair')) this.#pairs.add(cells.pair ?? '');
    if (roles.has('label')) this.#labels.add(label);
    if (roles.has('score')) this.#scores.push(score);
    if (roles.has('split')) this.#splits.push(split);
    return undefined;
  }

  finish(): SplitRows {
    const { roles } = this.#found;
    const { size } = this.#texts;
    if (size === 0) {
      const got = this.#bad > 0 ? `${this.#bad} that cannot be read` : 'none';
      throw new FileError({ where: this.#path, wanted: 'at least one row', got, fix: 'check that this is the file' });
    }
    const labels = roles.has('label') ? this.#labels?.finish() : undefined;
    const { labelNames, labelMap } = this.#labelOptions();
    const table: TextTable = {
      name: this.#options.name,
      size,
      ids: roles.has('id') ? this.#ids.column() : rowNumbers(size),
      texts: this.#texts.column(),
      ...(roles.has('pair') ? { pairs: this.#pairs.column() } : {}),
      ...(labels === undefined || labels.labelNames.length === 0 ? {} : { labels: labels.labels }),
      labelNames: labels?.labelNames ?? [],
      ...(roles.has('score') ? { scores: this.#scores.numbers().slice() } : {}),
      ...defined({ readAs: readingOf(this.#options) }),
    };
    return {
      table,
      ...(roles.has('split') && { splits: this.#splits.numbers().slice() }),
      hasFoundNames: (labelNames ?? labelMap) === undefined,
    };
  }

  /** As told; numbers of a file that names them stand for these names. */
  #labelOptions(): LabelOptions {
    const { labelNames, labelMap, labelsFromZero, onNotice } = this.#options;
    const { classNames } = this.#found;
    const given = { ...defined({ labelNames, labelMap, labelsFromZero }), onNotice };
    if (classNames === undefined || labelMap !== undefined || labelsFromZero === true) return given;
    if (labelNames !== undefined && !classNames.every((name) => labelNames.includes(name))) {
      if (isUnnamed(labelNames)) return given;
      throw otherNames(this.#path, labelNames, classNames);
    }
    return { labelNames: labelNames ?? classNames, labelMap: Object.fromEntries(classNames.entries()) };
  }
}

function readScore(cell: string | undefined, where: string): number | FileError {
  const value = cell?.trim() ?? '';
  if (value === '' || /^nan$/iu.test(value)) return Number.NaN;
  const score = Number(value);
  if (Number.isFinite(Math.fround(score))) return score;
  return new FileError({
    where,
    wanted: 'a finite number as score',
    got: quoted(value),
    fix: 'correct that cell, or leave it empty for a row without a score',
  });
}
