/** @file Texts that a teacher may answer beside the training rows of a set: of the set's kind, from other sources, labels ignored. */
import { loadTextSet, splitOf, type TextSetName, type TextTable, textTable } from '../src/entries/data.js';

const from = (set: TextSetName) => loadTextSet(set, { dir: process.env.RETORT_DATA });

/** Of a review: up to the end of a sentence or of a line. */
const SENTENCE_END = /(?<=[.!?])\s+|\s*<br\s*\/?>\s*/;
/** As long as SST-2's sentences are. */
const [FEWEST_WORDS, MOST_WORDS] = [3, 40];

async function sentencesOfReviews(): Promise<readonly string[]> {
  const { texts } = splitOf(await from('imdb'), 'train');
  return texts.flatMap((review) =>
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

async function requests(): Promise<readonly string[]> {
  const clinc = await from('clinc150');
  return (['train', 'dev', 'test'] as const).flatMap((split) => splitOf(clinc, split).texts);
}

type Pool = { readonly says: string; readonly texts: () => Promise<readonly string[]> };

export const POOLS = {
  sst2: { says: 'sentences of the IMDB training reviews', texts: sentencesOfReviews },
  trec: { says: 'questions of QNLI and QQP', texts: questions },
  banking77: { says: 'requests of CLINC150', texts: requests },
} as const satisfies Partial<Record<TextSetName, Pool>>;

/** The texts of a pool, none twice but for case and blanks. */
export async function poolFor(set: keyof typeof POOLS): Promise<TextTable> {
  const { says, texts } = POOLS[set];
  const known = new Map<string, string>();
  for (const text of await texts()) {
    const key = text.toLowerCase().trim().split(/\s+/).join(' ');
    if (key !== '' && !known.has(key)) known.set(key, text.trim());
  }
  return textTable(says, { texts: [...known.values()] });
}
