/** @file What is to be known of a set of texts before a training is proposed for it. */
import { labelCounts, type TextTable } from '../../data/text-table.js';

export type DataFacts = {
  readonly rows: number;
  readonly isPair: boolean;
  readonly isRegression: boolean;
  /** By label, in the order of the label numbers. */
  readonly labels: readonly { readonly name: string; readonly rows: number }[];
  readonly unlabelled: number;
  /** Words of a row, both texts of a pair together. */
  readonly words: { readonly median: number; readonly most95: number; readonly longest: number };
  /** An estimate of the tokens that 95 % of the rows have at most, special ones included. */
  readonly tokens95: number;
  /** Rows whose text, but for case and blanks, came before. */
  readonly duplicates: number;
  /** Rows whose text came before with another label. */
  readonly conflicts: number;
  readonly empty: number;
  /** Of the letters, those of no Latin script. */
  readonly otherScripts: number;
};

/**
 * What BERT's tokenizer makes of a text, about: a mark or a character of Chinese, Japanese or Korean is one piece, a run of
 * letters or digits one and a bit, a long one more. On thirteen English sets the 95th percentile of the tokens is 11 % below the
 * true one (short messages, with their own spelling and long numbers) to 12 % above it.
 */
const PART =
  /([^\s\p{L}\p{M}\p{N}]|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])|(?:(?![\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])[\p{L}\p{M}\p{N}])+/gu;
const PIECES = { short: 1.1, long: 1.6 } as const;
const LONG = 8;

export function dataFacts(table: TextTable): DataFacts {
  const rows = table.texts.map((text, row) => (table.pairs === undefined ? text : `${text} ${table.pairs[row]}`));
  const words = Uint32Array.from(rows, (text) => text.split(/\s+/u).filter((word) => word !== '').length);
  const sorted = words.toSorted();
  const special = table.pairs === undefined ? 2 : 3;
  const pieces = Float64Array.from(rows, (text) => piecesOf(text) + special).toSorted();
  const counts = labelCounts(table);
  const unscored = table.scores?.reduce((count, score) => count + (Number.isNaN(score) ? 1 : 0), 0);
  return {
    rows: table.size,
    isPair: table.pairs !== undefined,
    isRegression: table.scores !== undefined,
    labels: table.labelNames.map((name, label) => ({ name, rows: counts[label] ?? 0 })),
    unlabelled: unscored ?? table.size - counts.reduce((sum, count) => sum + count, 0),
    words: { median: at(sorted, 0.5), most95: at(sorted, 0.95), longest: at(sorted, 1) },
    tokens95: Math.ceil(at(pieces, 0.95)),
    ...repeats(table, rows),
    empty: words.reduce((count, length) => count + (length === 0 ? 1 : 0), 0),
    otherScripts: otherScripts(rows),
  };
}

function piecesOf(text: string): number {
  let pieces = 0;
  for (const [part, single] of text.matchAll(PART)) {
    pieces += single !== undefined ? 1 : part.length > LONG ? PIECES.long : PIECES.short;
  }
  return pieces;
}

function at(sorted: Uint32Array | Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

function repeats({ labels }: TextTable, rows: readonly string[]): Pick<DataFacts, 'duplicates' | 'conflicts'> {
  const first = new Map<string, number>();
  let duplicates = 0;
  let conflicts = 0;
  for (const [row, text] of rows.entries()) {
    const folded = text.toLowerCase().replaceAll(/\s+/gu, ' ').trim();
    const before = first.get(folded);
    if (before === undefined) first.set(folded, row);
    else {
      duplicates++;
      if (labels !== undefined && labels[row] !== labels[before]) conflicts++;
    }
  }
  return { duplicates, conflicts };
}

const SCRIPT_ROWS = 1_000;

function otherScripts(rows: readonly string[]): number {
  const some = rows.slice(0, SCRIPT_ROWS).join(' ');
  const letters = some.match(/\p{L}/gu)?.length ?? 0;
  const latin = some.match(/\p{Script=Latin}/gu)?.length ?? 0;
  return letters === 0 ? 0 : 1 - latin / letters;
}
