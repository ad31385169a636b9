/**
 * @file Latency of small models in plain JavaScript, without ONNX Runtime: one text of 20 tokens at a time, with and without
 * tokenizing. Weights are random, texts are made of the vocabulary's common words; the tokenizer is MiniLM's, where
 * `scripts/fetch-minilm.mjs` has put it.
 *
 *   npm run bench -- static-latency [--rounds 5]
 */
import { parseArgs } from 'node:util';
import { plainStatic } from '../src/inference/plain-static.js';
import { resolveModel } from '../src/models/hugging-face-cache.js';
import { type StaticConfig, staticModel } from '../src/models/static-model.js';
import { initialiseParameters } from '../src/nn/parameters.js';
import { RandomStream } from '../src/tensor/random.js';
import { loadTokenizer } from '../src/tokenizers/load-tokenizer.js';
import { readPieces } from '../src/tokenizers/pieces.js';
import type { Tokenizer } from '../src/tokenizers/tokenizer.js';
import { median, spread } from './figures.js';

const TOKENS = 20;
const TEXTS = 500;
/** Calls before the first that counts, in which the code is compiled. */
const WARM_UP = 2000;
const SIZES: readonly Partial<StaticConfig>[] = [
  { vocab_size: 30522, embedding_size: 256, hidden_sizes: [64] },
  { vocab_size: 16_000, embedding_size: 256, hidden_sizes: [] },
  { vocab_size: 8000, embedding_size: 64, hidden_sizes: [64] },
];

/** Microseconds of each call. */
function timed<T>(inputs: readonly T[], call: (input: T) => unknown): number[] {
  for (let i = 0; i < WARM_UP; i++) call(inputs[i % inputs.length] as T);
  return inputs.map((input) => {
    const start = process.hrtime.bigint();
    call(input);
    return Number(process.hrtime.bigint() - start) / 1000;
  });
}

/** Texts of `TOKENS` tokens, all of them different. */
async function textsOf(tokenizer: Tokenizer): Promise<readonly string[]> {
  const { names } = await readPieces(tokenizer);
  const words = names.slice(0, 12_000).filter((name) => /^[a-z]{2,}$/.test(name));
  const random = new RandomStream(1, 'texts');
  const room = TOKENS - tokenizer.encodeRow('').ids.length;
  return Array.from({ length: TEXTS }, () =>
    Array.from({ length: room }, () => words[random.below(words.length)]).join(' '),
  );
}

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { rounds: { type: 'string', default: '5' } } });
  const path = await resolveModel('minilm-l6').catch(() => undefined);
  const tokenizer = path === undefined ? undefined : await loadTokenizer(path);
  const texts = tokenizer === undefined ? [] : await textsOf(tokenizer);
  const random = new RandomStream(1, 'ids');
  for (const config of SIZES) {
    const model = staticModel(config);
    const plain = plainStatic({
      config: model.config as StaticConfig,
      weights: initialiseParameters(model.parameters, 1),
    });
    const { vocab_size: V = 0, embedding_size, hidden_sizes } = config;
    const rows = Array.from({ length: TEXTS }, () => Array.from({ length: TOKENS }, () => random.below(V)));
    const without: number[] = [];
    const whole: number[] = [];
    for (let round = 0; round < Number(values.rounds); round++) {
      without.push(median(timed(rows, plain)));
      if (tokenizer === undefined) continue;
      whole.push(median(timed(texts, (text) => plain(tokenizer.encodeRow(text).ids.map((id) => id % V)))));
    }
    const size = `static ${V} x ${embedding_size}, hidden ${hidden_sizes?.join(', ') || 'none'}`;
    const tokenizing = whole.length === 0 ? 'no tokenizer' : `with tokenizing ${spread(whole)}`;
    console.log(`${size}: p50 ${spread(without)} µs of ${TOKENS} ids; ${tokenizing} µs`);
  }
}
