/** @file What a student of n-grams in one file is made of. */
import { FrontCodedTable, frontCodedBlocks } from '../tokenizers/front-coding.js';
import { type NgramBlock, NgramFeatures } from '../tokenizers/ngram-features.js';
import { readTable } from './dense.js';
import { type Packed, type Sections, type StudentFacts, unpacked } from './student.js';
import { CountList, Places, textToBytes, textToFloats } from './text-coding.js';
import { type PieceFacts, pieceEncoder } from './word-pieces.js';

export type NgramFacts = StudentFacts & {
  /** N: texts that the n-grams were counted in. */
  readonly texts: number;
  readonly blocks: readonly (Pick<NgramBlock, 'text' | 'kind' | 'range'> & {
    readonly size: number;
    /** What ends the n-grams in their list (`FrontCoded`); absent where they are hashed, or shares. */
    readonly ends?: string;
  })[];
  /** H; 0 without a layer. */
  readonly hidden: number;
  /** Of n-grams of pieces. */
  readonly pieces?: PieceFacts;
};

/**
 * Sections: of each block its n-grams where they are listed, and df, each with where its parts begin; the vocabulary of pieces; the table [F, H] with a scale a row, or without a layer [F, C] with a scale a class; with a layer its weights [C, H] and their
 * scales; biases [C].
 */
export function readNgrams(packed: Packed) {
  const [facts, next] = unpacked<NgramFacts>(packed);
  const { texts, hidden, labels, pieces } = facts;
  const blocks = facts.blocks.map(({ size, ends, ...block }) => {
    const table = ends === undefined ? undefined : listed(next, size, ends);
    const counts = new CountList(next.bytes(), next.bytes(), size);
    return { ...block, table, df: { length: size }, dfOf: (place: number) => counts.at(place) };
  });
  const encoded = pieces && pieceEncoder(pieces, next.text().split('\n'));
  const tokenizer = encoded && { pieces: (text: string) => encoded(text).pieces, files: new Map<string, string>() };
  const features = new NgramFeatures({ texts, blocks, tokenizer });
  const C = labels.length;
  const { table, scales } = readTable(next, features.size, hidden || C, hidden > 0 ? features.size : C);
  const layer = hidden > 0 ? textToBytes(next.bytes(), C * hidden) : undefined;
  const layerScales = hidden > 0 ? textToFloats(next.bytes(), C) : scales;
  const biases = textToFloats(next.bytes(), C);
  return { facts, blocks, tokenizer, features, table, scales, layer, layerScales, biases };
}

function listed(next: Sections, size: number, ends: string): FrontCodedTable {
  const rests = next.text();
  return new FrontCodedTable({ ends, rests, size, starts: new Places(next.bytes(), frontCodedBlocks(size)) });
}
