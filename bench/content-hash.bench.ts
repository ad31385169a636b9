/**
 * @file The hash of a data set's columns, as a run compares them when it is resumed: made-up texts of 4 to 17 words with
 * labels and ids.
 *
 *   npm run bench -- content-hash [--rows 1000000] [--rounds 5]
 */
import { parseArgs } from 'node:util';
import { contentHash } from '../src/data/content-hash.js';
import { textDataset } from '../src/data/text-dataset.js';
import { textTable } from '../src/data/text-table.js';
import { bilstm } from '../src/models/bilstm.js';
import { RandomStream } from '../src/tensor/random.js';
import { wordTokenizer } from '../src/tokenizers/word-vocabulary.js';
import { spread } from './figures.js';

const WORDS = ['a', 'gripping', 'funny', 'film', 'that', 'never', 'quite', 'finds', 'its', 'feet'];

export function main(args: readonly string[]): void {
  const { values } = parseArgs({
    args: [...args],
    options: { rows: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '5' } },
  });
  const size = Number(values.rows);
  const random = new RandomStream(1, 'bench');
  const text = () => Array.from({ length: 4 + random.below(14) }, () => WORDS[random.below(WORDS.length)]).join(' ');
  const columns = {
    texts: Array.from({ length: size }, text),
    labels: Int32Array.from({ length: size }, () => random.below(2)),
    labelNames: ['no', 'yes'],
  };
  const model = bilstm({ vocab_size: 16, embedding_size: 2, hidden_size: 2, dense_size: 2 });
  // What is known of a data set by object is not known of another with the same columns.
  const read = textDataset(textTable('rows', columns), wordTokenizer(WORDS), { model });
  const seconds = { all: [] as number[], processor: [] as number[] };
  for (let round = 0; round < Number(values.rounds); round++) {
    const data = { ...read, ...(read.text && { text: { ...read.text, table: { ...read.text.table } } }) };
    const [begun, used] = [performance.now(), process.cpuUsage()];
    contentHash(data);
    const { user, system } = process.cpuUsage(used);
    seconds.all.push((performance.now() - begun) / 1000);
    seconds.processor.push((user + system) / 1e6);
  }
  const megabytes = columns.texts.reduce((sum, { length }) => sum + length, 0) / 1e6;
  console.log(`${size} texts, ${megabytes.toFixed(0)} MB: ${spread(seconds.all, 2)} s`);
  console.log(`  of the processor ${spread(seconds.processor, 2)} s`);
}
