/** @file The file that n-gram features are kept in, checked where bytes become objects. */
import {
  also,
  type Checked,
  checkedJson,
  list,
  object,
  oneOf,
  optional,
  pairOf,
  strictObject,
  such,
  text,
  whole,
} from '../options/json-checks.js';
import { OVERLAPS } from './gram-overlap.js';
import { NGRAMS_FORMAT } from './ngrams-format.js';

const MOST = 2 ** 31;
const count = whole(0, MOST);
const n = whole(1, 100);

const range = also(pairOf(n, n), ([least, most]) =>
  least <= most ? undefined : { wanted: 'the least n and the most', got: `${least} and ${most}` },
);

/** Checked in one loop, as the vocabularies of other tokenizers are. */
const counts = such<number[]>(
  'a list of integers ≥ 0',
  (value) => Array.isArray(value) && value.every((one) => Number.isSafeInteger(one) && one >= 0 && one <= MOST),
);
const names = such<string[]>(
  'a list of n-grams in the order of their code units, none twice',
  (value) =>
    Array.isArray(value) &&
    value.every((gram, i) => typeof gram === 'string' && (i === 0 || (value[i - 1] as string) < gram)),
);

const block = also(
  strictObject({
    text: oneOf('first', 'second', 'both'),
    kind: oneOf('words', 'chars', 'pieces'),
    range,
    grams: optional(names),
    df: counts,
  }),
  ({ text: of, grams, df }) => {
    if (grams !== undefined && grams.length !== df.length) {
      return { wanted: 'as many df as grams', got: `${df.length} and ${grams.length}` };
    }
    if (of !== 'both' || (grams === undefined && df.length === OVERLAPS.length)) return undefined;
    const wanted = `the ${OVERLAPS.length} shares of what two texts have in common`;
    return { wanted, got: grams === undefined ? `${df.length}` : 'n-grams' };
  },
);

const versionCheck = object({ format: oneOf(NGRAMS_FORMAT.name), version: whole(1, MOST) });

const hash = also(text(64, 64), (hex) =>
  /^[0-9a-f]{64}$/.test(hex) ? undefined : { wanted: 'a SHA-256 in hex', got: JSON.stringify(hex) },
);

const ngramsCheck = also(
  strictObject({
    format: oneOf(NGRAMS_FORMAT.name),
    version: whole(1, NGRAMS_FORMAT.version),
    texts: count,
    /** Of n-grams of pieces, SHA-256 of the `tokenizer.json` that lies beside. */
    tokenizer: optional(hash),
    blocks: also(list(block, 1, 100), (blocks) =>
      blocks.some(({ df }) => df.length > 0) ? undefined : { wanted: 'features', got: 'none' },
    ),
  }),
  ({ tokenizer, blocks }) => {
    const hasPieces = blocks.some(({ kind }) => kind === 'pieces');
    if (hasPieces === (tokenizer !== undefined)) return undefined;
    const wanted = 'the SHA-256 of a tokenizer beside n-grams of pieces, and nowhere else';
    return { wanted, got: hasPieces ? 'none' : 'one' };
  },
);

const FIX = 'copy the file again, or train the model again';

/** Read first and alone, so that a file of a newer version is reported as that. @throws FileError for no such file. */
export function ngramsVersion(value: unknown, where: string): number {
  return checkedJson(versionCheck, value, where, FIX).version;
}

/** @throws FileError naming the first place that is not as retort writes it. */
export function checkedNgrams(value: unknown, where: string): Checked<typeof ngramsCheck> {
  return checkedJson(ngramsCheck, value, where, FIX);
}
