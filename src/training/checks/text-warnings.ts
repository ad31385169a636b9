/** @file What is wrong with the texts of a run: empty, or there twice. */
import type { TextTable } from '../../data/text-table.js';
import { NO_LABEL } from '../../tensor/no-label.js';
import { shownPercent, type Warning } from './warning.js';

/** Shares above which a finding is worth a word. */
const SHARED = 0.01;
const CONFLICTING = 0.01;
const EMPTY = 0.001;

const SHOWN_LETTERS = 60;

/** What texts and their labels tell without a tokenizer. */
export function textWarnings(train: TextTable, evaluation?: TextTable): Warning[] {
  const sets = evaluation === undefined ? [train] : [train, evaluation];
  const seen = rowsByText(train);
  return [
    // What is so of the training texts is mostly so of the others too: once is enough.
    ...sets.flatMap(emptyTexts).slice(0, 1),
    ...(evaluation === undefined ? [] : sharedTexts(train, seen, evaluation)),
    ...conflictingLabels(train, seen),
  ];
}

function emptyTexts({ texts, pairs, ids, name, size }: TextTable): Warning[] {
  const isEmpty = (row: number) => texts[row]?.trim() === '' || pairs?.[row]?.trim() === '';
  const rows = texts.flatMap((_, row) => (isEmpty(row) ? [row] : []));
  const [first] = rows;
  if (first === undefined || rows.length <= EMPTY * size) return [];
  return [
    {
      name: 'empty-texts',
      text: `${rows.length} of the ${size} rows of ${name} have an empty text, such as row ${ids[first]}`,
      fix: 'leave them out, or check the column of the texts',
    },
  ];
}

/** The same whatever the case, and the blanks between words. */
function folded(text: string): string {
  return text.trim().replaceAll(/\s+/gu, ' ').toLowerCase();
}

function keyOf({ texts, pairs }: TextTable, row: number): string {
  const text = folded(texts[row] ?? '');
  return pairs === undefined ? text : `${text}\n${folded(pairs[row] ?? '')}`;
}

type RowsByText = ReadonlyMap<string, readonly number[]>;

function rowsByText(table: TextTable): RowsByText {
  const rows = new Map<string, number[]>();
  for (let row = 0; row < table.size; row++) {
    const key = keyOf(table, row);
    const same = rows.get(key);
    if (same === undefined) rows.set(key, [row]);
    else same.push(row);
  }
  return rows;
}

/** Evaluation rows whose answer can be learned by heart. */
function sharedTexts(train: TextTable, seen: RowsByText, evaluation: TextTable): Warning[] {
  let count = 0;
  let example = '';
  for (let row = 0; row < evaluation.size; row++) {
    const [same] = seen.get(keyOf(evaluation, row)) ?? [];
    if (same === undefined) continue;
    if (count === 0) {
      example = `row ${evaluation.ids[row]} of ${evaluation.name} is row ${train.ids[same]} of ${train.name}, ${shown(evaluation, row)}`;
    }
    count += 1;
  }
  if (count <= SHARED * evaluation.size) return [];
  return [
    {
      name: 'duplicates',
      text: `${count} of the ${evaluation.size} texts of ${evaluation.name} (${shownPercent(count / evaluation.size)}) are training texts too: ${example}`,
      fix: 'leave them out of one of the two: what is learned by heart makes the score too good',
    },
  ];
}

/** Of equal texts with different labels all but one can only be got wrong. */
function conflictingLabels(table: TextTable, seen: RowsByText): Warning[] {
  const { labels, labelNames, name, ids } = table;
  if (labels === undefined) return [];
  let count = 0;
  let example = '';
  for (const rows of seen.values()) {
    if (rows.length === 1) continue;
    const labelled = rows.filter((row) => labels[row] !== NO_LABEL);
    const [first] = labelled;
    const other = labelled.find((row) => labels[row] !== labels[first ?? row]);
    if (first === undefined || other === undefined) continue;
    if (count === 0) {
      const [a, b] = [first, other].map((row) => `${labelNames[labels[row] as number]} in row ${ids[row]}`);
      example = `${shown(table, first)} is ${a} and ${b}`;
    }
    count += labelled.length;
  }
  if (count <= CONFLICTING * table.size) return [];
  return [
    {
      name: 'conflicting-labels',
      text: `${count} of the ${table.size} rows of ${name} (${shownPercent(count / table.size)}) have a text that has another label elsewhere: ${example}`,
      fix: 'settle which label is right, or leave such rows out',
    },
  ];
}

function shown({ texts, pairs }: TextTable, row: number): string {
  const whole = [texts[row], pairs?.[row]].filter((text) => text !== undefined).join(' · ');
  return `'${whole.length > SHOWN_LETTERS ? `${whole.slice(0, SHOWN_LETTERS)}…` : whole}'`;
}
