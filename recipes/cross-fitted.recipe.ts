/**
 * @file What cross-fitting the teacher changes: a teacher is trained on the labelled rows, once on all of them and once in five
 * folds, and teaches students on these rows by Hinton's method (T 2, alpha 0.9), beside the same students without a teacher:
 * 2,500 rows of SST-2 (scored on its validation split), TREC and 5,000 rows of BANKING77 (scored on their test splits); eight
 * paired seeds. MiniLM-L6 teaches a BiLSTM and an n-gram student; an n-gram teacher a static student, in minutes. Resumes by
 * fold, arm and seed; adds each finished line to `results/cross-fitted.json`.
 *
 *   RETORT_DATA=… npm run recipe -- cross-fitted [--only 'sst2 minilm-l6 bilstm;trec ngram static'] [--seeds 8] [--threads N]
 *   [--work .bench] [--results results]
 */
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machine } from '../bench/figures.js';
import { loadTextSet, splitOf, stratifiedSubset, type TextTask } from '../src/entries/data.js';
import { type ExperimentRecord, type FinishedRun, finishedRuns, inPoints, mean } from '../src/entries/experiments.js';
import { hinton } from '../src/entries/methods.js';
import { distill } from '../src/index.js';
import { keptJson } from './kept-json.js';
import { gainText, pairedGain } from './paired-gain.js';
import { LIMITS, type Limits, limitsOf } from './run-limits.js';
import { BILSTM } from './text-students.js';
import { writeFileAtomic } from './write-file.js';

const FOLDS = 5;
const SUBSET_SEED = 1;

const SETS = {
  sst2: { split: 'dev', rows: 2500 },
  trec: { split: 'test', rows: undefined },
  banking77: { split: 'test', rows: 5000 },
} as const;
type SetName = keyof typeof SETS;
/** Few rows of many classes want larger steps, as in `text-students`. */
const TEACHERS = {
  'minilm-l6': {
    sst2: { teacherEpochs: 4, teacherLearningRate: 5e-5 },
    trec: { teacherEpochs: 5, teacherLearningRate: 1e-4 },
    banking77: { teacherEpochs: 5, teacherLearningRate: 1e-4 },
  },
  ngram: { sst2: { teacherEpochs: 20 }, trec: { teacherEpochs: 20 }, banking77: { teacherEpochs: 20 } },
} as const;
const STUDENTS = {
  bilstm: { model: 'bilstm', ...BILSTM.training },
  ngram: { model: 'ngram' },
  static: { model: 'static', size: 'tiny' },
} as const;

/** The quick ones first. */
const ENTRIES: readonly Entry[] = [
  { set: 'trec', teacher: 'ngram', student: 'static' },
  { set: 'sst2', teacher: 'ngram', student: 'static' },
  ...(Object.keys(SETS) as SetName[]).flatMap((set) =>
    (['bilstm', 'ngram'] as const).map((student) => ({ set, teacher: 'minilm-l6', student }) as const),
  ),
];
type Entry = {
  readonly set: SetName;
  readonly teacher: keyof typeof TEACHERS;
  readonly student: keyof typeof STUDENTS;
};

/** In-sample: trained on the rows that it labels. */
type Fitting = 'in-sample' | 'cross-fitted';

type Gain = ReturnType<typeof pairedGain>;
export type CrossFittedResult = Entry & {
  readonly teachers: Readonly<Record<Fitting, NonNullable<ExperimentRecord['teacher']>>>;
  /** Percent by seed. */
  readonly accuracies: Readonly<Record<Fitting | 'no-teacher', readonly number[]>>;
  readonly gains: {
    readonly inSampleOverAlone: Gain;
    readonly crossFittedOverAlone: Gain;
    readonly crossFittedOverInSample: Gain;
  };
};
export type CrossFittedResults = { readonly machine: string; readonly found: readonly CrossFittedResult[] };

type Place = { readonly work: string; readonly runs: string; readonly seeds: number; readonly limits: Limits };

async function taskOf(name: SetName): Promise<TextTask> {
  const { split, rows } = SETS[name];
  const loaded = await loadTextSet(name, { dir: process.env.RETORT_DATA });
  const train = splitOf(loaded, 'train');
  return {
    ...loaded,
    train: rows === undefined ? train : stratifiedSubset(train, { rows }, SUBSET_SEED),
    dev: splitOf(loaded, split),
  };
}

/** An entry's students. The teacher that another entry has trained on the same rows is taken where it is there. */
async function distilled(entry: Entry, fitting: Fitting, { work, runs, seeds, limits }: Place) {
  const { set, teacher, student } = entry;
  const folderOf = (one: Entry) => join(work, 'cross-fitted', `${slugOf(one)}-${fitting}`);
  const outputDir = folderOf(entry);
  const trained = ENTRIES.filter((one) => one.set === set && one.teacher === teacher)
    .map((one) => join(folderOf(one), 'teacher'))
    .find((folder) => existsSync(join(folder, fitting === 'in-sample' ? '' : `fold-${FOLDS}`, 'metrics.json')));
  const own = join(outputDir, 'teacher');
  if (trained !== undefined && !existsSync(own)) cpSync(trained, own, { recursive: true });
  const resultsFile = join(runs, `${slugOf(entry)}-${fitting}.jsonl`);
  const { record } = await distill({
    ...STUDENTS[student],
    ...TEACHERS[teacher][set],
    ...limits,
    teacher,
    ...(fitting === 'cross-fitted' && { teacherFolds: FOLDS }),
    method: hinton({ alpha: 0.9 }),
    task: await taskOf(set),
    test: 'none',
    controls: fitting === 'in-sample' ? ['no-teacher'] : [],
    seeds,
    outputDir,
    resultsFile,
    resume: true,
    onEvent: (event) => {
      if (event.type === 'teacher-training') console.log(`${set}: teacher into ${event.path}`);
      if (event.type === 'teacher') console.log(`${set}: ${event.name}: ${JSON.stringify(event)}`);
      if (event.type !== 'experiment' || event.event.type !== 'run-end') return;
      const { arm, seed, score, seconds } = event.event;
      console.log(
        `${nameOf(entry)}, ${fitting}: ${arm}, seed ${seed}: ${(100 * score).toFixed(2)} (${seconds.toFixed(0)} s)`,
      );
    },
  });
  if (record.teacher === undefined) throw new Error(`${outputDir} has no teacher`);
  return { teacher: record.teacher, runs: await finishedRuns(resultsFile) };
}

function nameOf({ set, teacher, student }: Entry): string {
  return `${set} ${teacher} ${student}`;
}

function slugOf(entry: Entry): string {
  return nameOf(entry).replaceAll(' ', '-');
}

function bySeed(runs: readonly FinishedRun[], arm: string) {
  const of = runs.filter((run) => run.arm === arm);
  return new Map(of.map(({ seed, result }) => [seed, { score: inPoints(result.score), right: result.right }] as const));
}

async function resultOf(entry: Entry, place: Place): Promise<CrossFittedResult> {
  const inSample = await distilled(entry, 'in-sample', place);
  const crossFitted = await distilled(entry, 'cross-fitted', place);
  const arms = {
    'in-sample': bySeed(inSample.runs, 'hinton'),
    'cross-fitted': bySeed(crossFitted.runs, 'hinton'),
    'no-teacher': bySeed(inSample.runs, 'no-teacher'),
  };
  const scores = (runs: (typeof arms)['no-teacher']) => [...runs.values()].map(({ score }) => Number(score.toFixed(2)));
  return {
    ...entry,
    teachers: { 'in-sample': inSample.teacher, 'cross-fitted': crossFitted.teacher },
    accuracies: {
      'in-sample': scores(arms['in-sample']),
      'cross-fitted': scores(arms['cross-fitted']),
      'no-teacher': scores(arms['no-teacher']),
    },
    gains: {
      inSampleOverAlone: pairedGain(arms['in-sample'], arms['no-teacher']),
      crossFittedOverAlone: pairedGain(arms['cross-fitted'], arms['no-teacher']),
      crossFittedOverInSample: pairedGain(arms['cross-fitted'], arms['in-sample']),
    },
  };
}

/** The table of the page: what each teacher is sure of on its training rows, and what its students gain. */
export function crossFittedTable({ found }: CrossFittedResults): string {
  const lines = found.map(({ set, teacher, student, teachers, accuracies, gains }) => {
    const { training } = teachers['cross-fitted'];
    const cells = [
      `${set}, ${teacher} → ${student}`,
      ...[teachers['in-sample'].training, training].map(
        (fit) => `${fit?.score?.toFixed(1)} / ${(100 * (fit?.confidence ?? Number.NaN)).toFixed(1)}`,
      ),
      ...(['no-teacher', 'in-sample', 'cross-fitted'] as const).map((arm) => mean(accuracies[arm]).toFixed(2)),
      gainText(gains.inSampleOverAlone),
      gainText(gains.crossFittedOverAlone),
      gainText(gains.crossFittedOverInSample),
      String(gains.crossFittedOverInSample.seeds),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| rows, teacher → student | in-sample teacher: right / sure, % | cross-fitted: right / sure, % | `no-teacher` | in-sample | cross-fitted | in-sample over `no-teacher` | cross-fitted over `no-teacher` | cross-fitted over in-sample | seeds |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...lines,
    '',
  ].join('\n');
}

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      seeds: { type: 'string', default: '8' },
      work: { type: 'string', default: '.bench' },
      results: { type: 'string', default: 'results' },
      ...LIMITS,
    },
  });
  const runs = join(values.results, 'cross-fitted');
  mkdirSync(runs, { recursive: true });
  const place: Place = { work: values.work, runs, seeds: Number(values.seeds), limits: limitsOf(values) };
  const file = join(values.results, 'cross-fitted.json');
  const wanted = values.only?.split(';').map((name) => name.trim());
  for (const entry of ENTRIES) {
    if (wanted !== undefined && !wanted.includes(nameOf(entry))) continue;
    const result = await resultOf(entry, place);
    // Read again each time: another process may be at other entries.
    const kept = keptJson<CrossFittedResults>(file, { machine: machine(), found: [] });
    const results = { ...kept, found: [...kept.found.filter((one) => nameOf(one) !== nameOf(entry)), result] };
    await writeFileAtomic(file, `${JSON.stringify(results, null, 1)}\n`);
    console.log(crossFittedTable(results));
  }
}
