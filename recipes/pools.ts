/** @file Texts that a teacher may answer beside the training rows of a set: of the set's kind, from other sources, labels ignored. */
import { augmentedRows, deletion, type SourceText } from '../src/entries/augment.js';
import { loadTextSet, rowsByText, splitOf, type TextSetName, type TextTable, textTable } from '../src/entries/data.js';

/** Rows that cannot be read are left out: QQP's first. */
const from = (set: TextSetName) => loadTextSet(set, { dir: process.env.RETORT_DATA, onBadRow: () => {} });

/** Of a review: up to the end of a sentence or of a line. */
const SENTENCE_END = /(?<=[.!?])\s+|\s*<br\s*\/?>\s*/;
/** As long as SST-2's sentences are. */
const [FEWEST_WORDS, MOST_WORDS] = [3, 40];

async function sentencesOfReviews(): Promise<readonly string[]> {
  const imdb = await from('imdb');
  return [...splitOf(imdb, 'train').texts, ...splitOf(imdb, 'test').texts].flatMap((review) =>
    review.split(SENTENCE_END).filter((sentence) => {
      const words = sentence.trim().split(/\s+/).length;
      return words >= FEWEST_WORDS && words <= MOST_WORDS;
    }),
  );
}

async function questions(): Promise<readonly string[]> {
  const [qnli, qqp] = await Promise.all([from('qnli'), from('qqp')]);
  const pairs = splitOf(qqp, 'train');
  return [
    ...splitOf(qnli, 'dev').texts,
    ...splitOf(qnli, 'test').texts,
    ...Array.from({ length: pairs.size }, (_, row) => [
      pairs.texts[row] as string,
      pairs.pairs?.[row] as string,
    ]).flat(),
  ];
}

type Pool = {
  /** Texts of other sources. */
  readonly texts?: () => Promise<readonly string[]>;
  /** Copies of each training text with a quarter of its words left out. */
  readonly copies?: number;
};

const POOLS: Readonly<Partial<Record<TextSetName, Pool>>> = {
  sst2: { texts: sentencesOfReviews },
  trec: { texts: questions, copies: 4 },
  banking77: { copies: 2 },
  mrpc: { copies: 2 },
};

/** The pool of a set, no text twice but for case and blanks. */
export async function poolFor(set: TextSetName, train: TextTable): Promise<TextTable | undefined> {
  const { texts, copies } = POOLS[set] ?? {};
  if (texts === undefined && copies === undefined) return undefined;
  const rows: SourceText[] = [];
  if (copies !== undefined) for await (const copy of augmentedRows(train, deletion({ copies }))) rows.push(copy);
  for (const text of (await texts?.()) ?? []) rows.push({ text: text.trim() });
  const tableOf = (some: readonly SourceText[]) =>
    textTable(`a pool for ${set}`, {
      texts: some.map(({ text }) => text),
      ...(train.pairs && { pairs: some.map(({ pair = '' }) => pair) }),
    });
  const said = rows.filter(({ text, pair = '' }) => `${text}${pair}`.trim() !== '');
  const again = new Set(rowsByText(tableOf(said)).repeated.flatMap(([, ...later]) => later));
  return tableOf(said.filter((_, row) => !again.has(row)));
}
