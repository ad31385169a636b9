import { closest } from 'fastest-levenshtein';
import { FileError, OptionError } from '../errors/failures.js';
import { NO_LABEL } from '../tensor/no-label.js';
import { quoted, quotedList } from './formats/table-rows.js';
import { GrowingNumbers } from './growing-numbers.js';

export type LabelOptions = {
  /**
   * Names in the order of the label numbers. Cells hold these names or, unless names are numbers themselves, numbers from 0
   * into them. Default: found.
   */
  readonly labelNames?: readonly string[];
  /** From what cells hold to label names: `{ 1: 'bad', 2: 'bad', 3: 'good' }`. */
  readonly labelMap?: Readonly<Record<string, string>>;
  /**
   * True if numbers in cells are known to be from 0 into `labelNames`. Default: they are taken for that if 0 is among them,
   * and refused if it is not, since they may be from 1.
   */
  readonly labelsFromZero?: boolean;
  /** Told which label each number of a cell was taken for, unless `labelsFromZero` has said it. */
  readonly onNotice?: ((text: string) => void) | undefined;
};

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/iu;
const SHOWN_NAMES = 6;
/** Numbers without names cannot be told apart from other numbers. */
const NUMBERS_FIX = 'write the names, or say what each number means: --label_names FILE (labelMap in code)';
/** Above this many labels, as many as rows look like texts or scores. */
const MANY_LABELS = 100;

/**
 * Turns the cells of a column into label numbers. Without names they are found: sorted by number if all cells are
 * numbers, else by character. Empty cells and -100 are rows without a label; so is -1 if it is the only value or is no
 * label that was given, as test sets of the Hugging Face hub have it.
 */
export class LabelColumn {
  readonly #path: string;
  readonly #map: ReadonlyMap<string, string> | undefined;
  readonly #names: readonly string[] | undefined;
  readonly #numberOf: Map<string, number>;
  readonly #numbers = new GrowingNumbers((length) => new Int32Array(length));
  readonly #hasNumericNames: boolean;
  readonly #onNotice: ((text: string) => void) | undefined;
  readonly #isFromZero: boolean;
  #kind: 'names' | 'numbers' | undefined;

  /** @throws OptionError for names that are there twice, or a map to names that are not given. */
  constructor(path: string, { labelNames, labelMap, labelsFromZero = false, onNotice }: LabelOptions) {
    this.#path = path;
    this.#isFromZero = labelsFromZero;
    this.#onNotice = onNotice;
    this.#map = labelMap === undefined ? undefined : new Map(Object.entries(labelMap));
    this.#names = labelNames ?? (this.#map === undefined ? undefined : [...new Set(this.#map.values())]);
    this.#numberOf = new Map(this.#names?.map((name, number) => [name, number]));
    if (this.#names !== undefined && this.#numberOf.size !== this.#names.length) {
      throw new OptionError({ where: 'labelNames', wanted: 'each name once', got: quotedList(this.#names) });
    }
    this.#hasNumericNames = this.#names?.some((name) => NUMBER.test(name)) ?? false;
    const unknown = [...(this.#map?.values() ?? [])].find((name) => !this.#numberOf.has(name));
    if (unknown !== undefined) {
      throw new OptionError({ where: 'labelMap', wanted: 'names of labelNames', got: quoted(unknown) });
    }
  }

  /** The cell's label, to be added; or what is wrong with it. */
  read(cell: string | undefined, where: string): number | FileError {
    const value = cell?.trim() ?? '';
    if (value === '' || value === String(NO_LABEL)) return NO_LABEL;
    if (this.#map !== undefined) {
      const name = this.#map.get(value);
      if (name !== undefined) return this.#numberOf.get(name) as number;
      return value === '-1' ? NO_LABEL : unknownLabel(value, [...this.#map.keys()], where, 'labelMap');
    }
    if (this.#names !== undefined) return this.#given(value, this.#names, where);
    const known = this.#numberOf.get(value) ?? this.#numberOf.size;
    this.#numberOf.set(value, known);
    return known;
  }

  add(label: number): void {
    this.#numbers.push(label);
  }

  /** @throws FileError if the cells look like anything but labels. */
  finish(): { readonly labels: Int32Array; readonly labelNames: readonly string[] } {
    const numbers = this.#numbers.numbers();
    if (this.#names !== undefined) {
      if (this.#kind === 'numbers' && !this.#isFromZero) this.#expectFromZero(this.#names);
      return { labels: numbers.slice(), labelNames: this.#names };
    }
    const found = [...this.#numberOf.keys()];
    const labelled = numbers.reduce((count, number) => count + (number === NO_LABEL ? 0 : 1), 0);
    if (found.length > MANY_LABELS && found.length > 0.9 * labelled) {
      throw new FileError({
        where: this.#path,
        wanted: 'labels that repeat',
        got: `${found.length} different ones in ${labelled} rows (${quoted(found[0] ?? '')} …)`,
        fix: 'name another column; if these are labels, give labelNames',
      });
    }
    if (found.length === 1 && found[0] === '-1') {
      return { labels: new Int32Array(numbers.length).fill(NO_LABEL), labelNames: [] };
    }
    const labelNames = sortedLabels(found);
    const renumbered = new Map(labelNames.map((name, number) => [this.#numberOf.get(name) as number, number]));
    return { labels: numbers.map((number) => renumbered.get(number) ?? NO_LABEL), labelNames };
  }

  /** @throws FileError for numbers that may as well be from 1: all would be taken for the label after their own. */
  #expectFromZero(names: readonly string[]): void {
    const numbers = [...new Set(this.#numbers.numbers())].filter((number) => number !== NO_LABEL).sort((a, b) => a - b);
    if (numbers[0] === 0) {
      const taken = names.slice(0, SHOWN_NAMES).map((name, number) => `${number} is ${name}`);
      const more = names.length > taken.length ? ', …' : '';
      this.#onNotice?.(`${this.#path}: its labels are numbers, taken from 0: ${taken.join(', ')}${more}`);
      return;
    }
    throw new FileError({
      where: this.#path,
      wanted: `labels by name (${quotedList(names)}), or numbers from 0`,
      got: `the numbers ${shortList(numbers)} without a 0, which may be from 1`,
      fix: NUMBERS_FIX,
    });
  }

  #given(value: string, names: readonly string[], where: string): number | FileError {
    const named = this.#numberOf.get(value);
    // With names that are numbers themselves, a number that is none of them is not a place among them.
    const number = !this.#hasNumericNames && /^\d+(\.0+)?$/u.test(value) ? Number(value) : Number.NaN;
    const label = named ?? (number < names.length ? number : undefined);
    if (label === undefined) {
      if (value === '-1') return NO_LABEL;
      return number >= names.length
        ? unknownNumber(value, names, where)
        : unknownLabel(value, names, where, 'labelNames');
    }
    const kind = named === undefined ? 'numbers' : 'names';
    this.#kind ??= kind;
    if (this.#kind === kind) return label;
    return new FileError({
      where,
      wanted: `labels as ${this.#kind}, as in earlier rows`,
      got: quoted(value),
      fix: 'give labelMap, which says what each value means',
    });
  }
}

/** By number if all are numbers, else by character; never by the machine's language. */
function sortedLabels(labels: readonly string[]): string[] {
  const isNumeric = labels.every((label) => NUMBER.test(label));
  const byCharacter = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return [...labels].sort((a, b) => (isNumeric ? Number(a) - Number(b) : 0) || byCharacter(a, b));
}

function shortList(numbers: readonly number[]): string {
  return numbers.length > SHOWN_NAMES ? `${numbers.slice(0, SHOWN_NAMES).join(', ')}, …` : numbers.join(', ');
}

function unknownNumber(value: string, names: readonly string[], where: string): FileError {
  const wanted = `one of the labels ${quotedList(names)}, or their numbers from 0 to ${names.length - 1}`;
  return new FileError({
    where,
    wanted,
    got: quoted(value),
    fix: `correct that cell; if all are numbers from 1, ${NUMBERS_FIX}`,
  });
}

export function unknownLabel(value: string, known: readonly string[], where: string, option: string): FileError {
  const near = known.length === 0 ? '' : ` (nearest: ${quoted(closest(value, [...known]))})`;
  return new FileError({
    where,
    wanted: `one of the labels ${quotedList(known)}`,
    got: `${quoted(value)}${near}`,
    fix: `correct that cell; if it is a label, ${
      option === 'labelNames' ? 'the training rows need it too, or give labelMap' : `extend ${option}`
    }`,
  });
}

/** Whether they are the names that transformers gives to classes of which nobody said more. */
export function isUnnamed(names: readonly string[]): boolean {
  return names.every((name, i) => name === `LABEL_${i}`);
}

/** Of a file that names its classes, where others are wanted. */
export function otherNames(where: string, wanted: readonly string[], got: readonly string[]): FileError {
  return new FileError({
    where,
    wanted: `the labels ${quotedList(wanted)}`,
    got: `a column of numbers that the file calls ${quotedList(got)}`,
    fix: 'say which label each number means: --label_names FILE (labelMap in code)',
  });
}
