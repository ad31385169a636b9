/** @file The tokenizer of a model's folder: pieces, or n-gram features in their place. */
import { folderFiles } from '../files/folder-files.js';
import type { Tokenizer } from './tokenizer.js';
import { tokenizerOf } from './tokenizer-of.js';

/**
 * Reads the tokenizer of a model's folder: `ngrams.json` as n-gram features, else `tokenizer.json`, else `vocab.txt` as a
 * BERT's, lower-casing as `tokenizer_config.json` says (yes unless it says no). `tokenizer.json` counts as it stands, as for
 * Python's `tokenizers`: its own truncation and padding are left to the caller's options.
 * @throws FileError for files that are missing, torn, too large, not what they claim to be, or that ask for parts that
 *   are not supported, regular expressions of their own among them.
 */
export function loadTokenizer(folder: string): Promise<Tokenizer> {
  return tokenizerOf(folderFiles(folder));
}
