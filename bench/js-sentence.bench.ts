/**
 * @file What a sentence costs students of one file (`--to js`), tokenizing included, once their process is warm: the rows of
 * SST-2's validation split one by one, median and 95th percentile of a round. Rounds alternate; the first one is left out.
 *
 *   npm run bench -- js-sentence --student student-js [--student another-js] [--data_dir DIR] [--rounds 10]
 */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { loadTextSet } from '../src/data/text-sets.js';
import { splitOf } from '../src/data/text-task.js';
import { spread } from './figures.js';

type OneFile = { readonly predict: (text: string) => { readonly probabilities: readonly number[] } };

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      student: { type: 'string', multiple: true },
      data_dir: { type: 'string' },
      rounds: { type: 'string', default: '10' },
    },
  });
  if (values.student === undefined) {
    console.log('--student is not given: nothing to ask');
    return;
  }
  const { texts } = splitOf(await loadTextSet('sst2', { dir: values.data_dir ?? process.env.RETORT_DATA }), 'dev');
  const students: {
    readonly name: string;
    readonly file: OneFile;
    readonly medians: number[];
    readonly tails: number[];
  }[] = [];
  for (const name of values.student) {
    const file: OneFile = await import(pathToFileURL(resolve(name, 'student.js')).href);
    students.push({ name, file, medians: [], tails: [] });
  }
  for (let round = 0; round <= Number(values.rounds); round++) {
    for (const { file, medians, tails } of students) {
      const times = texts.map((text) => {
        const begun = performance.now();
        file.predict(text);
        return 1000 * (performance.now() - begun);
      });
      // The first round compiles, and reads what is read when it is asked for.
      if (round === 0) continue;
      const sorted = times.sort((a, b) => a - b);
      medians.push(sorted[Math.floor(sorted.length / 2)] as number);
      tails.push(sorted[Math.floor(0.95 * sorted.length)] as number);
    }
  }
  console.log(
    `| µs a sentence, ${texts.length} of SST-2 | p50 | p95 | largest difference to the first |\n|---|---|---|---|`,
  );
  const answers = students.map(({ file }) => texts.map((text) => file.predict(text).probabilities));
  for (const [i, { name, medians, tails }] of students.entries()) {
    const changes = texts.map((_, row) => {
      const first = answers[0]?.[row] ?? [];
      return Math.max(...(answers[i]?.[row] ?? []).map((p, c) => Math.abs(p - (first[c] as number))));
    });
    const largest = Math.max(...changes).toExponential(1);
    console.log(`| ${name} | ${spread(medians, 0)} | ${spread(tails, 0)} | ${largest} |`);
  }
}
