/**
 * @file Every method on real text: MiniLM-L6, fine-tuned on all of SST-2, teaches its own first three layers on 2,500 rows;
 * three paired seeds, beside the same student without a teacher and by Hinton's method. What needs more classes is run on
 * TREC; some students start from three layers pre-trained by masked language modelling; what augments gets a pool.
 * Resumes by method, arm and seed; adds each finished method to `results/text-methods.json`.
 *
 *   RETORT_DATA=… npm run recipe -- text-methods [--only 'pkd;tang, augmented'] [--seeds 3] [--threads N] [--work .bench]
 *   [--results results]
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machine } from '../bench/figures.js';
import { type AugmentedRow, augmentedRows, readPosLexicon, tang as tangRules } from '../src/entries/augment.js';
import {
  loadTextSet,
  splitOf,
  stratifiedSubset,
  type TextTable,
  type TextTask,
  textTable,
} from '../src/entries/data.js';
import { type Control, type FinishedRun, finishedRuns, inPoints, mean, sampleSd } from '../src/entries/experiments.js';
import { METHODS, type Method, type MethodName } from '../src/entries/methods.js';
import { firstLayers, loadModel, loadTextModel, type TextModel, withMaskedLmHead } from '../src/entries/models.js';
import { modelTeacher } from '../src/entries/teachers.js';
import { type MaskedLmOptions, readRunRecord, trainMaskedLm, withHeadFor } from '../src/entries/training.js';
import { distill } from '../src/index.js';
import { keptJson } from './kept-json.js';
import { pairedGain } from './paired-gain.js';
import { LIMITS, type Limits, limitsOf } from './run-limits.js';
import { TEACHERS, taughtBy } from './text-students.js';
import { writeFileAtomic } from './write-file.js';

type SetName = 'sst2' | 'trec';
/** Where a student's three layers come from: MiniLM, or layers pre-trained further by masked language modelling, alone or from MiniLM. */
type Start = 'minilm' | 'masked-lm' | 'triple-loss';
type Entry = {
  readonly method: MethodName;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly set?: SetName;
  readonly start?: Start;
  /** Copies of each row, made by Tang et al.'s rules, for the teacher to label. */
  readonly copies?: number;
  /** Of the teacher's layers. */
  readonly assistant?: number;
  readonly controls?: readonly Control[];
};

const SETTINGS = {
  student: { model: 'minilm-l6', layers: 3 },
  rows: 2500,
  subsetSeed: 1,
  training: { epochs: 4, learningRate: 5e-5, batchSize: 32 },
  teacher: { sst2: TEACHERS.sst2, trec: TEACHERS.trec },
  maskedLm: { texts: 20_000, epochs: 1, learningRate: 2e-4, batchSize: 32 },
} as const;

/** What the others are compared with comes first. */
const ENTRIES: Readonly<Record<string, Entry>> = {
  hinton: { method: 'hinton', controls: ['no-teacher'] },
  pkd: { method: 'pkd' },
  tinybert: { method: 'tinybert' },
  minilm: { method: 'minilm' },
  mixkd: { method: 'mixkd' },
  tang: { method: 'tang' },
  'mt-dnn': { method: 'mt-dnn' },
  bam: { method: 'bam' },
  takd: { method: 'takd', assistant: 4 },
  'self-kd': { method: 'self-kd' },
  'self-kd, embedding': { method: 'self-kd', options: { mode: 'embedding' } },
  'well-read': { method: 'well-read' },
  distilbert: { method: 'distilbert' },
  'born-again': { method: 'born-again' },
  'deep-mutual-learning': { method: 'deep-mutual-learning' },
  'hinton, trec': { method: 'hinton', set: 'trec', controls: ['no-teacher'] },
  decoupled: { method: 'decoupled', set: 'trec' },
  'well-read, pre-trained': { method: 'well-read', start: 'masked-lm', controls: ['no-teacher'] },
  'distilbert, pre-trained': { method: 'distilbert', start: 'triple-loss', controls: ['no-teacher'] },
  'tang, augmented': { method: 'tang', copies: 1, controls: ['no-teacher'] },
};

/** Of a run's `log.jsonl`: a line about steps, or another that is passed over. */
type LogLine =
  | { readonly type: 'steps'; readonly step: number; readonly losses: Readonly<Record<string, number>> }
  | { readonly type: 'start' | 'epoch' | 'evaluation' | 'warning' | 'terms' | 'end' };
type LossPoint = { readonly step: number; readonly phase?: string; readonly losses: Readonly<Record<string, number>> };
/** Without an interval where the rows were not kept. */
export type MethodGain = { readonly mean: number; readonly low?: number; readonly high?: number };
export type MethodResult = {
  readonly entry: Entry;
  /** Percent of the dev rows by arm and seed. */
  readonly accuracies: Readonly<Record<string, readonly number[]>>;
  readonly seconds: Readonly<Record<string, readonly number[]>>;
  readonly steps: number;
  readonly parameters: number;
  /** Its accuracy on the same rows. */
  readonly teacher: number | undefined;
  /** Of the first seed: means over up to 50 steps. */
  readonly losses: readonly LossPoint[];
};
export type MethodResults = {
  readonly settings: object;
  readonly machine: string;
  readonly methods: Record<string, MethodResult>;
  readonly gains: Record<string, { readonly overAlone?: MethodGain; readonly overHinton?: MethodGain }>;
};

type Place = {
  readonly work: string;
  readonly results: string;
  readonly seeds: number;
  readonly limits: Limits;
};
type Read = { readonly task: TextTask; readonly rows: TextTable; readonly teacher: TextModel };

async function readSet(name: SetName, pretrained: TextModel, { work, limits }: Place): Promise<Read> {
  const loaded = await loadTextSet(name, { dir: process.env.RETORT_DATA });
  // TREC has no dev split; nothing here is chosen by the rows that are reported on.
  const task: TextTask = name === 'trec' ? { ...loaded, dev: splitOf(loaded, 'test') } : loaded;
  const teacher = await taughtBy(pretrained, task, {
    ...SETTINGS.teacher[name],
    ...limits,
    outputDir: join(work, `${name}-teacher`),
  });
  const rows = stratifiedSubset(splitOf(task, 'train'), { rows: SETTINGS.rows }, SETTINGS.subsetSeed);
  return { task, rows, teacher };
}

/** Three layers pre-trained by masked language modelling on SST-2's sentences, alone or distilled from MiniLM with a trained head. */
async function pretrained(from: TextModel, start: Start, { work, limits }: Place): Promise<TextModel> {
  const layers = firstLayers(from, SETTINGS.student.layers);
  if (start === 'minilm') return layers;
  const loaded = await loadTextSet('sst2', { dir: process.env.RETORT_DATA });
  const { texts: rows, ...training } = SETTINGS.maskedLm;
  const texts = stratifiedSubset(splitOf(loaded, 'train'), { rows }, SETTINGS.subsetSeed);
  const run = async (name: string, model: TextModel, more: Partial<MaskedLmOptions> = {}): Promise<TextModel> => {
    const outputDir = join(work, `masked-lm-${name}`);
    const headed = { ...model, ...withMaskedLmHead(model, 1) };
    await trainMaskedLm({ ...training, ...limits, ...more, model: headed, texts, outputDir, seed: 1, resume: true });
    return loadTextModel(outputDir);
  };
  if (start === 'masked-lm') return run('student', layers);
  const teacher = await run('teacher', from);
  return run('triple-loss', firstLayers(teacher, SETTINGS.student.layers), {
    teacher: modelTeacher(await loadModel(join(work, 'masked-lm-teacher'))),
    method: METHODS.distilbert(),
  });
}

async function poolOf(rows: TextTable, copies: number): Promise<TextTable> {
  const lexicon = await readPosLexicon(join(process.env.RETORT_DATA ?? '', 'ud-ewt-pos', 'lexicon.tsv'));
  const made: AugmentedRow[] = [];
  for await (const row of augmentedRows(rows, tangRules({ lexicon, copies }), { seed: 1 })) made.push(row);
  return textTable('augmented', { ids: made.map(({ id }) => id), texts: made.map(({ text }) => text), labelNames: [] });
}

/** Of a run's log, or of the logs of its stages one after the other. */
async function lossesOf(folder: string): Promise<LossPoint[]> {
  const { phases } = await readRunRecord(join(folder, 'metrics.json'));
  const points: LossPoint[] = [];
  let before = 0;
  for (const phase of phases ?? [undefined]) {
    const log = readFileSync(join(folder, phase?.folder ?? '', 'log.jsonl'), 'utf8').trimEnd();
    for (const text of log.split('\n')) {
      const line = JSON.parse(text) as LogLine;
      if (line.type !== 'steps') continue;
      const losses = Object.entries(line.losses).map(([name, value]) => [name, Number(value.toPrecision(4))] as const);
      points.push({
        step: before + line.step,
        ...(phase && { phase: phase.name }),
        losses: Object.fromEntries(losses),
      });
    }
    before += phase?.steps ?? 0;
  }
  return points;
}

async function runEntry(name: string, entry: Entry, read: Read, from: TextModel, place: Place): Promise<MethodResult> {
  const { work, results, seeds, limits } = place;
  const method: Method = METHODS[entry.method].fromRecord({ ...entry.options });
  const { task, rows, teacher } = read;
  const slug = slugOf(name);
  const outputDir = join(work, 'text-methods', slug);
  const assistant = entry.assistant === undefined ? undefined : firstLayers(from, entry.assistant);
  const headed = assistant && withHeadFor(assistant, task, 1);
  const { record } = await distill({
    ...SETTINGS.training,
    ...limits,
    teacher,
    student: (seed) => withHeadFor(from.model.config.num_hidden_layers === 3 ? from : firstLayers(from, 3), task, seed),
    start: `first 3 layers of minilm-l6${entry.start === undefined ? '' : `, ${entry.start}`}`,
    task: { ...task, train: rows },
    test: 'none',
    method,
    ...(entry.copies !== undefined && { transfer: await poolOf(rows, entry.copies) }),
    ...(assistant &&
      headed && {
        assistants: [
          {
            model: headed.model,
            weights: (seed) => withHeadFor(assistant, task, seed).weights,
            start: `first ${entry.assistant} layers of minilm-l6`,
          },
        ],
      }),
    controls: entry.controls ?? [],
    seeds,
    cacheDir: join(work, 'text-methods', 'answers'),
    outputDir,
    resultsFile: join(results, `${slug}.jsonl`),
    resume: true,
    onEvent: (event) => {
      if (event.type === 'warning') console.log(`${event.name}: ${event.text}`);
      if (event.type !== 'experiment' || event.event.type !== 'run-end') return;
      const { arm, seed, score, seconds } = event.event;
      console.log(`${name}: ${arm}, seed ${seed}: ${(100 * score).toFixed(2)} (${seconds.toFixed(0)} s)`);
    },
  });
  const by = <T>(of: (arm: (typeof record.arms)[number]) => T) =>
    Object.fromEntries(record.arms.map((arm) => [arm.name, of(arm)]));
  const [first] = record.arms;
  return {
    entry,
    accuracies: by(({ scores }) => scores.map((score) => Number(score.toFixed(2)))),
    seconds: by(({ seconds }) => seconds.map(Math.round)),
    steps: first?.train?.steps ?? 0,
    parameters: first?.parameters ?? 0,
    teacher: record.teacher?.score,
    losses: await lossesOf(join(outputDir, 'runs', `${method.name}-1`)),
  };
}

/** Paired by seed: over the same student alone, its own start's where there is one, and over Hinton's method. */
export async function gainsOf(methods: MethodResults['methods'], folder: string): Promise<MethodResults['gains']> {
  const runs = new Map<string, readonly FinishedRun[]>();
  for (const name of Object.keys(methods)) runs.set(name, await finishedRuns(join(folder, `${slugOf(name)}.jsonl`)));
  const armOf = (name: string, arm: string) =>
    new Map(
      (runs.get(name) ?? [])
        .filter((run) => run.arm === arm)
        .map(({ seed, result }) => [seed, { score: inPoints(result.score), right: result.right }] as const),
    );
  const paired = (ours: ReturnType<typeof armOf>, theirs: ReturnType<typeof armOf>): MethodGain | undefined =>
    ours.size < 2 || ours.size !== theirs.size ? undefined : pairedGain(ours, theirs);
  return Object.fromEntries(
    Object.entries(methods).map(([name, { entry }]) => {
      const base = entry.set === 'trec' ? 'hinton, trec' : 'hinton';
      const ours = armOf(name, entry.method);
      const alone = armOf(name, 'no-teacher');
      const overAlone = paired(ours, alone.size > 0 ? alone : armOf(base, 'no-teacher'));
      const overHinton = name === base ? undefined : paired(ours, armOf(base, 'hinton'));
      return [name, { ...(overAlone && { overAlone }), ...(overHinton && { overHinton }) }];
    }),
  );
}

/** Of a method's results and runs. */
function slugOf(name: string): string {
  return name.replaceAll(/[^a-z0-9]+/g, '-');
}

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      seeds: { type: 'string', default: '3' },
      work: { type: 'string', default: '.bench' },
      results: { type: 'string', default: 'results' },
      ...LIMITS,
    },
  });
  const runs = join(values.results, 'text-methods');
  mkdirSync(runs, { recursive: true });
  const place: Place = {
    work: values.work,
    results: runs,
    seeds: Number(values.seeds),
    limits: limitsOf(values),
  };
  const file = join(values.results, 'text-methods.json');
  // Read anew each time: another process may be at other methods.
  const kept = () => keptJson<MethodResults>(file, { settings: SETTINGS, machine: machine(), methods: {}, gains: {} });
  const minilm = await loadTextModel(SETTINGS.student.model);
  const wanted = values.only?.split(';').map((name) => name.trim()) ?? Object.keys(ENTRIES);
  const sets = new Map<SetName, Promise<Read>>();
  const starts = new Map<Start, Promise<TextModel>>();
  for (const [name, entry] of Object.entries(ENTRIES)) {
    const done = kept().methods[name]?.accuracies[entry.method]?.length ?? 0;
    if (!wanted.includes(name) || done >= place.seeds) continue;
    const { set = 'sst2', start = 'minilm', assistant } = entry;
    const read = sets.get(set) ?? readSet(set, minilm, place);
    sets.set(set, read);
    const from = starts.get(start) ?? pretrained(minilm, start, place);
    starts.set(start, from);
    const student = assistant === undefined ? await from : minilm;
    const result = await runEntry(name, entry, await read, student, place);
    const before = kept();
    const methods = { ...before.methods, [name]: result };
    const gains = await gainsOf(methods, runs);
    await writeFileAtomic(file, `${JSON.stringify({ ...before, methods, gains })}\n`);
  }
  const { methods, gains } = kept();
  for (const [name, { accuracies, entry }] of Object.entries(methods)) {
    const scores = accuracies[entry.method] ?? [];
    const spread = scores.length > 1 ? ` ± ${sampleSd(scores).toFixed(2)}` : '';
    console.log(`${name.padEnd(26)} ${mean(scores).toFixed(2)}${spread} ${JSON.stringify(gains[name])}`);
  }
}
