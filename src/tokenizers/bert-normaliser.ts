import { latePattern } from './late-pattern.js';

/** Deleted: NUL, the replacement character, and Unicode's category "other" but tab, line ends and what is unassigned. */
const CONTROL = latePattern(String.raw`[\0\ufffd]|(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\p{Cs}]`, 'gu');
const PRINTABLE_ASCII = /^[ -~]*$/;
/** Ideographs become words of their own; the blocks are those of Google's BERT. */
const IDEOGRAPH = latePattern(
  String.raw`[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]`,
  'gu',
);
const WHITE_SPACE = latePattern(String.raw`\p{White_Space}`, 'gu');
const ACCENT = latePattern(String.raw`\p{Mn}`, 'gu');

/** The switches of a `BertNormalizer`, as `tokenizer.json` has them. */
export type BertNormaliser = {
  readonly clean_text: boolean;
  readonly handle_chinese_chars: boolean;
  /** null: as `lowercase`. */
  readonly strip_accents: boolean | null;
  readonly lowercase: boolean;
};

/**
 * `BertNormalizer` as Python's `tokenizers` has it. The JavaScript package differs where texts meet it: it takes
 * ideographs by UTF-16 unit and so misses those beyond U+FFFF, makes a sigma at the end of a word a final one, and
 * lower-cases before it strips accents. Characters newer than the Unicode tables of either side may still differ.
 */
export function bertNormaliser(options: BertNormaliser): (text: string) => string {
  const { clean_text: clean, handle_chinese_chars: chinese, lowercase, strip_accents: strip } = options;
  return (text) => {
    // Nearly all text, and nothing but its case to look at.
    if (PRINTABLE_ASCII.test(text)) return lowercase ? text.toLowerCase() : text;
    let result = text;
    if (clean) result = result.replace(CONTROL(), '').replace(WHITE_SPACE(), ' ');
    if (chinese) result = result.replace(IDEOGRAPH(), ' $& ');
    if (strip ?? lowercase) result = result.normalize('NFD').replace(ACCENT(), '');
    // Python's works character by character, so that a sigma never learns that it ends a word.
    if (lowercase) result = result.replaceAll('Σ', 'σ').toLowerCase();
    return result;
  };
}
