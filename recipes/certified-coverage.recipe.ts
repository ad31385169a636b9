/**
 * @file What share of BANKING77's requests small students keep under a certificate, beside other libraries. The 3,080 test rows are
 * divided at random, 200 times: 1,540 are the calibration, the others judge, and their scores without their labels are the scale of
 * thresholds. The students learn from the training rows; rankers are fitted to the same rows' predictions by models of four fifths of
 * them. `head` is MiniLM-L6 as it is with a last layer, in int8; `both` is the geometric mean of its probabilities and those of linear
 * n-grams; `staged` has n-grams answer alone what they are sure of, and is `both` for the rest; `head-4` and `both-4` are the same of
 * its first four layers, and have no ranker. The teacher and the students that
 * learnt from it are those of `families` where their runs lie in `--work`. Other libraries (bench/peers/certified.py, which
 * needs `scikit-learn shad0wllm[compile] jevstiller`) are scored under the same certifier, and by their own certificates. Into
 * `results/certified-coverage.json`; `--speed` takes latencies and nothing else, for a quiet machine, `--peers` those
 * libraries and nothing else.
 *
 *   RETORT_DATA=… RETORT_PYTHON=… npm run recipe -- certified-coverage [--work .bench] [--results results] [--draws 200] [--speed | --peers shad0w,…]
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machine, median } from '../bench/figures.js';
import { peerAnswer } from '../bench/peers/peer.js';
import {
  type AnswerScore,
  certifyThreshold,
  chooseScore,
  type Risk,
  type ScoredAnswers,
  scoreAnswers,
} from '../src/entries/certificates.js';
import { loadTextSet, selectRows, splitOf, type TextTable, type TextTask, textDataset } from '../src/entries/data.js';
import { mean, sampleSd } from '../src/entries/experiments.js';
import { joinStudents, saveOnnx } from '../src/entries/export.js';
import { type Inference, load } from '../src/entries/inference.js';
import { loadTextModel, saveModel, type TextModel } from '../src/entries/models.js';
import { modelTeacher } from '../src/entries/teachers.js';
import { RandomStream } from '../src/entries/tensor.js';
import { fitLinear, fitLinearModel, linearLogits, openEvaluator } from '../src/entries/training.js';
import { fineTune } from '../src/index.js';
import { chosenNames } from './chosen-names.js';
import { keptJson } from './kept-json.js';
import { writeFileAtomic } from './write-file.js';

const CALIBRATION = 1540;
const SEED = 1;
const FOLDS = 5;
/**
 * Shares of the training texts, as models of the other folds see them, that n-grams answer alone in `staged`; of those that cost
 * less than a point the largest is taken.
 */
const SHARES = [0.3, 0.4, 0.5, 0.6, 0.7] as const;
const ALONE = 0.5;
/** Of training rows, by which the share was chosen. */
const DRAWS_OF_SHARES = 20;
const NGRAMS = { words: [1, 2], chars: [2, 4], minTexts: 2 } as const;
const FILE = 'certified-coverage.json';

type Truth = 'labels' | 'teacher';
/** What has to be reached, as a share of the requests. */
const CASES = [
  { truth: 'labels', risk: { kept: 0.02 }, delta: 0.05, target: 0.8 },
  { truth: 'labels', risk: { all: 0.02 }, delta: 0.05, target: 0.83 },
  { truth: 'teacher', risk: { kept: 0.05 }, delta: 0.1, target: 0.87 },
] as const satisfies readonly {
  readonly truth: Truth;
  readonly risk: Risk;
  readonly delta: number;
  readonly target: number;
}[];

const STUDENTS = {
  ngram: 'n-grams, linear, on the labels',
  head: 'MiniLM-L6, a last layer, int8',
  both: 'both, geometric mean',
  staged: 'n-grams alone where they are sure, else both',
  'head-4': 'the first four layers of MiniLM-L6, likewise',
  'both-4': 'these and n-grams, geometric mean',
  'ngram-hinton': 'n-grams, linear, with a teacher',
  'static-tiny': 'static, tiny, with a teacher',
  'ngram-static': 'this and n-grams on the labels, geometric mean',
} as const;
type StudentName = keyof typeof STUDENTS;
/** Their runs under `--work`, which `families` made. */
const RUNS = { 'ngram-hinton': 'banking77-ngram', 'static-tiny': 'banking77-static-tiny' } as const;

const PEERS = {
  'tfidf-svm': 'scikit-learn, TF-IDF, `LinearSVC`',
  shad0w: '`shad0wllm`',
  jevstiller: '`jevstiller`, its hashed n-grams',
  'jevstiller-minilm': '`jevstiller` on vectors of MiniLM-L6',
} as const;
type PeerName = keyof typeof PEERS;

type Coverage = { readonly mean: number; readonly sd: number; readonly least: number };
export type CoverageRow = (typeof CASES)[number] & {
  readonly by: StudentName | PeerName;
  readonly score: 'max-probability' | 'ranker' | 'margin' | 'its own certificate';
  /** Of a student: whether validation rows prefer this score. */
  readonly isChosen?: boolean;
  /** Share of all test rows that are answered as the truth has it. */
  readonly accuracy: number;
  readonly coverage: Coverage;
  /** Mean risk on the rows that judge. */
  readonly realised: number;
  readonly draws: number;
};
/** What `staged` would keep of training rows, of which no model has learnt, if n-grams answered this share of them alone. */
export type ShareAlone = {
  /** 0: both answer all. */
  readonly share: number;
  /** Their probability from which on they do. */
  readonly from: number;
  /** In the order of the statements; without those of a teacher where there is none. */
  readonly coverage: readonly number[];
};
export type CertifiedCoverage = {
  readonly rows: readonly CoverageRow[];
  readonly sharesAlone: readonly ShareAlone[];
  /** Microseconds of one text, one thread; each text's fastest of five rounds. */
  readonly latency: Readonly<Record<string, { readonly p50: number; readonly p95: number }>>;
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
};

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      work: { type: 'string', default: '.bench' },
      results: { type: 'string', default: 'results' },
      draws: { type: 'string', default: '200' },
      speed: { type: 'boolean', default: false },
      peers: { type: 'string' },
    },
  });
  const path = join(values.results, FILE);
  const opened = await open(values.work);
  const known = keptJson<CertifiedCoverage>(path, {
    rows: [],
    sharesAlone: [],
    latency: {},
    machine: '',
    versions: {},
  });
  let found = known;
  if (values.speed) {
    found = { ...known, latency: await latencies(opened), machine: machine() };
  } else {
    const splits = splitsOf(opened.test.size, Number(values.draws));
    const peersAlone = values.peers?.split(',');
    const asked = chosenNames('--peers', PEERS, peersAlone);
    if (peersAlone === undefined) found = { ...found, sharesAlone: sharesOf(opened) };
    const others =
      peersAlone === undefined
        ? await studentRows(opened, splits)
        : known.rows.filter(({ by }) => !asked.some((peer) => peer === by));
    found = { ...found, rows: others };
    for (const peers of peerRows(opened, splits, asked)) {
      const versions = { ...found.versions, ...peers.versions };
      found = { ...found, rows: [...others, ...peers.rows], versions };
      await writeFileAtomic(path, `${JSON.stringify(found, null, 1)}\n`);
    }
  }
  await writeFileAtomic(path, `${JSON.stringify(found, null, 1)}\n`);
  console.log(certifiedCoverageTable(found));
}

/** Logits, [N * 77]; `validation` of training rows by models that did not learn from them. */
type Said = { readonly test: Float32Array; readonly validation?: Float32Array };

type Opened = {
  readonly folder: string;
  readonly train: TextTable;
  readonly test: TextTable;
  readonly said: ReadonlyMap<StudentName, Said>;
  /** Classes that the teacher chooses, where there is one. */
  readonly choices: { readonly train: Int32Array; readonly test: Int32Array } | undefined;
  readonly encoded: { readonly train: string; readonly evaluated: string };
  /** Of one text, in the form that is shipped. */
  readonly shipped: ReadonlyMap<StudentName, Inference>;
};

async function open(work: string): Promise<Opened> {
  const folder = join(work, 'certified-coverage');
  mkdirSync(folder, { recursive: true });
  const task = await loadTextSet('banking77', { dir: process.env.RETORT_DATA });
  const [train, test] = [splitOf(task, 'train'), splitOf(task, 'test')];
  const said = new Map<StudentName, Said>();
  const shipped = new Map<StudentName, Inference>();
  const shippedAs = async (name: string, model: TextModel, precision: 'float32' | 'int8') => {
    const at = join(folder, `${name}-${precision}`);
    if (!existsSync(at)) await saveOnnx(at, { ...model, precision });
    return load(at, { threads: 1 });
  };

  /** A pair as one file, with n-grams as its second. */
  const joined = async (name: StudentName, exported: string, aloneFrom?: number) => {
    const at = join(folder, `${name}-joined`);
    const [first, second] = [join(folder, exported), join(folder, 'ngram-float32')];
    if (!existsSync(at)) await joinStudents({ first, second, aloneFrom, outputDir: at });
    return load(at, { threads: 1 });
  };

  const ngramAt = join(folder, 'ngram');
  if (!existsSync(ngramAt)) await saveModel(ngramAt, await fitLinearModel(train, { seed: SEED, ngrams: NGRAMS }));
  const ngram = await loadTextModel(ngramAt);
  const ngramSaid = {
    test: await kept(folder, 'ngram.test', () => logitsOf(ngram, test)),
    validation: await kept(folder, 'ngram.validation', () =>
      leftOut(train, async (rest, part) =>
        logitsOf(
          await fitLinearModel(selectRows(train, rest), { seed: SEED, ngrams: NGRAMS }),
          selectRows(train, part),
        ),
      ),
    ),
  };

  const head = await withLastLayer(folder, 'head', task, test);
  const vectors = {
    train: await kept(folder, 'encoded.train', () => vectorsOf(head, train)),
    test: await kept(folder, 'encoded.test', () => vectorsOf(head, test)),
  };
  const int8 = await shippedAs('head', head, 'int8');
  const headSaid = {
    test: await kept(folder, 'head.test', () => logProbsOf(int8, test.texts)),
    validation: await kept(folder, 'head.validation', () => leftOut(train, lastLayerOf(train, vectors.train))),
  };
  said.set('ngram', ngramSaid).set('head', headSaid);
  const both = {
    test: geometricMean(ngramSaid.test, headSaid.test),
    validation: geometricMean(ngramSaid.validation, headSaid.validation),
  };
  const aloneFrom = probabilityOf(ngramSaid.validation, ALONE);
  said.set('both', both).set('staged', {
    test: aloneOr(ngramSaid.test, both.test, aloneFrom),
    validation: aloneOr(ngramSaid.validation, both.validation, aloneFrom),
  });
  const four = await shippedAs('head-4', await withLastLayer(folder, 'head-4', task, test, 4), 'int8');
  const fourSaid = await kept(folder, 'head-4.test', () => logProbsOf(four, test.texts));
  said.set('head-4', { test: fourSaid }).set('both-4', { test: geometricMean(ngramSaid.test, fourSaid) });
  shipped
    .set('ngram', await shippedAs('ngram', ngram, 'float32'))
    .set('head', int8)
    .set('head-4', four);
  shipped.set('both', await joined('both', 'head-int8')).set('both-4', await joined('both-4', 'head-4-int8'));
  shipped.set('staged', await joined('staged', 'head-int8', aloneFrom));
  for (const [name, run] of Object.entries(RUNS) as readonly [keyof typeof RUNS, string][]) {
    const at = join(work, 'families', run, 'runs', 'hinton-1', 'last.ckpt');
    if (!existsSync(at)) continue;
    const model = await loadTextModel(at);
    said.set(name, { test: await kept(folder, `${name}.test`, () => logitsOf(model, test)) });
    shipped.set(name, await shippedAs(name, model, 'float32'));
  }
  const second = said.get('static-tiny');
  if (second !== undefined) {
    said.set('ngram-static', { test: geometricMean(second.test, ngramSaid.test) });
    shipped.set('ngram-static', await joined('ngram-static', 'static-tiny-float32'));
  }
  const teacherAt = join(work, 'banking77-teacher', 'last.ckpt');
  const choicesOf = async (split: 'train' | 'test', table: TextTable) => {
    const logits = await kept(folder, `teacher.${split}`, async () => logitsOf(await loadTextModel(teacherAt), table));
    return scoreAnswers({ temperature: 1 }, { logits, classes: classesOf(table) }).answers;
  };
  const choices = existsSync(teacherAt)
    ? { train: await choicesOf('train', train), test: await choicesOf('test', test) }
    : undefined;
  const encoded = { train: fileOf(folder, 'encoded.train'), evaluated: fileOf(folder, 'encoded.test') };
  return { folder, train, test, said, choices, encoded, shipped };
}

/** The encoder stays as it is; a convex solver finds the last layer. */
async function withLastLayer(folder: string, name: string, task: TextTask, test: TextTable, layers?: number) {
  const outputDir = join(folder, name);
  if (!existsSync(join(outputDir, 'last.ckpt'))) {
    // The validation split is what is reported, not a part of the training rows.
    const learnt = { ...task, dev: test };
    await fineTune({ task: learnt, model: 'minilm-l6', solver: 'convex', layers, threads: 1, outputDir });
  }
  return loadTextModel(outputDir);
}

const classesOf = (table: TextTable) => table.labelNames.length;
const fileOf = (folder: string, name: string) => join(folder, `${name}.f32`);

/** Numbers that are made once. */
async function kept(folder: string, name: string, make: () => Promise<Float32Array>): Promise<Float32Array> {
  const file = fileOf(folder, name);
  if (!existsSync(file)) {
    const made = await make();
    writeFileSync(file, new Uint8Array(made.buffer, made.byteOffset, made.byteLength));
  }
  const bytes = readFileSync(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

async function logitsOf({ model, weights, tokenizer }: TextModel, table: TextTable): Promise<Float32Array> {
  const evaluator = await openEvaluator({ model, data: textDataset(table, tokenizer, { model }), threads: 1 });
  try {
    return (await evaluator.predict(weights)).logits;
  } finally {
    await evaluator.release();
  }
}

/** Of an exported model, whose probabilities are rounded to nothing: their logarithms will do as logits. */
async function logProbsOf(model: Inference, texts: readonly string[]): Promise<Float32Array> {
  const found = await model.predict(texts);
  return Float32Array.from(
    found.flatMap(({ probabilities = [] }) => probabilities.map((p) => Math.log(Math.max(p, 1e-30)))),
  );
}

/** What the last layer reads, [N * H]. */
async function vectorsOf({ model, weights, tokenizer }: TextModel, table: TextTable): Promise<Float32Array> {
  const encoder = modelTeacher(
    { path: 'the encoder', model, weights, labelNames: [], contentHash: '' },
    { threads: 1 },
  );
  const answers = await encoder.answer(textDataset(table, tokenizer, { model }), ['pooledOutput']);
  const width = Number(answers.signals.pooledOutput?.shape[0]);
  const all = new Float32Array(table.size * width);
  const batch = 1024;
  for (let from = 0; from < table.size; from += batch) {
    const rows = Uint32Array.from({ length: Math.min(batch, table.size - from) }, (_, i) => from + i);
    all.set(answers.batch(rows, rows.length).pooledOutput?.data as Float32Array, from * width);
  }
  return all;
}

/** Logits of every training row by a model of the rows of other folds; the file is in the order of its classes. */
async function leftOut(
  train: TextTable,
  predict: (rest: readonly number[], part: readonly number[]) => Promise<Float32Array>,
): Promise<Float32Array> {
  const classes = classesOf(train);
  const all = new Float32Array(train.size * classes);
  const rows = Array.from({ length: train.size }, (_, row) => row);
  for (let fold = 0; fold < FOLDS; fold++) {
    const part = rows.filter((row) => row % FOLDS === fold);
    const logits = await predict(
      rows.filter((row) => row % FOLDS !== fold),
      part,
    );
    for (const [i, row] of part.entries()) all.set(logits.subarray(i * classes, (i + 1) * classes), row * classes);
  }
  return all;
}

function lastLayerOf(train: TextTable, vectors: Float32Array) {
  const [classes, width] = [classesOf(train), vectors.length / train.size];
  const rowsOf = (some: readonly number[]) => ({
    width,
    starts: Uint32Array.from({ length: some.length + 1 }, (_, row) => row * width),
    ids: Uint32Array.from({ length: some.length * width }, (_, i) => i % width),
    values: Float32Array.from(
      { length: some.length * width },
      (_, i) => vectors[(some[Math.floor(i / width)] as number) * width + (i % width)] as number,
    ),
  });
  return async (rest: readonly number[], part: readonly number[]): Promise<Float32Array> => {
    const labels = Int32Array.from(rest, (row) => train.labels?.[row] ?? -100);
    const found = await fitLinear({ rows: rowsOf(rest), labels, classes, metric: 'loss', seed: SEED });
    return linearLogits(rowsOf(part), found);
  };
}

const CLASSES = 77;

/** Of a row, [C]. */
function logProbsAt(logits: Float32Array, row: number): Float32Array {
  const own = logits.subarray(row * CLASSES, (row + 1) * CLASSES);
  const largest = Math.max(...own);
  const total = largest + Math.log(own.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
  return own.map((logit) => logit - total);
}

/** The largest log-probability of each row, [N]. */
function largestOf(logits: Float32Array): Float64Array {
  return Float64Array.from({ length: logits.length / CLASSES }, (_, row) => Math.max(...logProbsAt(logits, row)));
}

/** √(p q), as logarithms. */
function geometricMean(one: Float32Array, other: Float32Array): Float32Array {
  const all = new Float32Array(one.length);
  for (let row = 0; row * CLASSES < one.length; row++) {
    const second = logProbsAt(other, row);
    all.set(
      logProbsAt(one, row).map((logProb, c) => (logProb + (second[c] as number)) / 2),
      row * CLASSES,
    );
  }
  return all;
}

/** The logits of `cheap` where its label has that probability, else those of `both`: what `joinStudents` makes of two with `aloneFrom`. */
function aloneOr(cheap: Float32Array, both: Float32Array, aloneFrom: number): Float32Array {
  const all = both.slice();
  for (const [row, largest] of largestOf(cheap).entries()) {
    if (largest < Math.log(aloneFrom)) continue;
    all.set(cheap.subarray(row * CLASSES, (row + 1) * CLASSES), row * CLASSES);
  }
  return all;
}

/** What so large a share of the rows has as the probability of its label, at least. */
function probabilityOf(logits: Float32Array, share: number): number {
  const falling = largestOf(logits).sort().reverse();
  return share === 0 ? 1 : Math.exp(falling[Math.floor(share * falling.length)] as number);
}

/** What chose `ALONE`: training rows in place of test rows, and predictions of models that did not learn from them. */
function sharesOf({ said, choices, train, test }: Opened): readonly ShareAlone[] {
  const logitsOf = (name: StudentName) => said.get(name)?.validation as Float32Array; // of the two there are
  const splits = splitsOf(train.size, DRAWS_OF_SHARES);
  return [0, ...SHARES].map((share) => {
    const from = probabilityOf(logitsOf('ngram'), share);
    const logits = share === 0 ? logitsOf('both') : aloneOr(logitsOf('ngram'), logitsOf('both'), from);
    const scored = scoreAnswers({ temperature: 1 }, { logits, classes: CLASSES });
    const coverage = CASES.flatMap((one) => {
      const truths = truthsOf(one.truth, { train, test, choices });
      return truths === undefined ? [] : [certified(scored, truths.train, one, splits).coverage.mean];
    });
    console.log(`${share} alone, from ${from.toFixed(4)}: ${coverage.map((kept) => percent(kept)).join(', ')} %`);
    return { share, from: rounded(from), coverage };
  });
}

/** Rows of each calibration. */
function splitsOf(size: number, draws: number): readonly (readonly number[])[] {
  return Array.from({ length: draws }, (_, draw) => [
    ...new RandomStream(SEED, 'calibration', draw).permutation(size).subarray(0, CALIBRATION),
  ]);
}

type Splits = readonly (readonly number[])[];

async function studentRows({ said, choices, train, test }: Opened, splits: Splits): Promise<readonly CoverageRow[]> {
  const classes = classesOf(test);
  const found: CoverageRow[] = [];
  for (const one of CASES) {
    const truths = truthsOf(one.truth, { train, test, choices });
    if (truths === undefined) continue;
    for (const [by, { test: logits, validation }] of said) {
      const fitted =
        validation && (await chooseScore({ outputs: { logits: validation, classes }, labels: truths.train }));
      const scores: Partial<Record<CoverageRow['score'], AnswerScore>> = {
        'max-probability': { temperature: 1 },
        ...(fitted?.isRanker && { ranker: fitted.score }),
      };
      for (const [name, how] of Object.entries(scores)) {
        const score = name as CoverageRow['score']; // of the literal above
        const scored = scoreAnswers(how, { logits, classes });
        const isChosen = fitted === undefined ? {} : { isChosen: fitted.isRanker === (score === 'ranker') };
        found.push({ ...one, by, score, ...isChosen, ...certified(scored, truths.test, one, splits) });
        console.log(sayRow(found.at(-1) as CoverageRow));
      }
    }
  }
  return found;
}

function truthsOf(truth: Truth, { train, test, choices }: Pick<Opened, 'train' | 'test' | 'choices'>) {
  if (truth === 'teacher') return choices;
  return { train: Int32Array.from(train.labels ?? []), test: Int32Array.from(test.labels ?? []) };
}

function certified(
  { answers, scores }: ScoredAnswers,
  truth: Int32Array,
  { risk, delta }: { readonly risk: Risk; readonly delta: number },
  splits: Splits,
) {
  const rows = Array.from(answers, (answer, row) => ({
    score: scores[row] as number,
    isWrong: answer !== truth[row],
  }));
  const draws = splits.map((calibration) => {
    const own = new Set(calibration);
    const judges = rows.filter((_, row) => !own.has(row));
    const { found } = certifyThreshold({
      rows: calibration.map((row) => rows[row] as (typeof rows)[number]),
      scale: judges.map(({ score }) => score),
      risk,
      delta,
    });
    const kept = judges.filter(({ score }) => found !== undefined && score >= found.threshold);
    const wrong = kept.filter(({ isWrong }) => isWrong).length;
    const of = risk.kept === undefined ? judges.length : Math.max(1, kept.length);
    return { coverage: kept.length / judges.length, risk: wrong / of };
  });
  const right = rows.filter(({ isWrong }) => !isWrong).length;
  return { accuracy: rounded(right / rows.length), ...summary(draws) };
}

function summary(draws: readonly { readonly coverage: number; readonly risk: number }[]) {
  const shares = draws.map(({ coverage }) => coverage);
  return {
    coverage: { mean: rounded(mean(shares)), sd: rounded(sampleSd(shares)), least: rounded(Math.min(...shares)) },
    realised: rounded(mean(draws.map(({ risk }) => risk))),
    draws: draws.length,
  };
}

function rounded(share: number): number {
  return Number(share.toFixed(4));
}

/** What `certified.py` prints. */
type PeerAnswer = {
  readonly answers: readonly number[];
  readonly scores: readonly number[];
  readonly own: {
    readonly bound: 'kept' | 'all';
    readonly draws: readonly { readonly coverage: number; readonly risk: number }[];
  } | null;
  readonly versions: Readonly<Record<string, string>>;
};

/** After each library, since one may take minutes; what it answered is kept under `--work`. */
function* peerRows({ folder, train, test, choices, encoded }: Opened, splits: Splits, peers: readonly PeerName[]) {
  const rows: CoverageRow[] = [];
  const versions: Record<string, string> = {};
  for (const by of peers) {
    for (const truth of ['labels', 'teacher'] as const) {
      const truths = truthsOf(truth, { train, test, choices });
      if (truths === undefined) continue;
      const cases = CASES.filter((one) => one.truth === truth);
      const bound = (name: keyof Risk) => cases.flatMap(({ risk }: { readonly risk: Risk }) => risk[name] ?? [])[0];
      const [first] = cases;
      const job = {
        peer: by,
        train: { texts: train.texts, labels: [...truths.train] },
        evaluated: { texts: test.texts, truth: [...truths.test] },
        labelNames: test.labelNames,
        encoded,
        delta: first?.delta,
        // Of a library that proves another statement: the same number, to have its scores.
        kept: bound('kept'),
        all: bound('all') ?? bound('kept'),
        splits,
      };
      const answer = keptAnswer(join(folder, `${by}-${truth}-${splits.length}.json`), job);
      Object.assign(versions, answer.versions);
      const scored = { answers: Int32Array.from(answer.answers), scores: Float64Array.from(answer.scores) };
      const score = by === 'tfidf-svm' ? 'margin' : 'max-probability';
      for (const one of cases) {
        const under = certified(scored, truths.test, one, splits);
        rows.push({ ...one, by, score, ...under });
        const isSame = answer.own !== null && answer.own.bound in one.risk;
        if (isSame && answer.own !== null)
          rows.push({ ...one, by, score: 'its own certificate', ...under, ...summary(answer.own.draws) });
        console.log(sayRow(rows.at(-1) as CoverageRow));
      }
      yield { rows, versions };
    }
  }
}

function keptAnswer(path: string, job: { readonly peer: PeerName }): PeerAnswer {
  const known = keptJson<PeerAnswer | undefined>(path, undefined);
  if (known !== undefined) return known;
  const answer = peerAnswer<PeerAnswer>('certified', `${path}.job`, job, {
    where: job.peer,
    packages: 'scikit-learn, shad0wllm[compile] and jevstiller',
    environment: { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', HF_HUB_OFFLINE: '1' },
  });
  writeFileSync(path, JSON.stringify(answer));
  return answer;
}

const [TIMED, ROUNDS] = [500, 5];

async function latencies({ shipped, test }: Opened): Promise<CertifiedCoverage['latency']> {
  const found: Record<string, { readonly p50: number; readonly p95: number }> = {};
  // The file is in the order of its classes.
  const texts = test.texts.filter((_, row) => row % Math.floor(test.size / TIMED) === 0).slice(0, TIMED);
  for (const [name, model] of shipped) {
    const fastest = new Float64Array(texts.length).fill(Infinity);
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [i, text] of texts.entries()) {
        const begun = process.hrtime.bigint();
        await model.predict([text]);
        const micros = Number(process.hrtime.bigint() - begun) / 1000;
        // The first round warms up.
        if (round > 0) fastest[i] = Math.min(fastest[i] as number, micros);
      }
    }
    const sorted = fastest.sort();
    const p95 = sorted[Math.floor(0.95 * sorted.length)] as number;
    found[name] = { p50: Math.round(median([...sorted])), p95: Math.round(p95) };
    console.log(`${name}: p50 ${found[name]?.p50} µs, p95 ${found[name]?.p95} µs`);
  }
  return found;
}

const percent = (share: number, digits = 1) => (100 * share).toFixed(digits);

function sayRow({ truth, risk, by, score, coverage, realised, target }: CoverageRow): string {
  const { mean: share, sd } = coverage;
  const wanted = `${percent(share)} ± ${percent(sd)} % of ${percent(target, 0)}`;
  return `${truth}, ${JSON.stringify(risk)}, ${by}, ${score}: ${wanted}, realised ${percent(realised, 2)} %`;
}

const TITLES: Readonly<Record<StudentName | PeerName, string>> = { ...STUDENTS, ...PEERS };

/** A row for each student or library and score: coverage in percent under each of the statements; then what chose the share of `staged`. */
export function certifiedCoverageTable({ rows, sharesAlone, latency }: CertifiedCoverage): string {
  const cell = (found: CoverageRow | undefined) => {
    if (found === undefined) return '';
    const { coverage, target } = found;
    const share = `${percent(coverage.mean)} ± ${percent(coverage.sd)}`;
    return coverage.mean >= target ? `**${share}**` : share;
  };
  const named = new Map(rows.map((row) => [`${row.by} ${row.score}`, row]));
  const order = Object.keys(TITLES);
  const listed = [...named.values()].sort((one, other) => order.indexOf(one.by) - order.indexOf(other.by));
  const lines = listed.map(({ by, score }) => {
    const own = rows.filter((row) => row.by === by && row.score === score);
    const cells = CASES.map((one) => cell(own.find((row) => JSON.stringify(row.risk) === JSON.stringify(one.risk))));
    // The same answers, whatever their score.
    const accuracy = rows.find((row) => row.by === by && row.truth === 'labels')?.accuracy;
    const p50 = latency[by]?.p50;
    const shown = [
      TITLES[by],
      score,
      accuracy === undefined ? '' : percent(accuracy),
      p50 === undefined ? '' : String(p50),
    ];
    return `| ${[...shown, ...cells].join(' | ')} |`;
  });
  const statements = CASES.map(({ truth, risk, delta, target }) => {
    const [[of, bound]] = Object.entries(risk) as [[keyof Risk, number]];
    const what = of === 'kept' ? 'of the rows kept' : 'of all rows';
    return `${truth}: ${percent(bound, 0)} % ${what} at ${percent(1 - delta, 0)} % (≥ ${percent(target, 0)})`;
  });
  return [
    `| ${['student or library', 'score', 'right, %', 'p50, µs', ...statements].join(' | ')} |`,
    `| --- | --- |${' ---: |'.repeat(2 + statements.length)}`,
    ...lines,
    '',
    `| ${['n-grams alone, training texts, %', 'from', ...statements.map((statement) => statement.replace(/ \(.*/, ''))].join(' | ')} |`,
    `|${' ---: |'.repeat(2 + statements.length)}`,
    ...sharesAlone.map(({ share, from, coverage }) => {
      const cells = [percent(share, 0), share === 0 ? '' : from.toFixed(4), ...coverage.map((kept) => percent(kept))];
      return `| ${cells.join(' | ')} |`;
    }),
    '',
  ].join('\n');
}
