/**
 * @file The pieces of a text without the package that reads any `tokenizer.json`: BERT's WordPiece and whole words, to the ids
 * and pieces that `loadPieces` gives, since a file for edge and browser has no room for the rest.
 */
import { type BertNormaliser, bertNormaliser } from '../tokenizers/bert-normaliser.js';
import { latePattern } from '../tokenizers/late-pattern.js';
import type { Templates } from '../tokenizers/template.js';
import type { TokenizerParts } from '../tokenizers/tokenizer.js';

/** How text becomes words before pieces are looked for. */
export type WordSplit = 'BertPreTokenizer' | 'Whitespace' | 'WhitespaceSplit';

/** What a tokenizer is beside the list of its pieces. */
export type PieceFacts = {
  readonly normaliser: BertNormaliser | null;
  readonly split: WordSplit | null;
  /** Of WordPiece; absent where a word is one piece. */
  readonly wordPiece?: { readonly prefix: string; readonly mostCharacters: number };
  /** What stands for what the vocabulary lacks. */
  readonly unknown: string;
  /** Found in the text as it was given. */
  readonly added: readonly (readonly [content: string, id: number])[];
  readonly templates: Templates;
  readonly padId: number;
};

const MARKS = '\\p{P}\\u0021-\\u002F\\u003A-\\u0040\\u005B-\\u0060\\u007B-\\u007E';
const PATTERNS: Readonly<Record<WordSplit, () => RegExp>> = {
  BertPreTokenizer: latePattern(`[^\\s${MARKS}]+|[${MARKS}]`, 'gu'),
  Whitespace: latePattern(String.raw`\w+|[^\w\s]+`, 'g'),
  WhitespaceSplit: latePattern(String.raw`\S+`, 'g'),
};

/** Whether words can be found like this; null: a text is one word. */
export function isWordSplit(name: string | null): name is WordSplit | null {
  return name === null || Object.hasOwn(PATTERNS, name);
}

/**
 * @param vocabulary pieces by id; '' where an id has none
 * @returns `TokenizerParts.encoded`
 */
export function pieceEncoder(facts: PieceFacts, vocabulary: readonly string[]): TokenizerParts['encoded'] {
  const { normaliser, split, wordPiece, unknown, added } = facts;
  const ids = new Map<string, number>();
  for (let id = 0; id < vocabulary.length; id++) {
    const piece = vocabulary[id] as string;
    if (piece !== '') ids.set(piece, id);
  }
  for (const [content, id] of added) ids.set(content, id);
  const special = new Set(added.map(([content]) => content));
  const normal = normaliser === null ? (text: string) => text : bertNormaliser(normaliser);
  const words = (text: string): readonly string[] =>
    split === null ? [text] : (text.match(PATTERNS[split]()) ?? ([] as readonly string[]));
  const cut = wordPiece && wordPieces(ids, wordPiece.prefix, wordPiece.mostCharacters);
  return (text) => {
    const pieces: string[] = [];
    for (const section of splitAt(text, special)) {
      const given = special.has(section) ? section : normal(section);
      if (given === '') continue;
      // What becomes a special token only by losing its control characters counts as one, too.
      if (special.has(given)) pieces.push(given);
      else if (cut === undefined) for (const word of words(given)) pieces.push(word);
      else for (const word of words(given)) if (!cut(word, pieces)) pieces.push(unknown);
    }
    const unknownId = ids.get(unknown) as number;
    return { ids: pieces.map((piece) => ids.get(piece) ?? unknownId), pieces };
  };
}

/** A text at the tokens in it, the longest where several begin. */
function splitAt(text: string, tokens: ReadonlySet<string>): readonly string[] {
  const firsts = new Set(Array.from(tokens, (token) => token[0]));
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (!firsts.has(text[at])) continue;
    let found = '';
    for (const token of tokens) if (token.length > found.length && text.startsWith(token, at)) found = token;
    if (found === '') continue;
    if (at > start) parts.push(text.slice(start, at));
    parts.push(found);
    start = at + found.length;
    at = start - 1;
  }
  if (start < text.length) parts.push(text.slice(start));
  return parts;
}

/**
 * Longest match first (Wu et al. 2016, arXiv:1609.08144).
 * @returns what appends a word's pieces to a list; false, with nothing appended, for a word that has none
 */
function wordPieces(
  ids: ReadonlyMap<string, number>,
  prefix: string,
  mostCharacters: number,
): (word: string, into: string[]) => boolean {
  let longest = 0;
  for (const piece of ids.keys()) if (piece.length > longest) longest = piece.length;
  const isPair = (word: string, at: number) => (word.codePointAt(at - 1) as number) > 0xffff;
  return (word, into) => {
    if (word.length > mostCharacters && Array.from(word).length > mostCharacters) return false;
    if (ids.has(word)) {
      into.push(word);
      return true;
    }
    const before = into.length;
    for (let start = 0; start < word.length; ) {
      let end = Math.min(word.length, start + longest);
      for (; end > start; end--) {
        if (end < word.length && isPair(word, end)) continue;
        const part = word.slice(start, end);
        const piece = start > 0 ? prefix + part : part;
        if (!ids.has(piece)) continue;
        into.push(piece);
        break;
      }
      if (end === start) {
        into.length = before;
        return false;
      }
      start = end;
    }
    return true;
  };
}
