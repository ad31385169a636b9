/**
 * @file Latency and throughput of small students by family and size, on one thread: `ngram` and `static` as files of JavaScript, `bilstm`
 * in ONNX Runtime and as a file. BANKING77's 77 classes, texts of 20 words and marks that are cut from its test split; n-grams are those of its
 * training split, vocabularies and pieces MiniLM's and parts of them, where `scripts/fetch-minilm.mjs` has put it. Weights are random. Rounds
 * alternate: one text at a time, from its ids or features and from the text on, then batches of 32 texts, which are one after the
 * other where there is nothing to gain from having several.
 *
 *   RETORT_DATA=… npm run bench -- latency [--texts 1000] [--rounds 5] [--families ngram,static,bilstm]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { loadTextSet } from '../src/data/text-sets.js';
import { splitOf } from '../src/data/text-task.js';
import type { JsContent } from '../src/export/js-student.js';
import { saveOnnx } from '../src/export/onnx-folder.js';
import { saveJs } from '../src/export/save-js.js';
import { load } from '../src/inference/load.js';
import { bilstm, bilstmDefaults } from '../src/models/bilstm.js';
import { resolveModel } from '../src/models/hugging-face-cache.js';
import type { Model } from '../src/models/model.js';
import { MODEL_SIZES } from '../src/models/model-sizes.js';
import { ngram } from '../src/models/ngram.js';
import { staticDefaults, staticModel } from '../src/models/static-model.js';
import { initialiseParameters } from '../src/nn/parameters.js';
import { MODEL_FILE } from '../src/onnx/model-versions.js';
import { openModelSession } from '../src/runtime/session.js';
import { sizeOf } from '../src/tensor/shape.js';
import { tensor } from '../src/tensor/tensor.js';
import { fitNgrams } from '../src/tokenizers/fit-ngrams.js';
import { countWords } from '../src/tokenizers/gram-scanner.js';
import { loadTokenizer } from '../src/tokenizers/load-tokenizer.js';
import { ngramTokenizer } from '../src/tokenizers/ngram-tokenizer.js';
import { readPieces } from '../src/tokenizers/pieces.js';
import { smallerVocabulary } from '../src/tokenizers/smaller-vocabulary.js';
import type { Tokenizer } from '../src/tokenizers/tokenizer.js';
import { spread } from './figures.js';

const WORDS = 20;
const BATCH = 32;
const FLOAT_BYTES = 4;
const SEED = 1;

type Call = () => unknown;
/** A student that is ready. */
type Student = {
  readonly name: string;
  readonly engine: 'JavaScript' | 'ONNX Runtime';
  readonly parameters: number;
  /** Of each text: from its ids on, where that can be asked for, and from the text on. */
  readonly fromTokens?: readonly Call[];
  readonly fromText: readonly Call[];
  /** Of `BATCH` texts each. */
  readonly batches: readonly Call[];
  readonly release?: () => Promise<void>;
};

/** What students are made of. */
type Given = {
  readonly asked: readonly string[];
  readonly training: readonly string[];
  readonly labels: readonly string[];
  readonly folder: string;
};

const FAMILIES = { ngram: ngramStudents, static: staticStudents, bilstm: bilstmStudents } as const;
type Family = keyof typeof FAMILIES;

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      texts: { type: 'string', default: '1000' },
      rounds: { type: 'string', default: '5' },
      families: { type: 'string', default: Object.keys(FAMILIES).join() },
    },
  });
  const { RETORT_DATA: dir } = process.env;
  if (dir === undefined) return console.log('RETORT_DATA is not set: no BANKING77 to predict');
  const unknown = values.families.split(',').find((name) => !Object.hasOwn(FAMILIES, name));
  if (unknown !== undefined) throw new Error(`--families: wanted some of ${Object.keys(FAMILIES)}, got ${unknown}`);
  const task = await loadTextSet('banking77', { dir });
  const folder = mkdtempSync(join(tmpdir(), 'retort-bench-'));
  const given = {
    asked: textsOf(splitOf(task, 'test').texts, Number(values.texts)),
    training: splitOf(task, 'train').texts,
    labels: task.labelNames,
    folder,
  };
  const students: Student[] = [];
  try {
    for (const name of values.families.split(',') as Family[]) students.push(...(await FAMILIES[name](given)));
    const rows = students.map((student) => ({ student, rounds: [] as Round[] }));
    // The first round compiles the code.
    for (let round = 0; round <= Number(values.rounds); round++) {
      for (const { student, rounds } of rows) {
        const measured = await roundOf(student);
        if (round > 0) rounds.push(measured);
      }
    }
    console.log(
      `| model | runs in | parameters | MB in float32 | from ids or features: p50, µs | p95 | from the text: p50, µs | p95 | texts a second, batches of ${BATCH} |`,
    );
    console.log('|---|---|---|---|---|---|---|---|---|');
    for (const { student, rounds } of rows) console.log(rowOf(student, rounds));
  } finally {
    for (const { release } of students) await release?.();
    rmSync(folder, { recursive: true });
  }
}

type Latency = { readonly p50: number; readonly p95: number };
type Round = { readonly fromTokens?: Latency; readonly fromText: Latency; readonly textsPerSecond: number };

async function roundOf({ fromTokens, fromText, batches }: Student): Promise<Round> {
  const of = { ...(fromTokens && { fromTokens: await latencyOf(fromTokens) }), fromText: await latencyOf(fromText) };
  // By the median batch, which other work on the machine changes less than their sum.
  return { ...of, textsPerSecond: (1e6 * BATCH) / (await latencyOf(batches)).p50 };
}

/** Microseconds of a call. */
async function latencyOf(calls: readonly Call[]): Promise<Latency> {
  const times: number[] = [];
  for (const call of calls) {
    const begun = performance.now();
    const result = call();
    // Plain JavaScript is done by now, and is not charged for a turn of the queue.
    if (result instanceof Promise) await result;
    times.push(1000 * (performance.now() - begun));
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(share * times.length)] as number;
  return { p50: at(0.5), p95: at(0.95) };
}

function rowOf({ name, engine, parameters }: Student, rounds: readonly Round[]): string {
  const of = (value: (round: Round) => number, digits = 1) => spread(rounds.map(value), digits);
  const cells = [
    name,
    engine,
    parameters.toLocaleString('en'),
    ((parameters * FLOAT_BYTES) / 1e6).toFixed(1),
    rounds[0]?.fromTokens === undefined ? '–' : of(({ fromTokens }) => fromTokens?.p50 ?? NaN),
    rounds[0]?.fromTokens === undefined ? '–' : of(({ fromTokens }) => fromTokens?.p95 ?? NaN),
    of(({ fromText }) => fromText.p50),
    of(({ fromText }) => fromText.p95),
    of(({ textsPerSecond }) => textsPerSecond, 0),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** A student of one file, as `retort export --to js` writes it. */
async function asFile(name: string, content: JsContent, { asked, folder }: Given): Promise<Student> {
  const place = mkdtempSync(join(folder, 'js-'));
  await saveJs(place, content);
  const student: { readonly predict: (text: string) => unknown } = await import(
    pathToFileURL(join(place, 'student.js')).href
  );
  return {
    name,
    engine: 'JavaScript',
    parameters: parametersOf(content.model),
    fromText: asked.map((text) => () => student.predict(text)),
    batches: batchesOf(asked).map((some) => () => some.map((text) => student.predict(text))),
  };
}

async function ngramStudents(given: Given): Promise<Student[]> {
  const { training, labels: labelNames } = given;
  const pieces = await minilmTokenizer();
  const ofWords = fitNgrams(training);
  const variants = [
    { name: 'linear', hidden: 0, features: ofWords },
    { name: 'hidden 64', hidden: 64, features: ofWords },
    ...(pieces
      ? [{ name: 'linear, of pieces', hidden: 0, features: fitNgrams(training, undefined, { tokenizer: pieces }) }]
      : []),
  ];
  const students: Student[] = [];
  for (const { name, hidden, features } of variants) {
    const model = ngram({ vocab_size: features.size, hidden_size: hidden, num_labels: labelNames.length });
    const weights = initialiseParameters(model.parameters, SEED);
    const content = { model, weights, labelNames, tokenizer: ngramTokenizer(features) };
    students.push(await asFile(`\`ngram\`, ${name}`, content, given));
  }
  return students;
}

async function staticStudents(given: Given): Promise<Student[]> {
  const { training, labels: labelNames } = given;
  const sizes = await sizedTokenizers(training, staticDefaults.embedding_size);
  const variants = sizes.flatMap((one) => [
    { ...one, ngrams: {} },
    ...(one.size === 'tiny' ? [{ ...one, ngrams: { ngram_sizes: [2], ngram_buckets: 50_000 } }] : []),
  ]);
  const students: Student[] = [];
  for (const { size, tokenizer, width, ngrams } of variants) {
    const model = staticModel({
      ...ngrams,
      vocab_size: tokenizer.vocabularySize,
      embedding_size: width,
      pad_token_id: tokenizer.padId,
      num_labels: labelNames.length,
    });
    const name =
      `\`static\`, ${size}: ${tokenizer.vocabularySize.toLocaleString('en')} × ${width}` +
      `${'ngram_sizes' in ngrams ? ', `--ngrams 2`' : ''}`;
    const weights = initialiseParameters(model.parameters, SEED);
    students.push(await asFile(name, { model, weights, labelNames, tokenizer }, given));
  }
  return students;
}

async function bilstmStudents(given: Given): Promise<Student[]> {
  const { asked, training, labels, folder } = given;
  const students: Student[] = [];
  for (const { size, tokenizer, width } of await sizedTokenizers(training, bilstmDefaults.embedding_size)) {
    const model = bilstm({
      vocab_size: tokenizer.vocabularySize,
      embedding_size: width,
      pad_token_id: tokenizer.padId,
      num_labels: labels.length,
    });
    const path = join(folder, size);
    const weights = initialiseParameters(model.parameters, SEED);
    await saveOnnx(path, { model, weights, tokenizer, labelNames: labels });
    const session = await openModelSession(join(path, MODEL_FILE), { threads: 1 });
    const loaded = await load(path, { threads: 1 });
    const name = `\`bilstm\`, ${size}: ${tokenizer.vocabularySize.toLocaleString('en')} × ${width}`;
    students.push(await asFile(name, { model, weights, tokenizer, labelNames: labels }, given));
    students.push({
      name,
      engine: 'ONNX Runtime',
      parameters: parametersOf(model),
      fromTokens: asked.map((text) => {
        const { ids } = tokenizer.encodeRow(text);
        const shape = [1, ids.length];
        const feeds = {
          input_ids: tensor('int64', shape, BigInt64Array.from(ids, BigInt)),
          attention_mask: tensor('int64', shape, new BigInt64Array(ids.length).fill(1n)),
        };
        return () => session.run(feeds);
      }),
      fromText: asked.map((text) => () => loaded.predict(text)),
      batches: batchesOf(asked).map((some) => () => loaded.predict(some)),
      release: async () => {
        await session.release();
        await loaded.release();
      },
    });
  }
  return students;
}

type Sized = { readonly size: string; readonly tokenizer: Tokenizer; readonly width: number };

async function minilmTokenizer(): Promise<Tokenizer | undefined> {
  const path = await resolveModel('minilm-l6').catch(() => undefined);
  return path === undefined ? undefined : loadTokenizer(path);
}

/** MiniLM's tokenizer, cut to the sizes that `--size` has, and whole with the family's usual width. */
async function sizedTokenizers(training: readonly string[], usualWidth: number): Promise<readonly Sized[]> {
  const tokenizer = await minilmTokenizer();
  if (tokenizer === undefined) {
    console.log('no MiniLM (node scripts/fetch-minilm.mjs): no students that read its pieces');
    return [];
  }
  // The pieces themselves stand behind the texts, so that each size has as many as it may have.
  const texts = [...training, ...(await readPieces(tokenizer)).names];
  const sized: Sized[] = [];
  for (const [size, { vocabularySize, embeddingSize: width }] of Object.entries(MODEL_SIZES)) {
    sized.push({ size, tokenizer: (await smallerVocabulary(tokenizer, texts, vocabularySize)).tokenizer, width });
  }
  return [...sized, { size: 'whole', tokenizer, width: usualWidth }];
}

function parametersOf({ parameters }: Model): number {
  return parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** `BATCH` texts each; what is left over is left out. */
function batchesOf(asked: readonly string[]): readonly (readonly string[])[] {
  return Array.from({ length: Math.floor(asked.length / BATCH) }, (_, i) => asked.slice(i * BATCH, (i + 1) * BATCH));
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
