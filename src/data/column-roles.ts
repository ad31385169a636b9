/**
 * @file Which column of a file holds the texts and which the labels: by their names, else by what they hold. Nothing of Node is
 * behind it.
 */
import { FileError, OptionError } from '../errors/failures.js';
import { parseDecimal } from '../options/decimal.js';
import type { ColumnSample } from './column-sample.js';
import { delimiterFix } from './formats/delimited-rows.js';
import { quoted } from './formats/table-rows.js';
import { isSplitName, NO_SPLIT } from './split-column.js';

export type ColumnRoles = {
  readonly text: string;
  readonly pair?: string;
  /** One of the two. */
  readonly label?: string;
  readonly score?: string;
  /** Of the split that each row is of. */
  readonly split?: string;
};

/** What the flags say already. */
export type GivenRoles = Partial<ColumnRoles>;

/** Names that people give to columns, likeliest first. */
const TEXT_NAMES = [
  ...['text', 'sentence', 'review', 'content', 'body', 'comment', 'message', 'tweet', 'utterance', 'question', 'query'],
  ...[
    'document',
    'article',
    'abstract',
    'description',
    'summary',
    'post',
    'reviewtext',
    'review_text',
    'input',
    'title',
  ],
];
const PAIR_NAMES: readonly (readonly [string, string])[] = [
  ['sentence1', 'sentence2'],
  ['question1', 'question2'],
  ['text1', 'text2'],
  ['text_a', 'text_b'],
  ['premise', 'hypothesis'],
  ['#1 string', '#2 string'],
  ['question', 'sentence'],
  ['question', 'answer'],
  ['query', 'passage'],
  ['query', 'document'],
];
const LABEL_NAMES = [
  ...['label', 'labels', 'gold_label', 'class', 'category', 'sentiment', 'polarity', 'intent', 'stars', 'rating'],
  ...['target', 'tag', 'topic', 'type', 'emotion', 'is_duplicate', 'quality', 'spam', 'y', 'output'],
];
const SPLIT_NAMES = ['split'];
const SCORE_NAMES = ['score', 'similarity', 'similarity_score', 'value', 'relatedness'];

/** What a sample says of a column. */
type Look = {
  readonly name: string;
  readonly filled: number;
  readonly distinct: number;
  readonly words: number;
  readonly isNumeric: boolean;
  readonly isWhole: boolean;
  /** All of its cells are names of splits. */
  readonly isSplit: boolean;
};

/**
 * The roles of a file's columns; flags come first.
 * @param options.nextStep What else to try with a file that has no line of names.
 * @throws FileError for a file without a line of names or with one column; OptionError naming all columns and the flags
 * to give where they cannot be told apart.
 */
export function columnRoles(
  path: string,
  columns: readonly ColumnSample[],
  {
    given = {},
    header = true,
    nextStep = '',
  }: { readonly given?: GivenRoles; readonly header?: boolean; readonly nextStep?: string } = {},
): ColumnRoles {
  expectColumns(path, columns, header, nextStep);
  const all = columns.map(lookAt);
  const { split: asked, ...others } = given;
  expectKnown(path, all, asked === NO_SPLIT ? others : given);
  const split =
    asked ??
    named(
      all.filter(({ isSplit }) => isSplit),
      SPLIT_NAMES,
    )?.name;
  const looks = all.filter(({ name }) => name !== split);
  const text = given.text ?? textColumn(path, looks, given);
  const pair = given.pair ?? partnerOf(text, looks);
  const taken = [text, pair];
  const rest = looks.filter(({ name }) => !taken.includes(name));
  const target = given.label !== undefined || given.score !== undefined ? pick(given) : targetColumn(path, rest);
  return { text, ...(pair !== undefined && { pair }), ...target, ...(split !== undefined && { split }) };
}

function pick({ label, score }: GivenRoles): Pick<ColumnRoles, 'label' | 'score'> {
  return label === undefined ? (score === undefined ? {} : { score }) : { label };
}

function lookAt({ name, cells }: ColumnSample): Look {
  const filled = cells.map((cell) => cell.trim()).filter((cell) => cell !== '');
  const numbers = filled.map(parseDecimal);
  const words = filled.reduce((sum, cell) => sum + cell.split(/\s+/u).length, 0);
  return {
    name,
    filled: filled.length,
    distinct: new Set(filled).size,
    words: filled.length === 0 ? 0 : words / filled.length,
    isNumeric: filled.length > 0 && numbers.every((number) => number !== undefined),
    isWhole: numbers.every((number) => Number.isInteger(number)),
    isSplit: cells.length > 0 && cells.every(isSplitName),
  };
}

/** Several words in a cell, and hardly one like another. */
function isText({ words, distinct, filled, isNumeric }: Look): boolean {
  return !isNumeric && words >= 2 && distinct > filled / 2;
}

/** Short, and several rows share each. */
function isLabel({ words, distinct, filled, isNumeric, isWhole }: Look): boolean {
  return distinct >= 2 && distinct <= filled / 3 && words <= 6 && (!isNumeric || isWhole);
}

function isScore({ isNumeric, isWhole, distinct }: Look): boolean {
  return isNumeric && !isWhole && distinct >= 2;
}

function named(looks: readonly Look[], names: readonly string[]): Look | undefined {
  const wanted = names.find((name) => looks.some((look) => look.name.toLowerCase() === name));
  return looks.find(({ name }) => name.toLowerCase() === wanted);
}

function textColumn(path: string, looks: readonly Look[], given: GivenRoles): string {
  const free = looks.filter(({ name }) => ![given.pair, given.label, given.score].includes(name));
  const lower = free.map(({ name }) => name.toLowerCase());
  const pair = PAIR_NAMES.find(([a, b]) => lower.includes(a) && lower.includes(b));
  const byName = named(free, pair === undefined ? TEXT_NAMES : [pair[0]]);
  if (byName !== undefined && !byName.isNumeric) return byName.name;
  const texts = free.filter(isText);
  if (texts.length === 1 && texts[0] !== undefined) return texts[0].name;
  throw undecided(path, 'one column of texts', looks, '--text NAME, and --pair NAME for second texts');
}

/** The second of two columns that are named as a pair. */
function partnerOf(text: string, looks: readonly Look[]): string | undefined {
  const partners = PAIR_NAMES.flatMap(([a, b]) => (a === text.toLowerCase() ? [b] : []));
  return named(looks, partners)?.name;
}

function targetColumn(path: string, rest: readonly Look[]): Pick<ColumnRoles, 'label' | 'score'> {
  const label = named(rest.filter(isLabel), LABEL_NAMES);
  if (label !== undefined) return { label: label.name };
  const score = named(
    rest.filter(({ isNumeric }) => isNumeric),
    [...SCORE_NAMES, ...LABEL_NAMES],
  );
  if (score !== undefined && (isScore(score) || SCORE_NAMES.includes(score.name.toLowerCase()))) {
    return isLabel(score) && score.distinct <= 10 ? { label: score.name } : { score: score.name };
  }
  const labels = rest.filter(isLabel);
  const scores = rest.filter(isScore);
  if (labels.length === 1 && labels[0] !== undefined) return { label: labels[0].name };
  if (labels.length === 0 && scores.length === 1 && scores[0] !== undefined) return { score: scores[0].name };
  const [one] = rest;
  if (rest.length === 1 && one !== undefined && one.filled < 2) {
    const got = one.filled === 0 ? `'${one.name}', which is empty` : `one row in '${one.name}'`;
    throw new FileError({ where: path, wanted: 'rows of at least two labels', got, fix: 'add labelled rows' });
  }
  throw undecided(path, 'one column of labels', rest, '--label NAME, or --score NAME for a regression');
}

function undecided(path: string, wanted: string, looks: readonly Look[], flags: string): OptionError {
  const got = looks.length === 0 ? 'no further column' : looks.map(describe).join('; ');
  return new OptionError({ where: path, wanted, got, fix: `say which it is: ${flags}` });
}

/** `title (texts of 6 words)`, `stars (5 different numbers)`. */
function describe(look: Look): string {
  const { name, distinct, filled, words, isNumeric } = look;
  if (filled === 0) return `${name} (empty)`;
  if (isText(look)) return `${name} (texts of ${Math.round(words)} words)`;
  const kind = isNumeric ? 'numbers' : 'words';
  if (distinct === 1 && filled > 1) return `${name} (the same in all rows)`;
  return `${name} (${distinct === filled ? kind : `${distinct} different ${kind}`})`;
}

const MOST_NAME_WORDS = 6;

/** @throws FileError where the first line holds data, or there is one column alone. */
function expectColumns(path: string, columns: readonly ColumnSample[], header: boolean, nextStep: string): void {
  const names = columns.map(({ name }) => name);
  const first = names.length > 1 ? '' : ((header ? names[0] : columns[0]?.cells[0]) ?? '');
  const separator = [';', '|', '\t', ','].find((character) => first.includes(character));
  if (separator !== undefined) {
    throw new FileError({
      where: `${path}:1`,
      wanted: 'the separator of the extension (, in .csv, a tab in .tsv)',
      got: `one column, with ${separator === '\t' ? 'tabs' : `'${separator}'`} in it`,
      fix: delimiterFix(separator),
    });
  }
  const odd = header ? names.find(isOdd) : undefined;
  if (odd !== undefined) {
    throw new FileError({
      where: `${path}:1`,
      wanted: 'a header line with the names of the columns',
      got: `${quoted(odd)} as a name`,
      fix: `if the file has none, give --header no${nextStep}`,
    });
  }
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    const got = `${quoted(twice)} twice`;
    throw new FileError({ where: `${path}:1`, wanted: 'columns with different names', got, fix: 'rename one of them' });
  }
  if (names.length > 1) return;
  throw new FileError({
    where: path,
    wanted: 'a column of texts and one of labels or scores',
    got: names.length === 0 ? 'no column' : `one column, '${names[0]}'`,
    fix: 'texts without labels can be a transfer set (transfer in retort.yaml)',
  });
}

/** Rather a cell of data. */
function isOdd(name: string): boolean {
  return parseDecimal(name) !== undefined || name.split(/\s+/u).length > MOST_NAME_WORDS;
}

/** @throws OptionError for a flag that names no column. */
function expectKnown(path: string, looks: readonly Look[], given: GivenRoles): void {
  for (const [role, name] of Object.entries(given)) {
    if (name === undefined || looks.some((look) => look.name === name)) continue;
    const columns = looks.map((look) => look.name).join(', ');
    throw new OptionError({ where: `--${role}`, wanted: `a column of ${path}: ${columns}`, got: `'${name}'` });
  }
}
