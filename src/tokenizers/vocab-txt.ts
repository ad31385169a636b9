/** @file BERT's older tokenizer files: a piece a line in `vocab.txt`, its switches in `tokenizer_config.json`. */
import { FileError } from '../errors/failures.js';

export type BertSwitches = {
  readonly lowercase: boolean;
  /** null: as `lowercase`. */
  readonly stripAccents: boolean | null;
  readonly chineseChars: boolean;
  readonly unk: string;
  readonly cls: string;
  readonly sep: string;
  readonly pad: string;
  readonly mask: string;
};

/**
 * The `tokenizer.json` that `transformers` makes of a `vocab.txt`.
 * @throws FileError if a special token is missing from the list.
 */
export function tokenizerJsonOf(text: string, switches: BertSwitches, where: string): Record<string, unknown> {
  // A line's number is its piece's id; of pieces that occur twice the last counts, as in `transformers`.
  const vocab = new Map<string, number>();
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  for (const [id, line] of lines.entries()) vocab.set(line.replace(/\r$/, ''), id);
  const { unk, cls, sep, pad, mask } = switches;
  const idOf = (token: string): number => {
    const id = vocab.get(token);
    if (id !== undefined) return id;
    throw new FileError({
      where,
      wanted: `a line '${token}'`,
      got: `${vocab.size} lines without it`,
      fix: 'name the special tokens in tokenizer_config.json, or use the vocab.txt of a BERT',
    });
  };
  const special = [...new Set([pad, unk, cls, sep, mask])].map((content) => ({
    id: idOf(content),
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special.sort((a, b) => a.id - b.id),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: switches.chineseChars,
      strip_accents: switches.stripAccents,
      lowercase: switches.lowercase,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: { type: 'BertProcessing', sep: [sep, idOf(sep)], cls: [cls, idOf(cls)] },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: unk,
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocab),
    },
  };
}
