/** @file How a model's training file was read, as the defaults for files that the model meets next. */
import type { FileReading } from '../options/file-reading.js';
import { defined, type Given } from '../options/given.js';
import { lineRules } from './file-columns.js';
import { formatOf } from './formats/table.js';
import { type FileFormat, quoted, type TableHeader } from './formats/table-rows.js';
import type { ColumnSettings } from './task-settings.js';

/** What a model reads of a file, by what columns are read as. */
export type RecalledRole = 'text' | 'pair' | 'label' | 'score';

export type RecalledReading = {
  /** Those that were given, and what of the training file's fits this one. */
  readonly settings: Given<ColumnSettings>;
  /** What cells of labels stand for, where nobody said it of this file. */
  readonly labelMap?: Readonly<Record<string, string>>;
  /** What was taken from the training file, and what this one lacks of it; nothing where neither is anything. */
  readonly notice?: string;
};

const SETTINGS = { text: 'textColumn', pair: 'pairColumn', label: 'labelColumn', score: 'scoreColumn' } as const;
/** Where nothing is said. There is no usual column of second texts. */
const USUAL: Readonly<Partial<Record<RecalledRole, string>>> = { text: 'text', label: 'label', score: 'label' };
/** Cells by which a first line shows that it names columns. */
const USUAL_NAMES: readonly string[] = ['text', 'sentence', 'label'];
const SHOWN_LABELS = 4;

type Rules = Pick<Given<ColumnSettings>, 'header' | 'delimiter' | 'quote'>;
type Columns = Partial<Record<RecalledRole, string>>;

/** The start of a file, by rules for its lines. */
type Start = {
  readonly rules: Rules;
  /** Of the columns; their numbers where the first line does not name them. */
  readonly header: TableHeader;
  /** The cells of the first line, if it is one of the rows. */
  readonly firstRow?: readonly string[] | undefined;
};

/**
 * What was given for a file, and for the rest how the training file was read, where this one has its columns; else as
 * files usually are. A remembered column that is missing beside no usual one stays, for the reader's message to name.
 * @param roles What is to be read.
 */
export async function recalledReading(
  path: string,
  given: Given<ColumnSettings>,
  readAs: FileReading | undefined,
  roles: readonly RecalledRole[],
): Promise<RecalledReading> {
  const format = formatOf(path);
  if (readAs === undefined || format?.cells === undefined) return { settings: given };
  const asked = roles.filter((role) => !isGiven(role, given) && readAs[role] !== undefined);
  const starts: Start[] = [];
  for (const rules of rulesOf(format, given, readAs)) {
    const start = await startOf(path, format, rules);
    if (start !== undefined) starts.push(start);
  }
  const start =
    starts.find((one) => fits(one, given, readAs, roles)) ??
    starts.find((one) => hasColumn(one, 'text')) ??
    starts.at(-1);
  // What is wrong with such a file is told by whoever reads it.
  if (start === undefined) return { settings: given };
  const columns = Object.fromEntries(asked.flatMap((role) => recalledColumn(role, start, readAs))) as Columns;
  const labelMap = roles.includes('label')
    ? recalledMap(start, { ...given, ...settingsOf(columns) }, readAs)
    : undefined;
  const lacks = asked.filter((role) => columns[role] === undefined).map((role) => columnInWords(role, readAs[role]));
  const takes = [
    ...asked.filter((role) => columns[role] !== undefined).map((role) => columnInWords(role, readAs[role])),
    ...rulesInWords(start.rules, given),
    ...mapInWords(labelMap),
  ];
  const notices = [
    ...(takes.length > 0 ? [`read as the training file was: ${takes.join(', ')}`] : []),
    ...(lacks.length > 0 ? [`without what the training file had: ${lacks.join(', ')}`] : []),
  ];
  return {
    settings: { ...given, ...start.rules, ...settingsOf(columns) },
    ...defined({ labelMap }),
    ...(notices.length > 0 && { notice: `${path}: ${notices.join('; ')}` }),
  };
}

function isGiven(role: RecalledRole, given: Given<ColumnSettings>): boolean {
  const { labelColumn, scoreColumn } = given;
  return (role === 'label' || role === 'score' ? (labelColumn ?? scoreColumn) : given[SETTINGS[role]]) !== undefined;
}

/** Ways in which the lines may be written: the training file's first, then its header alone, then the usual one. */
function rulesOf({ delimiter }: FileFormat, given: Given<ColumnSettings>, readAs: FileReading): Rules[] {
  const usual: Rules = defined({ header: given.header, delimiter: given.delimiter, quote: given.quote });
  if (delimiter === undefined) return [usual];
  const header = given.header ?? readAs.header;
  const { delimiter: between, quote } = readAs;
  const all = [
    { ...defined({ delimiter: between, quote }), ...usual, ...defined({ header }) },
    { ...usual, ...defined({ header }) },
  ];
  return [...all, usual];
}

/** Undefined for a file that cannot be read like this. */
async function startOf(path: string, format: FileFormat, rules: Rules): Promise<Start | undefined> {
  try {
    if (format.delimiter === undefined || format.cells === undefined)
      return { rules, header: await headerOf(path, format) };
    const lines = format.cells(path, lineRules(rules));
    const names = (await lines.next()).value ?? [];
    const firstRow = rules.header === false ? ((await lines.next()).value ?? []) : undefined;
    await lines.return();
    return { rules, header: { names }, firstRow };
  } catch {
    // Whoever reads the file next says what is wrong with it, or with a rule for its lines.
    return undefined;
  }
}

/** What a file without lines says of its columns, by reading the first of them. */
async function headerOf(path: string, format: FileFormat): Promise<TableHeader> {
  let found: TableHeader = { names: [] };
  const rows = format.rows(path, {
    columns: (header) => {
      found = header;
      const [text] = header.names;
      return defined({ text });
    },
  });
  await rows.next();
  await rows.return();
  return found;
}

function hasColumn({ rules, header: { names } }: Start, column: string): boolean {
  return rules.header === false ? Number(column) <= names.length : names.includes(column);
}

/** Whether columns of the training file may be looked for by what they were called there. */
function isAlike({ rules }: Start, { header }: FileReading): boolean {
  return (rules.header === false) === (header === false);
}

/** In any case of letters: read as a text, a header gives an answer too many; a text `Label` alone is told by `--header no`. */
function isUsualName(cell: string): boolean {
  return USUAL_NAMES.includes(cell.trim().toLowerCase());
}

/** Whether the texts are where they are to be. A first line with a usual name is a header. */
function fits(
  start: Start,
  given: Given<ColumnSettings>,
  readAs: FileReading,
  roles: readonly RecalledRole[],
): boolean {
  if (given.header === undefined && start.firstRow?.some(isUsualName)) return false;
  const isNameless = start.rules.header === false;
  const needed = isNameless ? roles : roles.filter((role) => role === 'text' || role === 'pair');
  return needed.every((role) => {
    const remembered = isAlike(start, readAs) ? readAs[role] : undefined;
    const column = given[SETTINGS[role]] ?? remembered ?? (role === 'text' ? 'text' : undefined);
    return column === undefined || hasColumn(start, String(column));
  });
}

function recalledColumn(role: RecalledRole, start: Start, readAs: FileReading): [RecalledRole, string][] {
  const column = String(readAs[role]);
  if (!isAlike(start, readAs)) return [];
  const usual = USUAL[role];
  const isThere = hasColumn(start, column) || usual === undefined || !hasColumn(start, usual);
  return isThere ? [[role, column]] : [];
}

function settingsOf(columns: Columns): Given<ColumnSettings> {
  const roles = Object.keys(columns) as RecalledRole[];
  return Object.fromEntries(roles.map((role) => [SETTINGS[role], columns[role]]));
}

/** Not for a file that names its classes. */
function recalledMap(
  { header }: Start,
  { labelColumn = 'label', labelNames }: Given<ColumnSettings>,
  { labelMap }: FileReading,
) {
  return labelNames === undefined && header.classNames?.(labelColumn) === undefined ? labelMap : undefined;
}

function columnInWords(role: RecalledRole, column: string | number | undefined): string {
  return `${role} in ${typeof column === 'number' ? `column ${column}` : quoted(column ?? '')}`;
}

function rulesInWords(rules: Rules, given: Rules): string[] {
  const { header, delimiter, quote } = rules;
  return [
    ...(header === false && given.header === undefined ? ['no header'] : []),
    ...(delimiter !== undefined && given.delimiter === undefined
      ? [`${delimiter === '\t' ? 'a tab' : quoted(delimiter)} between fields`]
      : []),
    ...(quote !== undefined && given.quote === undefined
      ? [quote ? 'quoted fields' : 'quotes as plain characters']
      : []),
  ];
}

function mapInWords(map: Readonly<Record<string, string>> = {}): string[] {
  const other = Object.entries(map).filter(([cell, name]) => cell !== name);
  if (other.length === 0) return [];
  const shown = other.slice(0, SHOWN_LABELS).map(([cell, name]) => `${cell} is ${name}`);
  return [`labels by name (${shown.join(', ')}${other.length > shown.length ? ', …' : ''})`];
}
