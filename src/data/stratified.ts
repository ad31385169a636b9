import { OptionError } from '../errors/failures.js';
import { NO_LABEL } from '../tensor/no-label.js';
import { RandomStream } from '../tensor/random.js';
import { selectRows, type TextTable } from './text-table.js';
import type { TextTask } from './text-task.js';

/** How many rows to draw: so many, or a share of all between 0 and 1. */
export type Portion = { readonly rows: number } | { readonly share: number };

/**
 * Draws rows without replacement, each label in its share of the table. The shares are exact: every label gets the whole
 * part of `rows` · (its rows) / (all rows), and what is left over goes to the largest remainders (Hamilton's method), the
 * lower label first among equals. Rows without a label are a class of their own; a table without labels is one class.
 * Which rows of a class are drawn is a function of seed, class and the number of its rows.
 * @returns Row numbers in the table's order.
 * @throws OptionError for a portion that is not there.
 */
export function stratifiedRows(table: TextTable, portion: Portion, seed: number): Uint32Array {
  const wanted = rowsOf(portion, table);
  const classes = rowsByClass(table);
  const quotas = largestRemainder(
    classes.map(({ length }) => length),
    wanted,
  );
  const drawn = classes.flatMap((rows, place) => {
    const order = new RandomStream(seed, 'stratified', place).permutation(rows.length);
    return Array.from(order.subarray(0, quotas[place]), (at) => rows[at] as number);
  });
  return Uint32Array.from(drawn).sort();
}

/** A smaller table of the same make-up, as `stratifiedRows` draws it. */
export function stratifiedSubset(table: TextTable, portion: Portion, seed: number, name = table.name): TextTable {
  return selectRows(table, stratifiedRows(table, portion, seed), name);
}

/**
 * Cuts a table in two of the same make-up: `part` is what `stratifiedRows` draws, `rest` all other rows.
 * @throws OptionError for a portion that is not there or leaves nothing.
 */
export function stratifiedSplit(
  table: TextTable,
  portion: Portion,
  seed: number,
): { readonly part: TextTable; readonly rest: TextTable } {
  return cutInTwo(table, stratifiedRows(table, portion, seed));
}

/** @throws OptionError for rows that leave nothing. */
function cutInTwo(table: TextTable, drawn: Uint32Array): { readonly part: TextTable; readonly rest: TextTable } {
  if (drawn.length === table.size) {
    throw new OptionError({ where: 'portion', wanted: `fewer than all ${table.size} rows`, got: String(table.size) });
  }
  const isDrawn = new Uint8Array(table.size);
  for (const row of drawn) isDrawn[row] = 1;
  const others = everyRow(table.size).filter((row) => isDrawn[row] === 0);
  return { part: selectRows(table, drawn), rest: selectRows(table, others) };
}

/**
 * The task with a dev split: its own if it has one, else a stratified tenth (or another portion) that is taken out of
 * its training rows. Ids stay those of the training set.
 * @throws OptionError as `stratifiedSplit`; the task is returned as it is if it has no training rows either.
 */
export function withDev(task: TextTask, options: { readonly seed: number; readonly portion?: Portion }): TextTask {
  const { train } = task;
  if (task.dev !== undefined || train === undefined) return task;
  const { portion = { share: 0.1 }, seed } = options;
  const { part, rest } = cutInTwo(train, validationRows(train, portion, seed));
  // A file may be called dev.csv itself.
  const name = task.name === 'dev' ? task.name : `${task.name} dev`;
  return { ...task, train: rest, dev: { ...part, name: `${name}, cut from train` } };
}

/**
 * Rows for a validation split, as `stratifiedRows` draws them, one at least: rows without a label or score would be of no use
 * in it, unless all are without.
 * @throws OptionError as `stratifiedRows`; for a single row.
 */
export function validationRows(table: TextTable, portion: Portion, seed: number): Uint32Array {
  const judged = rowsWithTargets(table);
  const pool = judged.length === 0 || judged.length === table.size ? undefined : selectRows(table, judged);
  const drawn = stratifiedRows(pool ?? table, atLeastOne(portion, pool ?? table), seed);
  return pool === undefined ? drawn : drawn.map((row) => judged[row] as number);
}

/** Of few rows a small share would be none. @throws OptionError for a single row, which cannot be two splits. */
function atLeastOne(portion: Portion, { name, size }: TextTable): Portion {
  if (size < 2) {
    const wanted = 'at least two labelled rows, one of them for a validation split';
    throw new OptionError({ where: name, wanted, got: `${size}`, fix: 'add rows, or give dev, a file of its own' });
  }
  return 'share' in portion && portion.share > 0 && portion.share * size < 1 ? { rows: 1 } : portion;
}

function rowsWithTargets({ size, labels, scores }: TextTable): Uint32Array {
  const isThere = (row: number): boolean =>
    scores === undefined ? labels?.[row] !== NO_LABEL : !Number.isNaN(scores[row]);
  return everyRow(size).filter(isThere);
}

function everyRow(size: number): Uint32Array {
  return new Uint32Array(size).map((_, row) => row);
}

/** @returns For each size its share of `total`, in whole numbers that add up to it. */
export function largestRemainder(sizes: readonly number[], total: number): number[] {
  const all = sizes.reduce((sum, size) => sum + size, 0);
  // Products of two row counts are exact in float64, so equal remainders are found equal.
  const quotas = sizes.map((size) => Math.floor((size * total) / all));
  const remainders = sizes.map((size, place) => size * total - (quotas[place] as number) * all);
  const left = total - quotas.reduce((sum, quota) => sum + quota, 0);
  const byRemainder = sizes
    .map((_, place) => place)
    .sort((a, b) => (remainders[b] as number) - (remainders[a] as number));
  for (const place of byRemainder.slice(0, left)) quotas[place] = (quotas[place] as number) + 1;
  return quotas;
}

function rowsOf(portion: Portion, table: TextTable): number {
  if ('share' in portion) {
    const { share } = portion;
    const rows = Math.round(share * table.size);
    if (share > 0 && share <= 1 && rows >= 1) return rows;
    throw new OptionError({
      where: 'share',
      wanted: `a share of ${table.size} rows, from one row to 1`,
      got: String(share),
    });
  }
  const { rows } = portion;
  if (Number.isInteger(rows) && rows >= 1 && rows <= table.size) return rows;
  throw new OptionError({ where: 'rows', wanted: `1 to ${table.size} rows of ${table.name}`, got: String(rows) });
}

/** The rows of each label in order, then those without one. */
function rowsByClass(table: TextTable): number[][] {
  const unlabelled = table.labelNames.length;
  const classes: number[][] = Array.from({ length: unlabelled + 1 }, () => []);
  for (let row = 0; row < table.size; row++) {
    const label = table.labels?.[row] ?? NO_LABEL;
    classes[label === NO_LABEL ? unlabelled : label]?.push(row);
  }
  return classes;
}
