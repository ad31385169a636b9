/** @file A model over n-grams (src/models/ngram.ts) as one file: its features are those of `NgramFeatures`. */
import { FrontCodedTable, frontCodedBlocks } from '../tokenizers/front-coding.js';
import { type NgramBlock, NgramFeatures } from '../tokenizers/ngram-features.js';
import { readTable } from './dense.js';
import { type Packed, type Sections, type Student, type StudentFacts, studentOf, unpacked } from './student.js';
import { CountList, textToBytes, textToCounts, textToFloats } from './text-coding.js';
import { type PieceFacts, pieceEncoder } from './word-pieces.js';

export type NgramFacts = StudentFacts & {
  /** N: texts that the n-grams were counted in. */
  readonly texts: number;
  readonly blocks: readonly (Pick<NgramBlock, 'text' | 'kind' | 'range'> & {
    readonly size: number;
    /** Whether its n-grams are hashed, or shares, and so not listed. */
    readonly isListed: boolean;
  })[];
  /** H; 0 without a layer. */
  readonly hidden: number;
  /** Of n-grams of pieces. */
  readonly pieces?: PieceFacts;
};

/** Parts of the lists of n-grams that are read with each answer but the first, besides those that it needs. */
const BLOCKS_PER_ANSWER = 8;

/**
 * Sections: of each block its n-grams (shared, rests, lengths of their blocks) where they are listed, and df, with the lengths
 * of their blocks; the vocabulary of pieces; the table [F, H] with a scale a row, or without a layer [F, C] with a scale a class; with a layer its weights [C, H] and their
 * scales; biases [C].
 */
export function open(packed: Packed): Student {
  const [facts, next] = unpacked<NgramFacts>(packed);
  const { texts, hidden, labels, pieces, maxLength } = facts;
  const blocks = facts.blocks.map(({ size, isListed, ...block }) => {
    const table = isListed ? listed(next, size) : undefined;
    const counts = new CountList(next.bytes(), next.bytes(), size);
    return { ...block, table, df: { length: size }, dfOf: (place: number) => counts.at(place) };
  });
  const encoded = pieces && pieceEncoder(pieces, next.text().split('\n'));
  const tokenizer = encoded && { pieces: (text: string) => encoded(text).pieces, files: new Map<string, string>() };
  const features = new NgramFeatures({ texts, blocks, tokenizer });
  const C = labels.length;
  const width = hidden || C;
  const { table, scales } = readTable(next, features.size, width, hidden > 0 ? features.size : C);
  const rows = table.values;
  const layer = hidden > 0 ? textToBytes(next.bytes(), C * hidden) : undefined;
  const layerScales = hidden > 0 ? textToFloats(next.bytes(), C) : scales;
  const biases = textToFloats(next.bytes(), C);
  const sums = new Float64Array(width);
  const logits = new Float64Array(C);
  let isFirst = true;

  return studentOf(facts, (text, pair) => {
    if (!isFirst) for (const { table: lists } of blocks) lists?.readMore(BLOCKS_PER_ANSWER);
    isFirst = false;
    const { ids, values } = features.row(text, pair, { maxLength });
    sums.fill(0);
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i] as number;
      const value = hidden > 0 ? (values[i] as number) * (scales[id] as number) : (values[i] as number);
      const row = table.row(id);
      for (let h = 0; h < width; h++) sums[h] = (sums[h] as number) + value * (rows[row + h] as number);
    }
    for (let c = 0; c < C; c++) {
      let sum = layer === undefined ? (sums[c] as number) : 0;
      if (layer !== undefined) {
        for (let h = 0; h < hidden; h++) sum += (layer[c * hidden + h] as number) * (sums[h] as number);
      }
      logits[c] = sum * (layerScales[c] as number) + (biases[c] as number);
    }
    return logits;
  });
}

function listed(next: Sections, size: number): FrontCodedTable {
  const [shared, rests] = [next.text(), next.text()];
  return new FrontCodedTable({ shared, rests, lengths: textToCounts(next.bytes(), frontCodedBlocks(size)) });
}
