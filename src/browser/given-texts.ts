/** @file Texts and labels that a page holds, as a task. */
import { validationRows } from '../data/stratified.js';
import { selectRows, type TextTable, textTable } from '../data/text-table.js';
import { OptionError } from '../errors/failures.js';
import { NO_LABEL } from '../tensor/no-label.js';

/** Rows of text. */
export type GivenTexts = {
  readonly texts: readonly string[];
  /** The second texts of pairs. */
  readonly pairs?: readonly string[] | undefined;
  /** One for each text; null for a row without. */
  readonly labels?: readonly (string | null)[] | undefined;
  /** What a teacher's recorded outputs name rows by. Default: their numbers from 1. */
  readonly ids?: readonly string[] | undefined;
};

/** What a student is trained on. */
export type GivenTask = {
  readonly train: TextTable;
  /** Absent where no row has a label. */
  readonly validation?: TextTable;
  readonly labelNames: readonly string[];
  readonly isPair: boolean;
};

const VALIDATION_SHARE = 0.1;

/**
 * The task of these rows. Where validation rows are undefined, and not null, a tenth of the labelled ones is set aside, by label; the same rows for
 * the same seed.
 * @param given.labelNames in the order of a teacher's probabilities. Default: the labels, sorted.
 * @throws OptionError for fewer than two labels, or one that has no name; ShapeError for columns of different lengths.
 */
export function taskOf(
  given: GivenTexts & {
    readonly labelNames?: readonly string[] | undefined;
    readonly validation?: GivenTexts | null | undefined;
  },
  seed: number,
): GivenTask {
  const { validation, labelNames = sorted(given.labels ?? []) } = given;
  if (labelNames.length < 2) {
    throw new OptionError({
      where: 'labels',
      wanted: 'at least two different labels, or labelNames',
      got: labelNames.join(', ') || 'none',
    });
  }
  const isPair = given.pairs !== undefined;
  if (validation && (validation.pairs !== undefined) !== isPair) {
    const [wanted, got] = isPair ? ['pairs, as the training rows are', 'texts'] : ['texts', 'pairs'];
    throw new OptionError({ where: 'validation', wanted, got });
  }
  const whole = tableOf('train', given, labelNames);
  if (validation) {
    return { train: whole, validation: tableOf('validation', validation, labelNames), labelNames, isPair };
  }
  if (validation === null || !(whole.labels ?? []).some((label) => label !== NO_LABEL))
    return { train: whole, labelNames, isPair };
  const rows = validationRows(whole, { share: VALIDATION_SHARE }, seed);
  const isDrawn = new Set(rows);
  const others = Uint32Array.from({ length: whole.size }, (_, row) => row).filter((row) => !isDrawn.has(row));
  const part = selectRows(whole, rows);
  return { train: selectRows(whole, others), validation: { ...part, name: 'validation' }, labelNames, isPair };
}

function tableOf(name: string, { texts, pairs, labels, ids }: GivenTexts, labelNames: readonly string[]): TextTable {
  if (texts.length === 0) throw new OptionError({ where: name, wanted: 'at least one text', got: 'none' });
  expectStrings(texts, `${name}, texts`);
  if (pairs !== undefined) expectStrings(pairs, `${name}, pairs`);
  const numbers = new Map(labelNames.map((label, number) => [label, number]));
  return textTable(name, {
    texts,
    ...(pairs && { pairs }),
    ...(ids && { ids }),
    labelNames,
    ...(labels && { labels: labels.map((label, row) => numberOf(label, numbers, `${name}, labels, row ${row + 1}`)) }),
  });
}

function expectStrings(column: readonly unknown[], where: string): void {
  const row = column.findIndex((value) => typeof value !== 'string');
  if (row < 0) return;
  throw new OptionError({ where: `${where}, row ${row + 1}`, wanted: 'a text', got: String(column[row]) });
}

function numberOf(label: string | null, numbers: ReadonlyMap<string, number>, where: string): number {
  if (label === null) return NO_LABEL;
  const number = numbers.get(label);
  if (number !== undefined) return number;
  throw new OptionError({ where, wanted: `one of ${[...numbers.keys()].join(', ')}, or null`, got: `'${label}'` });
}

/** In the order of their code units. */
function sorted(labels: readonly (string | null)[]): string[] {
  return [...new Set(labels)].filter((label) => label !== null).sort();
}
