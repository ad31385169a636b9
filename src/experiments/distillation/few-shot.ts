/** @file Labelled rows that a language model is shown before it is asked, and that it is therefore not scored on. */
import { rowsByText } from '../../data/rows-by-text.js';
import { selectRows, type TextTable } from '../../data/text-table.js';
import { OptionError } from '../../errors/failures.js';
import type { LabelledExample } from '../../outside/asking/endpoint-options.js';
import { NO_LABEL } from '../../tensor/no-label.js';
import { RandomStream } from '../../tensor/random.js';

export type FewShot = {
  readonly examples: readonly LabelledExample[];
  /** Whether a row of a table is one of them by its content, whatever its case and blanks. */
  readonly isShown: (table: TextTable, row: number) => boolean;
};

/**
 * Draws examples, each label in turn, from rows that have one and whose content is in none of the scored tables.
 * @throws OptionError for fewer such rows.
 */
export function drawnExamples(
  table: TextTable,
  labelNames: readonly string[],
  { count, seed, scored }: { readonly count: number; readonly seed: number; readonly scored: readonly TextTable[] },
): FewShot {
  const contents = scored.map(rowsByText);
  const byLabel = labelNames.map((): number[] => []);
  for (const row of new RandomStream(seed, 'examples').permutation(table.size)) {
    const number = table.labels?.[row] ?? NO_LABEL;
    const label = number === NO_LABEL ? -1 : labelNames.indexOf(table.labelNames[number] as string);
    if (label < 0 || contents.some(({ firstLike }) => firstLike(table, row) !== undefined)) continue;
    byLabel[label]?.push(row);
  }
  const rows: number[] = [];
  for (let turn = 0; rows.length < count && byLabel.some((of) => turn < of.length); turn++) {
    for (const of of byLabel) {
      const row = of[turn];
      if (row !== undefined && rows.length < count) rows.push(row);
    }
  }
  if (rows.length < count) {
    throw new OptionError({
      where: 'teacherExamples',
      wanted: `${count} rows of ${table.name} with a label, which are not scored`,
      got: String(rows.length),
      fix: rows.length === 0 ? 'name the column of labels (labelColumn)' : 'show fewer',
    });
  }
  const { firstLike } = rowsByText(selectRows(table, rows));
  return {
    examples: rows.map((row) => ({
      text: table.texts[row] as string,
      ...(table.pairs && { pair: table.pairs[row] as string }),
      label: table.labelNames[table.labels?.[row] as number] as string,
    })),
    isShown: (other, row) => firstLike(other, row) !== undefined,
  };
}
