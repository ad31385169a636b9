/** @file Sentences with a tag for each word, as tokens with a label for the first of each word. */

import { FileError, OptionError } from '../errors/failures.js';
import { textIn } from '../files/path-entry.js';
import { NO_LABEL } from '../tensor/no-label.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import { type EncodedWords, wordEncoder } from '../tokenizers/tagged-words.js';
import { MAX_LENGTH } from '../tokenizers/token-limits.js';
import { type EncodedRow, padRows, type Tokenizer } from '../tokenizers/tokenizer.js';
import { type Dataset, paddedRows, paddingWeights } from './dataset.js';
import type { TextDatasetOptions } from './text-dataset.js';
import { textTable } from './text-table.js';

/** A word a tag. */
export type TaggedSentence = { readonly words: readonly string[]; readonly tags: readonly string[] };

export type TaggedColumns = {
  /** Columns of a line, parted by tabs and counted from 0. */
  readonly word: number;
  readonly tag: number;
};

/**
 * Sentences of a file with a line a word and an empty line after each sentence, as CoNLL's and Universal Dependencies' are.
 * Lines that begin with `# ` are remarks.
 * @throws FileError for a file that cannot be read, or a line that lacks a column.
 */
export async function readTaggedTexts(path: string, { word, tag }: TaggedColumns): Promise<TaggedSentence[]> {
  const lines = (await textIn(path)).split(/\r?\n/);
  const sentences: { words: string[]; tags: string[] }[] = [];
  let open = false;
  for (const [i, line] of lines.entries()) {
    if (line === '') open = false;
    if (line === '' || line.startsWith('# ')) continue;
    const cells = line.split('\t');
    const [said, given] = [cells[word], cells[tag]];
    if (said === undefined || given === undefined) {
      const wanted = `a word in column ${word} and a tag in column ${tag}, counted from 0`;
      throw new FileError({ where: `${path}:${i + 1}`, wanted, got: `${cells.length} columns` });
    }
    if (!open) sentences.push({ words: [], tags: [] });
    open = true;
    sentences.at(-1)?.words.push(said);
    sentences.at(-1)?.tags.push(given);
  }
  return sentences;
}

export type TaggedDatasetOptions = TextDatasetOptions & {
  readonly name: string;
  /** In the order of the classes. */
  readonly tagNames: readonly string[];
};

/**
 * Sentences as a model that labels tokens reads them: labels [B, S], of each word's first token its tag, of all others -100.
 * @param options.maxLength tokens of a sentence at most, special ones included; 128 unless given.
 * @throws OptionError for no sentences, a tag without a name, or not as many tags as words.
 */
export function taggedDataset(
  sentences: readonly TaggedSentence[],
  tokenizer: Tokenizer,
  { name, tagNames, model, maxLength = MAX_LENGTH }: TaggedDatasetOptions,
): Dataset {
  if (sentences.length === 0) throw new OptionError({ where: name, wanted: 'at least one sentence', got: 'none' });
  const numbers = new Map(tagNames.map((tag, i) => [tag, i]));
  const encode = wordEncoder(tokenizer, maxLength);
  const rows = sentences.map((sentence, i) => encoded(sentence, numbers, encode, `${name}, sentence ${i + 1}`));
  const inputs = model.inputs({ B: 1, S: 1 }).map((input) => input.name);
  return {
    name,
    size: rows.length,
    labelNames: tagNames,
    text: {
      table: textTable(name, { texts: sentences.map(({ words }) => words.join(' ')) }),
      tokenizer,
      cut: { maxLength },
      lengths: Uint32Array.from(rows, ({ row }) => row.ids.length),
      isTruncated: Uint8Array.from(rows, ({ isCut }) => Number(isCut)),
    },
    batch: (wanted, paddedTo = wanted.length, _place, length) => {
      const padded = Array.from(paddedRows(wanted, paddedTo, rows.length, name), (row) => rows[row] as EncodedSentence);
      const batch: Readonly<Record<string, Tensor>> = padRows(
        padded.map(({ row }) => row),
        tokenizer.padId,
        length ?? 'longest',
      );
      const [, S = 0] = batch.input_ids?.shape ?? [];
      const labels = new BigInt64Array(paddedTo * S).fill(BigInt(NO_LABEL));
      for (const [i, sentence] of padded.entries()) {
        for (const [s, label] of sentence.labels.entries()) labels[i * S + s] = BigInt(label);
      }
      return {
        inputs: Object.fromEntries(Object.entries(batch).filter(([input]) => inputs.includes(input))),
        ids: Array.from(paddedRows(wanted, paddedTo, rows.length, name), (row) => row + 1),
        weights: paddingWeights(wanted.length, paddedTo),
        labels: tensor('int64', [paddedTo, S], labels),
      };
    },
  };
}

type EncodedSentence = { readonly row: EncodedRow; readonly labels: readonly number[]; readonly isCut: boolean };

function encoded(
  { words, tags }: TaggedSentence,
  numbers: ReadonlyMap<string, number>,
  encode: (words: readonly string[]) => EncodedWords,
  where: string,
): EncodedSentence {
  if (words.length !== tags.length) {
    throw new OptionError({ where, wanted: `${words.length} tags, one per word`, got: String(tags.length) });
  }
  const { row, firsts, isCut } = encode(words);
  const labels = new Array<number>(row.ids.length).fill(NO_LABEL);
  for (const [i, tag] of tags.entries()) {
    const label = numbers.get(tag);
    if (label === undefined) {
      throw new OptionError({ where, wanted: `tags among ${[...numbers.keys()].join(', ')}`, got: tag });
    }
    const first = firsts[i];
    if (first !== undefined) labels[first] = label;
  }
  return { row, labels, isCut };
}
