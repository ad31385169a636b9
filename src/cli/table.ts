import { formatCount } from '../errors/number-text.js';
import { formatSeconds } from './numbers.js';
import { DEFAULT_COLUMNS } from './terminal.js';

/** One model of the primer: the article's accuracy beside ours, both in percent. */
export type PrimerRow = {
  readonly model: 'teacher' | 'small' | 'small-with-kd';
  readonly parameters: number;
  readonly articleAccuracy: number;
  /** Undefined while the model is not trained. */
  readonly ourAccuracy: number | undefined;
  readonly seconds: number | undefined;
};

/** Names and headings in full, and cut for a terminal of 40 columns. */
const WORDINGS = [
  {
    headings: ['model', 'parameters', 'article %', 'ours %', 'time'],
    models: { teacher: 'teacher', small: 'small model', 'small-with-kd': 'small model with KD' },
    gap: 3,
  },
  {
    headings: ['model', 'params', 'article', 'ours', 'time'],
    models: { teacher: 'teacher', small: 'small', 'small-with-kd': 'small + KD' },
    gap: 1,
  },
] as const;

/** The primer's table in the widest wording that fits; the narrowest needs 40 columns. Ends without a line break. */
export function renderPrimerTable(rows: readonly PrimerRow[], columns = DEFAULT_COLUMNS): string {
  const [full, short] = WORDINGS.map(({ headings, models, gap }) =>
    alignColumns(
      headings,
      rows.map((row) => [
        models[row.model],
        formatCount(row.parameters),
        row.articleAccuracy.toFixed(2),
        row.ourAccuracy?.toFixed(2) ?? '-',
        row.seconds === undefined ? '-' : formatSeconds(row.seconds),
      ]),
      gap,
    ),
  );
  const fits = (lines: readonly string[]) => lines.every((line) => line.length <= columns);
  return (full !== undefined && (fits(full) || short === undefined) ? full : (short ?? [])).join('\n');
}

/** Any table, its gaps as wide as the columns allow. Ends without a line break. */
export function renderTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  columns = DEFAULT_COLUMNS,
): string {
  const [wide, narrow] = [3, 1].map((gap) => alignColumns(headings, rows, gap));
  const fits = wide?.every((line) => line.length <= columns) === true;
  return ((fits ? wide : narrow) ?? []).join('\n');
}

/** Lines of a table under a rule: the first column to the left, the others, numbers, to the right. */
function alignColumns(headings: readonly string[], rows: readonly (readonly string[])[], gap: number): string[] {
  const widths = headings.map((heading, i) => Math.max(heading.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join(' '.repeat(gap));
  return [line(headings), widths.map((width) => '-'.repeat(width)).join(' '.repeat(gap)), ...rows.map(line)];
}
