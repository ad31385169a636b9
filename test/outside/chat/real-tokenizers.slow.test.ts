/**
 * @file The walk along the tokens of replies, with the tokenizers of real models. Those of OpenAI and Llama are npm
 * packages of a folder of their own (`npm ci --prefix test/clients/tokenizers`), MiniLM's is that of its weights.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { LabelWords } from '../../../src/outside/chat/label-words.js';
import { optionCodes } from '../../../src/outside/chat/option-codes.js';
import { RandomStream } from '../../../src/tensor/random.js';
import { dataFolder } from '../../setup/data-test.js';
import { minilmFolder } from '../../tokenizers/minilm-test.js';
import type { Split } from './simulated-model.js';
import { walkedReplies } from './walked-replies.js';

const here = fileURLToPath(new URL('../../clients/tokenizers/', import.meta.url));
const isThere = existsSync(join(here, 'node_modules'));
const isRequired = process.env.RETORT_TOKENIZERS === 'required';

async function load<T>(name: string): Promise<T> {
  return (await import(pathToFileURL(createRequire(join(here, 'x.js')).resolve(name)).href)) as T;
}

type Gpt = { encode(text: string): number[]; decode(tokens: readonly number[]): string };
type Llama = {
  readonly default: {
    encode(text: string, bos: boolean, space: boolean): number[];
    decode(tokens: readonly number[], bos: boolean, space: boolean): string;
  };
};

/** Greedy longest match in a vocabulary, as BERT's, in lower case; the space before a word goes with its first piece. */
function wordPiece(vocabulary: ReadonlySet<string>): Split {
  return (text) =>
    [...text.toLowerCase().matchAll(/(\s*)([\p{L}\p{N}]+|[^\s\p{L}\p{N}])/gu)].flatMap(([, space = '', word = '']) => {
      const pieces: string[] = [];
      for (let at = 0; at < word.length; ) {
        let end = word.length;
        while (end > at + 1 && !vocabulary.has((at === 0 ? '' : '##') + word.slice(at, end))) end -= 1;
        pieces.push((at === 0 ? space : '') + word.slice(at, end));
        at = end;
      }
      return pieces;
    });
}

async function tokenizers(): Promise<Readonly<Record<string, Split>>> {
  const gpt = await load<Gpt>('gpt-tokenizer/encoding/o200k_base');
  const { default: llama } = await load<Llama>('llama-tokenizer-js');
  const vocabulary = new Set(readFileSync(join(minilmFolder ?? '', 'vocab.txt'), 'utf8').split('\n'));
  return {
    'o200k (GPT-4o and later)': (text) => gpt.encode(text).map((token) => gpt.decode([token])),
    'Llama 2': (text) => llama.encode(text, false, false).map((token) => llama.decode([token], false, false)),
    'MiniLM (WordPiece)': wordPiece(vocabulary),
  };
}

/** With each tokenizer: for each of the two data sets, and for all drawn labels together. */
const REPLIES = 2000;
const DRAWN = [5, 23, 60, 255];

/** Of BANKING77, CLINC150 with its class for what is out of scope, and labels that nobody chose. */
function labelSets(): Readonly<Record<string, readonly string[]>> {
  const json = (path: string) => JSON.parse(readFileSync(join(dataFolder ?? '', path), 'utf8'));
  const clinc: Record<string, readonly (readonly [string, string])[]> = json('clinc150/data_full.json');
  const random = new RandomStream(7, 'labels');
  const syllables = ['ba', 'ke', 'lo', 'mi', 'nu', 'ra', 'si', 'to', 've', 'zu', '_', ' '];
  const drawn = (count: number) => {
    const names = new Set<string>();
    while (names.size < count) {
      const name = Array.from({ length: 2 + random.below(5) }, () => syllables[random.below(12)]).join('');
      if (/^\p{L}.*\p{L}$/u.test(name) && !/[_ ]{2}/u.test(name)) names.add(name);
    }
    return [...names];
  };
  return {
    banking77: json('banking77/categories.json'),
    clinc150: [...new Set(Object.values(clinc).flatMap((rows) => rows.map(([, label]) => label)))],
    ...Object.fromEntries(DRAWN.map((count) => [`${count} drawn labels`, drawn(count)])),
  };
}

describe.skipIf(!isRequired && (!isThere || minilmFolder === undefined || dataFolder === undefined))(
  'walkOptions, with real tokenizers',
  () => {
    test(`${REPLIES} replies for each data set's labels: all probabilities within bounds as narrow as can be`, async () => {
      const rows: string[] = [];
      for (const [name, split] of Object.entries(await tokenizers())) {
        for (const [set, labels] of Object.entries(labelSets())) {
          const codes = optionCodes(labels.length);
          const coded = new LabelWords(
            labels,
            Object.fromEntries(labels.map((label, i) => [label, codes[i] as string])),
          );
          const replies = REPLIES / 2 / (set.includes('drawn') ? DRAWN.length : 1);
          const whole = labels.filter((label) => !labels.some((other) => other !== label && label.startsWith(other)));
          for (const [how, words, spelled] of [
            ['codes', coded, codes],
            ['labels', new LabelWords(whole), whole],
          ] as const) {
            const { named, differ, exact, close } = walkedReplies(words, spelled, split, replies);
            expect(named).toBeGreaterThan(replies / 4);
            if (how === 'codes' && labels.length < 100) expect(close, `${name}, ${set}`).toBeGreaterThan(0);
            const share = (value: number) => `${(100 * value).toFixed(1)} %`;
            rows.push(
              `${name}, ${set} by ${how}: exact ${share(exact)}, to 0.001 ${share(close)}; ${differ} of ${named} differ`,
            );
          }
        }
      }
      console.info(rows.join('\n'));
    });
  },
);
