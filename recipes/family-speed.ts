/** @file Sizes, latency and throughput of the students of `families`: those of seed 1, on the texts that they are scored on. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { median } from '../bench/figures.js';
import { splitOf } from '../src/entries/data.js';
import { saveJs, saveOnnx } from '../src/entries/export.js';
import { load } from '../src/entries/inference.js';
import { loadTextModel, type TextModel } from '../src/entries/models.js';
import { openSet } from './family-set.js';
import { FAMILIES, type FamilyName, SETS, type SetName } from './family-settings.js';
import { keptJson } from './kept-json.js';
import { writeFileAtomic } from './write-file.js';

export type FamilySpeed = {
  readonly set: SetName;
  readonly family: FamilyName;
  /** Bytes of weights and of the files of the tokenizer. */
  readonly float32: number;
  /** An estimate: a byte for each weight and four for each row of a matrix, and the tokenizer's files. */
  readonly int8: number;
  /** `javascript`: no runtime; `onnx`: ONNX Runtime, one thread. */
  readonly by: 'javascript' | 'onnx';
  /** Microseconds of one text, tokenizing included. */
  readonly p50: number;
  readonly p95: number;
  /** Texts a second: one after the other in JavaScript, batches of 32 in ONNX Runtime. */
  readonly throughput: number;
};

const RESULTS = 'family-speed.json';
const TEXTS = 500;
const ROUNDS = 5;

type Measured = {
  readonly sets: readonly SetName[];
  readonly families: readonly FamilyName[];
  readonly work: string;
  readonly results: string;
};

/** Measures the students whose runs lie in `work`; figures of others stay. */
export async function measureSpeed({ sets, families, work, results }: Measured): Promise<void> {
  const path = join(results, RESULTS);
  const known = keptJson<readonly FamilySpeed[]>(path, []);
  const found = new Map(known.map((each) => [`${each.set}-${each.family}`, each]));
  for (const set of sets) {
    const { task } = await openSet(set);
    const { texts, pairs } = splitOf(task, 'dev');
    const asked = texts.slice(0, TEXTS).map((text, row) => (pairs ? ([text, pairs[row] as string] as const) : text));
    for (const family of families) {
      const folder = join(work, 'families', `${set}-${family}`);
      const run = join(folder, 'runs', 'hinton-1');
      if (!existsSync(run)) continue;
      const model = await loadTextModel(run);
      const answer = await answering(model, join(folder, 'onnx'));
      const times: number[] = [];
      for (let round = 0; round <= ROUNDS; round++) {
        for (const each of asked) {
          const begun = process.hrtime.bigint();
          await answer.one(each);
          if (round > 0) times.push(Number(process.hrtime.bigint() - begun) / 1000);
        }
      }
      times.sort((a, b) => a - b);
      const begun = performance.now();
      for (let round = 0; round < ROUNDS; round++) await answer.all(asked);
      const throughput = (1000 * ROUNDS * asked.length) / (performance.now() - begun);
      const speed: FamilySpeed = {
        ...{ set, family, ...bytesOf(model), by: answer.by },
        ...{ p50: rounded(median(times)), p95: rounded(times[Math.floor(0.95 * times.length)] as number) },
        throughput: Math.round(throughput),
      };
      console.log(JSON.stringify(speed));
      found.set(`${set}-${family}`, speed);
      await writeFileAtomic(path, `${JSON.stringify([...found.values()], null, 1)}\n`);
    }
  }
}

type Text = string | readonly [string, string];
type Answering = {
  readonly by: FamilySpeed['by'];
  readonly one: (text: Text) => unknown;
  readonly all: (texts: readonly Text[]) => unknown;
};

/** As a user of small models would run each: n-grams and static models without a runtime. */
async function answering(model: TextModel, folder: string): Promise<Answering> {
  const { kind } = model.model;
  if (kind === 'static' || kind === 'ngram') {
    const written = resolve(`${folder}-js`);
    await saveJs(written, model);
    const student = await import(pathToFileURL(join(written, 'student.js')).href);
    const { predict } = student as { readonly predict: Answering['one'] };
    return { by: 'javascript', one: predict, all: (texts) => texts.map((text) => predict(text)) };
  }
  await saveOnnx(folder, model);
  const session = await load(folder, { threads: 1 });
  return {
    by: 'onnx',
    one: (text) => session.predict([text]),
    all: (texts) => inBatches(texts, (some) => session.predict(some)),
  };
}

const BATCH = 32;

async function inBatches<T>(texts: readonly T[], answer: (texts: readonly T[]) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < texts.length; from += BATCH) await answer(texts.slice(from, from + BATCH));
}

function bytesOf({ model, weights, tokenizerFiles }: TextModel): Pick<FamilySpeed, 'float32' | 'int8'> {
  const files = [...(tokenizerFiles ?? new Map<string, string>()).values()].reduce(
    (sum, file) => sum + Buffer.byteLength(file),
    0,
  );
  let [numbers, rows] = [0, 0];
  for (const { name, shape } of model.parameters) {
    numbers += weights[name]?.data.length ?? 0;
    rows += shape.length > 1 ? (shape[0] ?? 0) : 0;
  }
  return { float32: 4 * numbers + files, int8: numbers + 4 * rows + files };
}

function rounded(microseconds: number): number {
  return Number(microseconds.toPrecision(3));
}

/** Sizes in MB, latency in microseconds, throughput in texts a second. */
export function familySpeedTable(speeds: readonly FamilySpeed[]): string {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  return [
    '| student | set | float32, MB | int8 (estimate), MB | p50, µs | p95, µs | texts/s | by |',
    '| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |',
    ...speeds.map(({ set, family, float32, int8, p50, p95, throughput, by }) => {
      const sizes = [megabytes(float32), megabytes(int8)];
      const times = [p50, p95].map((time) => time.toPrecision(3));
      return `| ${[FAMILIES[family].title, SETS[set].title, ...sizes, ...times, throughput.toLocaleString('en'), by === 'onnx' ? 'ONNX Runtime' : 'JavaScript'].join(' | ')} |`;
    }),
    '',
  ].join('\n');
}
