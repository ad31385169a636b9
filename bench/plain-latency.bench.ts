/**
 * @file Latency at batch size 1 of models that answer in plain JavaScript: texts of 20 words and marks, of features that are
 * fitted on as many made-up texts as BANKING77 has, 77 classes.
 *
 *   npm run bench -- plain-latency [--texts 2000] [--rounds 5]
 */
import { parseArgs } from 'node:util';
import { ngramPredictor } from '../src/inference/ngram-predictor.js';
import { ngram } from '../src/models/ngram.js';
import { initialiseParameters } from '../src/nn/parameters.js';
import { RandomStream } from '../src/tensor/random.js';
import { fitNgrams } from '../src/tokenizers/ngram-features.js';
import { spread } from './figures.js';

const [WORDS, CLASSES, FITTED, LETTERS] = [4000, 77, 10_000, 'etaoinshrdlucmfwypvbgkjqxz'];

export function main(args: readonly string[]): void {
  const { values } = parseArgs({
    args: [...args],
    options: { texts: { type: 'string', default: '2000' }, rounds: { type: 'string', default: '5' } },
  });
  const random = new RandomStream(1, 'bench');
  // The squares of uniform numbers: some words and letters are many times as frequent as others.
  const one = <T>(of: ArrayLike<T>): T => of[Math.floor(random.uniform(0, 1) ** 2 * of.length)] as T;
  const words = Array.from({ length: WORDS }, () => {
    return Array.from({ length: 2 + random.below(7) }, () => one([...LETTERS])).join('');
  });
  const text = (length: number) => Array.from({ length }, () => one(words)).join(' ');
  const features = fitNgrams(Array.from({ length: FITTED }, () => text(12)));
  const asked = Array.from({ length: Number(values.texts) }, () => text(20));
  for (const hidden of [0, 64]) {
    const model = ngram({ vocab_size: features.size, hidden_size: hidden, num_labels: CLASSES });
    const weights = initialiseParameters(model.parameters, 1);
    const labels = Array.from({ length: CLASSES }, (_, i) => `class ${i}`);
    const predictor = ngramPredictor({ features, weights, labels });
    const rows = asked.map((each) => {
      const { ids, values: of } = features.row(each);
      return { ids: ids.slice(), values: of.slice() };
    });
    const found = rows.reduce((sum, { ids }) => sum + ids.length, 0) / rows.length;
    const form = hidden === 0 ? 'linear' : `hidden ${hidden}`;
    console.log(`ngram, ${form}: ${features.size} features, ${found.toFixed(0)} in a text of 20 words`);
    report('  logits of a row', rows, predictor.logits, Number(values.rounds));
    report('  answer to a text', asked, predictor.predict, Number(values.rounds));
  }
}

/** Microseconds of one call: median and 95th percentile of each round, after one that warms up. */
function report<T>(what: string, inputs: readonly T[], call: (input: T) => unknown, rounds: number): void {
  const p50: number[] = [];
  const p95: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const times = inputs.map((input) => {
      const begun = performance.now();
      call(input);
      return 1000 * (performance.now() - begun);
    });
    times.sort((a, b) => a - b);
    if (round === 0) continue;
    p50.push(times[Math.floor(0.5 * times.length)] as number);
    p95.push(times[Math.floor(0.95 * times.length)] as number);
  }
  console.log(`${what}: p50 ${spread(p50)} µs, p95 ${spread(p95)} µs`);
}
