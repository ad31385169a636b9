/**
 * @file Latency at batch size 1 of models that answer in plain JavaScript: features and classes of BANKING77's 10,003 training
 * texts, texts of 20 words and marks that are cut from its test split.
 *
 *   RETORT_DATA=… npm run bench -- plain-latency [--texts 2000] [--rounds 5]
 */
import { parseArgs } from 'node:util';
import { loadTextSet } from '../src/data/text-sets.js';
import { splitOf } from '../src/data/text-task.js';
import { ngramPredictor } from '../src/inference/ngram-predictor.js';
import { ngram } from '../src/models/ngram.js';
import { RandomStream } from '../src/tensor/random.js';
import { tensor } from '../src/tensor/tensor.js';
import { countWords } from '../src/tokenizers/gram-scanner.js';
import { fitNgrams } from '../src/tokenizers/ngram-features.js';
import { spread } from './figures.js';

const WORDS = 20;

export async function main(args: readonly string[]): Promise<void> {
  const { RETORT_DATA: dir } = process.env;
  if (dir === undefined) return console.log('skipped: RETORT_DATA names no folder of data sets');
  const { values } = parseArgs({
    args: [...args],
    options: { texts: { type: 'string', default: '2000' }, rounds: { type: 'string', default: '5' } },
  });
  const task = await loadTextSet('banking77', { dir });
  const features = fitNgrams(splitOf(task, 'train').texts);
  const random = new RandomStream(1, 'bench');
  const asked = textsOf(splitOf(task, 'test').texts, Number(values.texts));
  for (const hidden of [0, 64]) {
    const model = ngram({ vocab_size: features.size, hidden_size: hidden, num_labels: task.labelNames.length });
    const weights = Object.fromEntries(
      model.parameters.map(({ name, shape }) => {
        const length = shape.reduce((product, size) => product * size, 1);
        return [
          name,
          tensor(
            'float32',
            shape,
            Float32Array.from({ length }, () => random.uniform(-1, 1)),
          ),
        ];
      }),
    );
    const predictor = ngramPredictor({ features, weights, labels: task.labelNames });
    const rows = asked.map((each) => {
      const { ids, values: of } = features.row(each);
      return { ids: ids.slice(), values: of.slice() };
    });
    const found = rows.reduce((sum, { ids }) => sum + ids.length, 0) / rows.length;
    const form = hidden === 0 ? 'linear' : `hidden ${hidden}`;
    console.log(`ngram, ${form}: ${features.size} features, ${found.toFixed(0)} in a text of ${WORDS} words`);
    report('  logits of a row', rows, predictor.logits, Number(values.rounds));
    report('  answer to a text', asked, predictor.predict, Number(values.rounds));
  }
}

/** Texts of so many words and marks each, from others behind each other. */
function textsOf(texts: readonly string[], count: number): string[] {
  const made: string[] = [];
  let words: string[] = [];
  for (let i = 0; made.length < count; i++) {
    for (const word of (texts[i % texts.length] as string).split(/\s+/)) {
      words.push(word);
      const text = words.join(' ');
      if (countWords(text) < WORDS) continue;
      made.push(text);
      words = [];
    }
  }
  return made.slice(0, count);
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
