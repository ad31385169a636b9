/** @file One JSON file that says what an experiment asked, did and found. */

import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { FileError, OptionError } from '../errors/failures.js';
import { writeFileAtomic } from '../files/atomic-write.js';
import { inputFailure } from '../files/file-failure.js';
import { asJson } from '../files/fingerprint.js';
import { sealed, unsealed } from '../files/sealed-json.js';
import { checkFormatVersion, storedValue } from '../files/stored-json.js';
import { inPoints } from '../metrics/points.js';
import { around, mean, normalHalfWidth, sampleSd, tHalfWidth } from '../metrics/statistics.js';
import { type JudgedMetric, METRICS } from '../metrics/table.js';
import { wilsonInterval } from '../metrics/wilson-interval.js';
import { defined } from '../options/given.js';
import { jsonOf } from '../options/json.js';
import { findWarnings } from '../training/checks/table.js';
import type { StoredWarning } from './arm-result.js';
import { runFolder } from './arm-run.js';
import { CONTROLS_OF_CLASSES } from './distillation/controls.js';
import type { ArmOutcome, ExperimentOutcome } from './experiment.js';
import type { Evidence, ExperimentRecord, NeverSeen, RecordedArm, RunEnvironment } from './experiment-record.schema.js';
import { gatheredWarnings } from './experiment-warnings.js';
import { EXPERIMENT_FORMAT, SEALED_EXPERIMENT_VERSION } from './formats.js';
import { resampledInterval } from './kept-answers.js';
import { type FinishedRun, runsBeside } from './results-file.js';
import { rowEvidence, rowsPart } from './row-evidence.js';
import { testOutcome } from './test-outcome.js';
import { type Controls, type Gain, judge, judgeSoftTargets } from './verdict.js';

type Headline = {
  readonly arm: string;
  readonly controls: Controls;
  /** Names of controls that these students don't have, and that need not be beaten. */
  readonly notDefined?: readonly string[];
};

export type RecordOptions = {
  readonly outcome: ExperimentOutcome;
  /** What the experiment asks, as a sentence. */
  readonly question: string;
  /** The arm that the question is about, and its controls. It is compared with each of them. */
  readonly headline?: Headline | undefined;
  /** Pairs to compare besides. */
  readonly comparisons?: readonly { readonly arm: string; readonly over: string }[] | undefined;
  /** In the place of a verdict, where there is nothing to compare. */
  readonly notCompared?: string | undefined;
  /** In points. */
  readonly smallestEffect?: number | undefined;
  /** What each arm is, by name. */
  readonly descriptions?: Readonly<Record<string, string>> | undefined;
  readonly environment: RunEnvironment;
  /** When it ended. */
  readonly date: Date;
  readonly command?: string | undefined;
  readonly config?: string | undefined;
  readonly data?: ExperimentRecord['data'] | undefined;
  readonly teacher?: ExperimentRecord['teacher'] | undefined;
  readonly evidence?: Evidence | undefined;
  readonly ship?: ExperimentRecord['ship'] | undefined;
  readonly calibration?: ExperimentRecord['calibration'] | undefined;
  /** Of the primer alone. */
  readonly neverSeen?: NeverSeen | undefined;
  /** What was found before the runs; theirs are in the outcome. */
  readonly warnings?: readonly StoredWarning[] | undefined;
};

const MAX_BYTES = 256 * 2 ** 20;

/**
 * The record of an experiment, with all its verdicts.
 * @throws OptionError naming an arm that was not run.
 */
export function experimentRecord(options: RecordOptions): ExperimentRecord {
  const { outcome, question, headline, smallestEffect, descriptions = {}, environment, date } = options;
  const { command, config, data, teacher, evidence, ship, calibration, notCompared, neverSeen } = options;
  const onTest = testOutcome(outcome);
  const compare = (arm: string, over: string) =>
    onTest ? compareArms(onTest, arm, over, smallestEffect, 'test') : compareArms(outcome, arm, over, smallestEffect);
  const pairs = new Map<string, Gain>();
  const add = (arm: string, over: string) => pairs.set(JSON.stringify([arm, over]), compare(arm, over));
  if (headline !== undefined) {
    const { noTeacher, ...others } = headline.controls;
    for (const over of [noTeacher, ...Object.values(others)]) if (over !== undefined) add(headline.arm, over);
  }
  for (const { arm, over } of options.comparisons ?? []) add(arm, over);
  const gains = [...pairs.values()];
  const warnings = gatheredWarnings(options.warnings ?? [], outcome);
  return {
    format: EXPERIMENT_FORMAT.name,
    version: EXPERIMENT_FORMAT.version,
    name: outcome.name,
    question,
    metric: outcome.metric,
    date: date.toISOString(),
    ...defined({ command, config }),
    seconds: outcome.seconds,
    peakRssBytes: outcome.peakRssBytes,
    environment,
    ...defined({ machines: machinesOf(outcome) }),
    seeds: [...outcome.seeds],
    settings: asJson(outcome.settings) as ExperimentRecord['settings'],
    ...(data && { data }),
    ...(teacher && { teacher }),
    arms: outcome.arms.map((arm, i) => recordedArm(arm, outcome.metric, descriptions[arm.arm.name], onTest?.arms[i])),
    gains,
    ...(headline && headlineOf(headline, gains)),
    ...defined({ notCompared }),
    ...(ship && { ship }),
    ...(calibration && { calibration }),
    ...(evidence && { evidence }),
    ...(neverSeen && { neverSeen }),
    ...(warnings.length > 0 && { warnings }),
  };
}

/** Of a shared experiment, each machine that had a run, in the order of its first. */
function machinesOf({ arms, seeds }: ExperimentOutcome): ExperimentRecord['machines'] {
  const machines = new Map<string, NonNullable<ExperimentRecord['machines']>[number]>();
  for (const [i, seed] of seeds.entries()) {
    for (const { arm, runs } of arms) {
      const by = runs[i]?.by;
      if (by === undefined) continue;
      const key = JSON.stringify(by);
      const known = machines.get(key) ?? { ...by, runs: [] };
      machines.set(key, known);
      known.runs.push(basename(runFolder(arm.name, seed)));
    }
  }
  return machines.size === 0 ? undefined : [...machines.values()];
}

/**
 * Compares two arms of an experiment over its seeds and rows, or with one seed over the rows, if they were kept.
 * @param split that the outcome is of, where that is not the validation split
 * @throws OptionError naming an arm that was not run.
 */
export function compareArms(
  outcome: ExperimentOutcome,
  arm: string,
  over: string,
  smallestEffect?: number,
  split?: Gain['split'],
): Gain {
  const [first, second] = [armNamed(outcome, arm), armNamed(outcome, over)];
  const { metric } = outcome;
  return judge({
    ...{ arm, over, metric, split },
    scores: first.scores,
    otherScores: second.scores,
    smallestEffect,
    ...rowEvidence(resultsOf(first), resultsOf(second), metric),
  });
}

function resultsOf({ runs }: ArmOutcome) {
  return runs.map(({ result }) => result);
}

function armNamed({ arms, name }: ExperimentOutcome, wanted: string): ArmOutcome {
  const found = arms.find(({ arm }) => arm.name === wanted);
  if (found !== undefined) return found;
  const names = arms.map(({ arm }) => arm.name).join(', ');
  throw new OptionError({ where: name, wanted: `one of its arms: ${names}`, got: wanted });
}

/** An arm as records have it. */
export function recordedArm(
  { arm, scores, runs }: ArmOutcome,
  metric: JudgedMetric,
  description?: string,
  onTest?: ArmOutcome,
): RecordedArm {
  const { name, ...settings } = arm;
  const { curve, train } = runs[0]?.result ?? {};
  return {
    name,
    ...(description !== undefined && { description }),
    settings: asJson(settings) as RecordedArm['settings'],
    parameters: runs[0]?.result.parameters ?? 0,
    ...recordedScores({ scores, runs }, metric),
    ...(onTest && { test: recordedScores(onTest, metric) }),
    ...(train && { train: { ...train } }),
    seconds: runs.map((run) => run.seconds),
    ...(curve && { curve: curve.map((point) => ({ ...point })) }),
  };
}

function recordedScores({ scores, runs }: Pick<ArmOutcome, 'scores' | 'runs'>, metric: JudgedMetric) {
  const interval = intervalOf(scores, runs, metric);
  const metrics = metricsOf(runs);
  return {
    scores: [...scores],
    mean: mean(scores),
    ...(scores.length > 1 && { sd: sampleSd(scores) }),
    ...(interval && { interval }),
    ...(metrics && { metrics }),
  } satisfies RecordedArm['test'];
}

/** Those that every run has, times 100. */
function metricsOf(runs: ArmOutcome['runs']): RecordedArm['metrics'] {
  const [first, ...others] = runs.map(({ result }) => result.metrics ?? {});
  const names = Object.keys(first ?? {}).filter((name) => others.every((one) => name in one));
  if (names.length === 0) return undefined;
  return Object.fromEntries(
    names.map((name) => [name, runs.map(({ result }) => inPoints(result.metrics?.[name] ?? Number.NaN))]),
  );
}

function intervalOf(
  scores: readonly number[],
  runs: ArmOutcome['runs'],
  metric: JudgedMetric,
): RecordedArm['interval'] {
  if (scores.length > 1) {
    const rows = rowsPart(
      runs.map(({ result }) => result),
      [],
      metric,
    );
    const half = Math.hypot(tHalfWidth(scores), normalHalfWidth(rows?.error ?? 0));
    const { low, high } = around(mean(scores), half);
    // The normal approximation knows no limits near them.
    const within = { low: Math.max(low, METRICS[metric].least), high: Math.min(high, 100) };
    return { over: rows === undefined ? 'seeds' : 'seeds and rows', ...within };
  }
  const { score, right, answers } = runs[0]?.result ?? {};
  if (!METRICS[metric].countsRight) {
    const resampled = answers && resampledInterval(answers, metric);
    return resampled && { over: 'rows', ...resampled };
  }
  if (score === undefined || right === undefined) return undefined;
  const [low, high] = wilsonInterval(Math.round(score * right.rows), right.rows);
  return { over: 'rows', low: inPoints(low), high: inPoints(high) };
}

function headlineOf(
  { arm, controls, notDefined }: Headline,
  gains: readonly Gain[],
): Pick<ExperimentRecord, 'headline' | 'softTargets'> {
  const gain = gains.find((one) => one.arm === arm && one.over === controls.noTeacher);
  return {
    ...(gain && { headline: { arm, over: gain.over, text: gain.text } }),
    softTargets: judgeSoftTargets(arm, controls, gains, notDefined),
  };
}

/**
 * A record with its intervals and verdicts made anew from what its runs have kept. Those of versions 1 and 2 left the
 * evaluation rows out.
 * @param runs those that are known; without them intervals are over seeds alone, and verdicts can't tell
 */
export function rejudged(record: ExperimentRecord, runs: readonly FinishedRun[]): ExperimentRecord {
  const { metric, seeds, headline } = record;
  const arms = record.arms.map(({ name, scores, parameters }): ArmOutcome => {
    const runOf = (seed: number, i: number): FinishedRun =>
      runs.find((run) => run.arm === name && run.seed === seed) ?? {
        ...{ arm: name, seed, seconds: 0, peakRssBytes: 0 },
        result: { score: (scores[i] ?? Number.NaN) / 100, parameters },
      };
    return { arm: { name }, scores, runs: seeds.map(runOf) };
  });
  const outcome: ExperimentOutcome = { ...record, arms };
  // What one seed says is known to the record alone where its rows were not kept.
  const isKept = seeds.length === 1 && runs.length === 0;
  const gains = isKept
    ? record.gains
    : record.gains.map(({ arm, over, smallestEffect }) => compareArms(outcome, arm, over, smallestEffect));
  const isPast = ({ name }: { readonly name: string }) => name === 'past-best' && runs.length > 0;
  const { warnings = [] } = record;
  const past =
    headline && warnings.some(isPast)
      ? findWarnings({ experiment: { ...outcome, judged: headline.arm } }).filter(isPast)
      : [];
  return {
    ...record,
    arms: record.arms.map(({ interval, ...arm }, i) => {
      const anew = isKept ? interval : intervalOf(arm.scores, arms[i]?.runs ?? [], metric);
      return { ...arm, ...(anew && { interval: anew }) };
    }),
    gains,
    ...(headline && record.softTargets && headlineOf(recordedHeadline(record), gains)),
    ...(warnings.length > 0 && { warnings: [...warnings.filter((one) => !isPast(one)), ...past] }),
  };
}

/** Controls bear the names of what they are, but for the one that a record names. */
function recordedHeadline({ headline, gains, metric }: ExperimentRecord): Headline {
  const { arm = '', over: noTeacher = '' } = headline ?? {};
  const named = (role: string) => (gains.some(({ over }) => over === role) ? role : undefined);
  return {
    arm,
    controls: {
      noTeacher,
      hardLabels: named('hard-labels'),
      shuffledTeacher: named('shuffled-teacher'),
      labelSmoothing: named('label-smoothing'),
    },
    notDefined: METRICS[metric].needs === 'scores' ? CONTROLS_OF_CLASSES : [],
  };
}

/** @throws OutputError naming the path. */
export async function writeExperimentRecord(path: string, record: ExperimentRecord): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(sealed(record), null, 1)}\n`);
}

/**
 * Records of older versions are judged anew from the results that lie beside them.
 * @throws FileError for a file that is missing, damaged, something else or of a newer format.
 */
export async function readExperimentRecord(path: string): Promise<ExperimentRecord> {
  const json = await readJson(path);
  const { experimentSchema, experimentVersionSchema } = await import('./experiment-record.schema.js');
  const { version } = storedValue(experimentVersionSchema.safeParse(json), path, 'the record of an experiment');
  checkFormatVersion(version, EXPERIMENT_FORMAT.version, path);
  const stored = unsealed(json, path, version >= SEALED_EXPERIMENT_VERSION);
  const record = storedValue(experimentSchema.safeParse(stored), path, 'a file written by retort');
  return version < EXPERIMENT_FORMAT.version ? rejudged(record, await runsBeside(path)) : record;
}

async function readJson(path: string): Promise<unknown> {
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) {
      throw new FileError({ where: path, wanted: `at most ${MAX_BYTES} bytes of JSON`, got: `${size} bytes` });
    }
    return jsonOf(await readFile(path, 'utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw inputFailure(error, path);
    const got = `invalid JSON (${error.message})`;
    throw new FileError({ where: path, wanted: 'JSON', got, fix: 'copy or create it again', cause: error });
  }
}
