/** @file What a student of one file sees of a text: n-grams with what each adds to a label, or pieces. */
import type { BilstmFacts } from '../../src/standalone/bilstm-student.js';
import { readNgrams } from '../../src/standalone/ngram-parts.js';
import type { StaticFacts } from '../../src/standalone/static-student.js';
import { type Packed, unpacked } from '../../src/standalone/student.js';
import { pieceEncoder } from '../../src/standalone/word-pieces.js';
import { GramScanner } from '../../src/tokenizers/gram-scanner.js';
import { hasPieces, spelling } from '../../src/tokenizers/ngram-features.js';

/** A feature of a text. */
export type SeenFeature = {
  /** The n-gram; hashed ones have a number. */
  readonly name: string;
  readonly kind: 'words' | 'chars' | 'pieces';
  /** What it adds to the logit of each label, in their order. */
  readonly adds: readonly number[];
};

export type Seen =
  | { readonly features: readonly SeenFeature[] }
  /** Which of them the student has no vector of its own for. */
  | { readonly pieces: readonly { readonly piece: string; readonly isUnknown: boolean }[] };

/** @returns what looks at texts as the student does */
export function seerOf(kind: string, packed: Packed): (text: string, pair?: string) => Seen {
  return kind === 'ngram' ? ofNgrams(packed) : ofPieces(packed);
}

function ofNgrams(packed: Packed): (text: string, pair?: string) => Seen {
  const { facts, blocks, tokenizer, features, table, scales, layer, layerScales } = readNgrams(packed);
  const { hidden, labels, maxLength } = facts;
  const C = labels.length;
  const scanners = blocks.map(({ kind, range }) => new GramScanner(kind, range));

  /** N-grams of the text by the numbers of their features. */
  const namesIn = (text: string, pair: string | undefined): Map<number, SeenFeature['name']> => {
    const names = new Map<number, string>();
    let from = 0;
    for (const [i, block] of blocks.entries()) {
      const shown = block.text === 'second' ? (pair ?? '') : text;
      const spelt = spelling(block.kind, hasPieces(block) ? tokenizer : undefined)(shown);
      const grams = scanners[i]?.scan(spelt);
      for (let n = 0; block.text !== 'both' && grams !== undefined && n < grams.count; n++) {
        const place = block.table?.find(grams, n) ?? (grams.hashes[n] as number) % block.df.length;
        if (place < 0) continue;
        const units = grams.units.subarray(grams.starts[n], grams.ends[n]);
        const own = String.fromCharCode(...units);
        const before = names.get(from + place);
        // Of hashed n-grams several share a number.
        names.set(from + place, before === undefined || before === own ? own : `${before} | ${own}`);
      }
      from += block.df.length;
    }
    return names;
  };

  const addsOf = (id: number, value: number): number[] => {
    const row = table.row(id);
    const rows = table.values;
    return Array.from({ length: C }, (_, c) => {
      if (layer === undefined) return value * (rows[row + c] as number) * (layerScales[c] as number);
      let sum = 0;
      for (let h = 0; h < hidden; h++) sum += (layer[c * hidden + h] as number) * (rows[row + h] as number);
      return sum * value * (scales[id] as number) * (layerScales[c] as number);
    });
  };

  return (text, pair) => {
    const { ids, values } = features.row(text, pair, { maxLength });
    const held = Array.from(ids, (id, i) => [id, values[i] as number] as const);
    const names = namesIn(text, pair);
    return {
      features: held.map(([id, value]) => ({
        name: names.get(id) ?? features.nameOf(id),
        kind: blockOf(id).kind,
        adds: addsOf(id, value),
      })),
    };
  };

  function blockOf(id: number) {
    let from = 0;
    for (const block of blocks) {
      from += block.df.length;
      if (id < from) return block;
    }
    throw new RangeError(`no feature ${id}`);
  }
}

/** Of the others the vocabulary comes first. */
function ofPieces(packed: Packed): (text: string, pair?: string) => Seen {
  const [{ pieces, maxLength }, next] = unpacked<StaticFacts | BilstmFacts>(packed);
  const encode = pieceEncoder(pieces, next.text().split('\n'));
  return (text, pair) => {
    const all = [text, ...(pair === undefined ? [] : [pair])].flatMap((one) => [...encode(one).pieces]);
    return { pieces: all.slice(0, maxLength).map((piece) => ({ piece, isUnknown: piece === pieces.unknown })) };
  };
}

/** The features that weigh most for a label, whichever way. */
export function heaviest(features: readonly SeenFeature[], label: number, most: number): readonly SeenFeature[] {
  const weight = ({ adds }: SeenFeature): number => Math.abs(adds[label] ?? 0);
  return [...features].sort((a, b) => weight(b) - weight(a)).slice(0, most);
}
