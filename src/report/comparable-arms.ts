import { basename, dirname, join, resolve } from 'node:path';
import { OptionError } from '../errors/failures.js';
import { oneAnswer, packRightRows } from '../experiments/arm-result.js';
import { readExperimentRecord } from '../experiments/experiment-record.js';
import type { ExperimentRecord, RecordedArm } from '../experiments/experiment-record.schema.js';
import { runsBeside } from '../experiments/results-file.js';
import type { KeptRows } from '../experiments/row-evidence.js';
import type { Gain } from '../experiments/verdict.js';
import { isFile, isThere, textIn } from '../files/path-entry.js';
import { inPoints } from '../metrics/points.js';
import { isJudgedMetric, type JudgedMetric, METRICS } from '../metrics/table.js';
import { type Json, objectOf } from '../options/json.js';
import { METRICS_FILE } from '../training/run/run-files.js';
import { type RunRecord, readRunRecord } from '../training/run/run-record.js';
import { recordFile } from './record-file.js';

/** A data set as a record names it. */
export type DataName = {
  readonly name: string;
  readonly rows: number;
  /** Of all its rows; of 0.1.0 of some. */
  readonly hash?: string;
  readonly sample?: string;
};

export type ArmRunOnSeed = KeptRows & {
  readonly seed: number;
  /** Of the metric that is compared, times 100. */
  readonly score: number;
};

export type ComparableArm = {
  readonly name: string;
  /** Where it was read, for messages and to tell arms of one name apart. */
  readonly path: string;
  readonly runs: readonly ArmRunOnSeed[];
  readonly parameters: number;
  readonly train?: DataName | undefined;
  readonly evaluation?: DataName | undefined;
  /** The split that the scores are of, where that is not the validation split. */
  readonly split?: Gain['split'];
  readonly versions: string;
};

/** One argument: an experiment, whole or an arm of it, or a training run. */
export type Compared =
  | { readonly kind: 'experiment'; readonly path: string; readonly record: ExperimentRecord; readonly arm?: string }
  | { readonly kind: 'run'; readonly path: string; readonly record: RunRecord; readonly kept: KeptRows };

const PREDICTIONS = 'predictions.txt';

/**
 * Reads `PATH` or `EXPERIMENT#ARM`: the record of an experiment, the folder of one, or that of a training run.
 * @param labels the right classes of the evaluation rows, for runs that kept their predictions
 * @throws FileError, CheckpointError for what is none of these; OptionError for an arm that there is not.
 */
export async function readCompared(word: string, labels?: ArrayLike<number>): Promise<Compared> {
  const { path, arm } = await placeOf(word);
  const file = await recordFile(path);
  if (basename(file) === METRICS_FILE) {
    if (arm !== undefined) {
      const got = `#${arm} after a training run`;
      throw new OptionError({ where: word, wanted: 'an arm of an experiment', got, fix: `leave #${arm} out` });
    }
    const record = await readRunRecord(file);
    const kept = await rowsOfRun(join(dirname(file), PREDICTIONS), record, labels);
    return { kind: 'run', path, record, kept };
  }
  const record = await readExperimentRecord(file);
  if (arm !== undefined) armNamed(record, arm, file);
  return { kind: 'experiment', path: file, record, ...(arm !== undefined && { arm }) };
}

/** A `#` may be part of a path. */
async function placeOf(word: string): Promise<{ readonly path: string; readonly arm?: string }> {
  const at = word.lastIndexOf('#');
  if (at < 1 || (await isThere(word))) return { path: word };
  return { path: word.slice(0, at), arm: word.slice(at + 1) };
}

/** @throws OptionError naming the arms that there are. */
function armNamed({ arms }: ExperimentRecord, name: string, path: string): RecordedArm {
  const arm = arms.find((one) => one.name === name);
  if (arm !== undefined) return arm;
  const names = arms.map((one) => one.name).join(', ');
  throw new OptionError({ where: path, wanted: `one of its arms: ${names}`, got: name });
}

/** What the arguments are compared by: the metric of the first experiment, or the first that the first run was scored by. */
export function usualMetric(compared: readonly Compared[]): JudgedMetric | undefined {
  for (const one of compared) if (one.kind === 'experiment') return one.record.metric;
  return compared.flatMap((one) => (one.kind === 'run' ? Object.keys(one.record.metrics) : [])).find(isJudgedMetric);
}

/** @throws OptionError for an arm that there is not, or that was not scored by the metric. */
export async function armOfExperiment(
  record: ExperimentRecord,
  name: string,
  path: string,
  metric: JudgedMetric,
): Promise<ComparableArm> {
  const arm = armNamed(record, name, path);
  const { test } = arm;
  const scored = test ?? arm;
  const scores = metric === record.metric ? scored.scores : scored.metrics?.[metric];
  if (scores === undefined) {
    throw new OptionError({
      where: `${path}#${name}`,
      wanted: `an arm with ${METRICS[metric].title}`,
      got: `one with ${[...new Set([record.metric, ...Object.keys(arm.metrics ?? {})])].join(', ')}`,
      fix: 'compare runs with the same metric',
    });
  }
  const kept = (await runsBeside(path)).filter((run) => run.arm === arm.name);
  return {
    name,
    path,
    runs: scores.flatMap((score, i) => {
      const seed = record.seeds[i];
      const result = kept.find((run) => run.seed === seed)?.result;
      const { right, answers, oneAnswer } = (test ? result?.test : result) ?? {};
      return seed === undefined ? [] : [{ seed, score, right, answers, oneAnswer }];
    }),
    parameters: arm.parameters,
    train: record.data?.train,
    ...(test ? { evaluation: record.data?.test, split: 'test' } : { evaluation: record.data?.evaluation }),
    versions: versionsOf(record.environment),
  };
}

async function rowsOfRun(path: string, record: RunRecord, labels: ArrayLike<number> | undefined): Promise<KeptRows> {
  if (labels === undefined || !(await isFile(path))) return {};
  const classes = (await textIn(path)).trimEnd().split('\n').map(Number);
  const rows = record.data.evaluation?.rows;
  if (classes.length !== rows || labels.length < rows) return {};
  const right = classes.map((one, row) => one === labels[row]);
  // Of other labels, or changed since: the run's own accuracy is another.
  const accuracy = right.filter(Boolean).length / rows;
  const isItsOwn = Math.abs(accuracy - (record.metrics.accuracy ?? Number.NaN)) < 1e-6;
  return isItsOwn ? { right: packRightRows(right), ...oneAnswer(classes) } : {};
}

type Run = Extract<Compared, { kind: 'run' }>;

/**
 * Gathers runs that differ in the seed alone into arms, in the order in which they came.
 * @throws OptionError for a run without the metric, and for one that came twice.
 */
export function armsOfRuns(runs: readonly Run[], metric: JudgedMetric): ComparableArm[] {
  const groups = new Map<string, Run[]>();
  for (const run of runs) {
    // The first weights follow from the seed, unless they were given. Threads change no more than the last bits.
    const { seed: _seed, initialWeights, threads: _threads, ...options } = run.record.options;
    let key = JSON.stringify(options);
    const twin = groups.get(key)?.find(({ record }) => record.seed === run.record.seed);
    if (twin !== undefined) {
      if (twin.record.options.initialWeights === initialWeights) throw sameRun(run, twin);
      key += JSON.stringify(initialWeights);
    }
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  return [...groups.values()].map((group) => armOfRuns(group, metric));
}

function sameRun({ path }: Run, twin: Run): OptionError {
  return new OptionError({
    where: path,
    wanted: 'different runs',
    got: `the same options and seed as in ${twin.path}`,
    fix: 'leave one out',
  });
}

function armOfRuns(group: readonly Run[], metric: JudgedMetric): ComparableArm {
  const [first] = group;
  if (first === undefined) throw new RangeError('an arm has at least one run');
  const { data, options, parameters } = first.record;
  return {
    name: nameOfRuns(group.map(({ path }) => basename(resolve(path)))),
    path: first.path,
    runs: group.map(({ path, record, kept }) => ({ seed: record.seed, score: scoreOf(record, metric, path), ...kept })),
    parameters,
    train: { ...data.train, ...contentsIn(options.trainData) },
    evaluation: data.evaluation && { ...data.evaluation, ...contentsIn(options.evaluationData) },
    versions: versionsOf(first.record),
  };
}

function scoreOf({ metrics }: RunRecord, metric: JudgedMetric, path: string): number {
  const { [metric]: score } = metrics;
  if (score !== undefined && !Number.isNaN(score)) return inPoints(score);
  const others = Object.keys(metrics).join(', ');
  const unscored = others === '' ? 'one without labelled evaluation data' : `one with ${others}`;
  throw new OptionError({
    where: path,
    wanted: `a run with ${METRICS[metric].title}`,
    got: score === undefined ? unscored : String(score),
    fix: others === '' ? 'train it with a validation split' : 'compare runs with the same metric',
  });
}

/** `kd-1`, `kd-2`, `kd-3` → `kd` */
function nameOfRuns(names: readonly string[]): string {
  const [first = '', ...others] = names;
  if (others.length === 0) return first;
  let common = first;
  for (const name of others) while (!name.startsWith(common)) common = common.slice(0, -1);
  return common.replace(/[-_.=\d]*(seed)?[-_.=\d]*$/, '') || first;
}

/** What a run's options say of the contents of its data. */
function contentsIn(described: Json | undefined): Pick<DataName, 'hash' | 'sample'> {
  const { hash, sample } = objectOf(described);
  return { ...(typeof hash === 'string' && { hash }), ...(typeof sample === 'string' && { sample }) };
}

function versionsOf({ retort, onnxruntime }: { readonly retort: string; readonly onnxruntime: string }): string {
  return `retort ${retort} with ONNX Runtime ${onnxruntime}`;
}
