import { OptionError, ShapeError } from '../errors/failures.js';
import type { FileReading } from '../options/file-reading.js';
import { defined } from '../options/given.js';
import { NO_LABEL } from '../tensor/no-label.js';
import { chosenFrom, computedColumn, joinedColumns, rowNumbers } from './computed-column.js';
import { packedRows } from './packed-texts.js';
import { TextIndex } from './text-index.js';

/**
 * Rows of text in memory, before any tokenizer. All columns have `size` elements. Columns of text that were read from a
 * file are kept as bytes, and make each string when it is read.
 */
export type TextTable = {
  /** For messages: `sst2 train`, `reviews.csv`. */
  readonly name: string;
  readonly size: number;
  /** Unique in the table: from a column, else the row's number from 1. */
  readonly ids: readonly string[];
  readonly texts: readonly string[];
  /** The second texts of pairs. */
  readonly pairs?: readonly string[];
  /** Numbers into `labelNames`; `NO_LABEL` where a row has none. Absent without labels. */
  readonly labels?: Int32Array;
  /** In the order of the label numbers; empty without labels. */
  readonly labelNames: readonly string[];
  /** For regression; NaN where a row has none. */
  readonly scores?: Float32Array;
  /** Of a file of one's own, where it was not read as files usually are: kept with a model that is trained on it. */
  readonly readAs?: FileReading;
};

/** What a table is made of; ids default to the rows' numbers from 1. */
export type TextColumns = {
  readonly texts: readonly string[];
  readonly ids?: readonly string[];
  readonly pairs?: readonly string[];
  readonly labels?: ArrayLike<number>;
  readonly labelNames?: readonly string[];
  readonly scores?: ArrayLike<number>;
  readonly readAs?: FileReading | undefined;
};

/**
 * A table of rows that are in memory already.
 * @throws ShapeError for columns of different lengths; OptionError for ids or label names that are there twice, a label
 * without a name, a score that is infinite.
 */
export function textTable(name: string, columns: TextColumns): TextTable {
  const size = columns.texts.length;
  for (const column of ['ids', 'pairs', 'labels', 'scores'] as const) {
    const length = columns[column]?.length ?? size;
    if (length === size) continue;
    throw new ShapeError({ where: `${name}, ${column}`, wanted: `${size} values, one per text`, got: `${length}` });
  }
  if (columns.ids !== undefined) expectUnique(columns.ids, `${name}, ids`);
  return tableOf(name, columns);
}

/** The table of columns of one length whose ids are unique. */
function tableOf(name: string, columns: TextColumns): TextTable {
  const { texts, pairs, labelNames = [], readAs } = columns;
  const size = texts.length;
  expectUnique(labelNames, `${name}, labelNames`);
  return {
    name,
    size,
    ids: columns.ids ?? rowNumbers(size),
    texts,
    ...(pairs === undefined ? {} : { pairs }),
    ...(columns.labels === undefined ? {} : { labels: checkedLabels(columns.labels, labelNames.length, name) }),
    labelNames,
    ...(columns.scores === undefined ? {} : { scores: checkedScores(columns.scores, name) }),
    ...defined({ readAs }),
  };
}

/**
 * The rows of those numbers (from 0), in that order, with their ids.
 * @throws ShapeError for a row that does not exist; OptionError for one that is asked for twice.
 */
export function selectRows(table: TextTable, rows: ArrayLike<number>, name = table.name): TextTable {
  const { texts, pairs, labels, labelNames, scores, readAs } = table;
  const chosen = checkedRows(table, rows, name);
  // A small selection has texts of its own, so that all others may go.
  const isSmall = 2 * chosen.length < table.size;
  const columnOf = (column: readonly string[]) => (isSmall ? packedRows(column, chosen) : chosenFrom(column, chosen));
  return tableOf(name, {
    ids: chosenFrom(table.ids, chosen),
    texts: columnOf(texts),
    ...(pairs === undefined ? {} : { pairs: columnOf(pairs) }),
    ...(labels === undefined ? {} : { labels: Int32Array.from(chosen, (row) => labels[row] as number) }),
    labelNames,
    ...(scores === undefined ? {} : { scores: Float32Array.from(chosen, (row) => scores[row] as number) }),
    readAs,
  });
}

function checkedRows(table: TextTable, rows: ArrayLike<number>, name: string): Uint32Array {
  const isTaken = new Uint8Array(table.size);
  return Uint32Array.from(rows, (row) => {
    if (!(Number.isInteger(row) && row >= 0 && row < table.size)) {
      throw new ShapeError({ where: table.name, wanted: `rows from 0 to ${table.size - 1}`, got: String(row) });
    }
    if (isTaken[row] === 1) throw duplicate(`${name}, ids`, table.ids[row] as string);
    isTaken[row] = 1;
    return row;
  });
}

/** The same texts as a pool for a teacher to label. */
export function withoutLabels(table: TextTable): TextTable {
  const { name, size, ids, texts, pairs } = table;
  return { name, size, ids, texts, ...(pairs === undefined ? {} : { pairs }), labelNames: [] };
}

/**
 * Tables one after the other, such as a training set and a pool without labels. Ids get the table's key before them:
 * `train/1`, `pool/1`.
 * @throws OptionError for tables of which some have pairs and some not, or whose label names differ.
 */
export function joinTables(name: string, tables: Readonly<Record<string, TextTable>>): TextTable {
  const parts = Object.entries(tables);
  const all = parts.map(([, table]) => table);
  const withPairs = all.filter((table) => table.pairs !== undefined);
  if (withPairs.length > 0 && withPairs.length < all.length) {
    const single = all.find((table) => table.pairs === undefined);
    throw new OptionError({ where: name, wanted: 'pairs in every table, or in none', got: `${single?.name} without` });
  }
  const named = all.filter((table) => table.labelNames.length > 0);
  const labelNames = named[0]?.labelNames ?? [];
  const other = named.find((table) => !sameNames(table.labelNames, labelNames));
  if (other !== undefined) {
    throw new OptionError({
      where: name,
      wanted: `the labels of ${named[0]?.name} in every table (${labelNames.join(', ')})`,
      got: `${other.name} with ${other.labelNames.join(', ')}`,
      fix: 'read both with the same labelNames',
    });
  }
  return textTable(name, {
    ids: joinedColumns(parts.map(([key, { ids }]) => computedColumn(ids.length, (row) => `${key}/${ids[row]}`))),
    texts: joinedColumns(all.map(({ texts }) => texts)),
    ...(withPairs.length > 0 ? { pairs: joinedColumns(all.map(({ pairs = [] }) => pairs)) } : {}),
    ...(all.some((table) => table.labels !== undefined) ? { labels: joinedLabels(all) } : {}),
    labelNames,
    ...(all.some((table) => table.scores !== undefined) ? { scores: joinedScores(all) } : {}),
    readAs: all.find((table) => table.readAs !== undefined)?.readAs,
  });
}

/** The labels of tables one after the other; `NO_LABEL` for those of a table without. */
export function joinedLabels(tables: readonly Pick<TextTable, 'size' | 'labels'>[]): Int32Array {
  const joined = new Int32Array(tables.reduce((sum, { size }) => sum + size, 0)).fill(NO_LABEL);
  let start = 0;
  for (const { size, labels } of tables) {
    if (labels !== undefined) joined.set(labels, start);
    start += size;
  }
  return joined;
}

/** The scores of tables one after the other; NaN for those of a table without. */
export function joinedScores(tables: readonly Pick<TextTable, 'size' | 'scores'>[]): Float32Array {
  const joined = new Float32Array(tables.reduce((sum, { size }) => sum + size, 0)).fill(Number.NaN);
  let start = 0;
  for (const { size, scores } of tables) {
    if (scores !== undefined) joined.set(scores, start);
    start += size;
  }
  return joined;
}

/** How many rows each label has, in the order of `labelNames`; rows without one are not counted. */
export function labelCounts(table: TextTable): number[] {
  const counts = table.labelNames.map(() => 0);
  for (const label of table.labels ?? []) {
    if (label !== NO_LABEL) counts[label] = (counts[label] ?? 0) + 1;
  }
  return counts;
}

/** How many rows, or of the first so many, have a label or score: those that a metric is of. */
export function targetRows({ labels, scores }: Pick<TextTable, 'labels' | 'scores'>, rows?: number): number {
  const targets = (scores ?? labels)?.subarray(0, rows);
  let count = 0;
  for (const target of targets ?? []) {
    if (scores === undefined ? target !== NO_LABEL : !Number.isNaN(target)) count += 1;
  }
  return count;
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i]);
}

function expectUnique(values: readonly string[], where: string): void {
  const seen = new TextIndex((row) => values[row] as string);
  for (let row = 0; row < values.length; row++) {
    if (seen.add(values[row] as string) !== undefined) throw duplicate(where, values[row] as string);
  }
}

function duplicate(where: string, value: string): OptionError {
  return new OptionError({ where, wanted: 'no duplicates', got: `'${value}' twice` });
}

function checkedLabels(labels: ArrayLike<number>, names: number, where: string): Int32Array {
  return Int32Array.from(labels, (label, row) => {
    if (label === NO_LABEL || (Number.isInteger(label) && label >= 0 && label < names)) return label;
    const wanted = names === 0 ? 'labelNames beside labels' : `labels from 0 to ${names - 1}, or ${NO_LABEL} for none`;
    throw new OptionError({ where: `${where}, row ${row + 1}`, wanted, got: String(label) });
  });
}

function checkedScores(scores: ArrayLike<number>, where: string): Float32Array {
  return Float32Array.from(scores, (score, row) => {
    if (Number.isNaN(score) || Number.isFinite(Math.fround(score))) return score;
    throw new OptionError({ where: `${where}, row ${row + 1}`, wanted: 'a finite score', got: String(score) });
  });
}
