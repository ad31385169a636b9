/** @file One JSON file that says what an experiment asked, did and found. */
import { readFile, stat } from 'node:fs/promises';
import { FileError, OptionError } from '../errors/failures.js';
import { writeFileAtomic } from '../files/atomic-write.js';
import { inputFailure } from '../files/file-failure.js';
import { asJson } from '../files/fingerprint.js';
import { sealed, unsealed } from '../files/sealed-json.js';
import { discordantRows } from './arm-result.js';
import type { ArmOutcome, ExperimentOutcome } from './experiment.js';
import type { Environment, Evidence, ExperimentRecord, RecordedArm } from './experiment-record.schema.js';
import { gatheredWarnings, type StoredWarning } from './experiment-warnings.js';
import { RECORD_FORMAT, SEALED_VERSION } from './formats.js';
import { inPoints, type JudgedMetric } from './judged-metric.js';
import { type ResampledRows, resampledDifference, resampledInterval } from './kept-answers.js';
import { mean, sampleSd, tInterval } from './statistics.js';
import { checkFormatVersion, storedValue } from './stored-json.js';
import { type Controls, type DiscordantRows, type Gain, judge, judgeSoftTargets } from './verdict.js';
import { wilsonInterval } from './wilson-interval.js';

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
  readonly headline?: Headline;
  /** Pairs to compare besides. */
  readonly comparisons?: readonly { readonly arm: string; readonly over: string }[];
  /** In points. */
  readonly smallestEffect?: number;
  /** What each arm is, by name. */
  readonly descriptions?: Readonly<Record<string, string>>;
  readonly environment: Environment;
  /** When it ended. */
  readonly date: Date;
  readonly command?: string | undefined;
  readonly config?: string | undefined;
  readonly data?: ExperimentRecord['data'];
  readonly teacher?: ExperimentRecord['teacher'];
  readonly evidence?: Evidence | undefined;
  readonly ship?: ExperimentRecord['ship'];
  /** What was found before the runs; theirs are in the outcome. */
  readonly warnings?: readonly StoredWarning[];
};

const MAX_BYTES = 256 * 2 ** 20;

/**
 * The record of an experiment, with all its verdicts.
 * @throws OptionError naming an arm that was not run.
 */
export function experimentRecord(options: RecordOptions): ExperimentRecord {
  const { outcome, question, headline, smallestEffect, descriptions = {}, environment, date } = options;
  const { command, config, data, teacher, evidence, ship } = options;
  const compare = (arm: string, over: string) => compareArms(outcome, arm, over, smallestEffect);
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
    format: RECORD_FORMAT.name,
    version: RECORD_FORMAT.version,
    name: outcome.name,
    question,
    metric: outcome.metric,
    date: date.toISOString(),
    ...(command !== undefined && { command }),
    ...(config !== undefined && { config }),
    seconds: outcome.seconds,
    peakRssBytes: outcome.peakRssBytes,
    environment,
    seeds: [...outcome.seeds],
    settings: asJson(outcome.settings) as ExperimentRecord['settings'],
    ...(data && { data }),
    ...(teacher && { teacher }),
    arms: outcome.arms.map((arm) => recordedArm(arm, outcome.metric, descriptions[arm.arm.name])),
    gains,
    ...(headline && headlineOf(headline, gains)),
    ...(ship && { ship }),
    ...(evidence && { evidence }),
    ...(warnings.length > 0 && { warnings }),
  };
}

/**
 * Compares two arms of an experiment over its seeds, or with one seed over the rows, if they were kept.
 * @throws OptionError naming an arm that was not run.
 */
export function compareArms(outcome: ExperimentOutcome, arm: string, over: string, smallestEffect?: number): Gain {
  const [first, second] = [armNamed(outcome, arm), armNamed(outcome, over)];
  const { metric, seeds } = outcome;
  const isAlone = seeds.length === 1;
  const discordant = isAlone && metric === 'accuracy' ? discordantRuns(first, second) : undefined;
  const resampled = isAlone && metric !== 'accuracy' ? resampledRuns(first, second, metric) : undefined;
  return judge({
    ...{ arm, over, metric },
    scores: first.scores,
    otherScores: second.scores,
    ...(smallestEffect !== undefined && { smallestEffect }),
    ...(discordant && { discordant }),
    ...(resampled && { resampled }),
  });
}

function armNamed({ arms, name }: ExperimentOutcome, wanted: string): ArmOutcome {
  const found = arms.find(({ arm }) => arm.name === wanted);
  if (found !== undefined) return found;
  const names = arms.map(({ arm }) => arm.name).join(', ');
  throw new OptionError({ where: name, wanted: `one of its arms: ${names}`, got: wanted });
}

function discordantRuns(first: ArmOutcome, second: ArmOutcome): DiscordantRows | undefined {
  const [a, b] = [first.runs[0]?.result.right, second.runs[0]?.result.right];
  if (a === undefined || b === undefined) return undefined;
  const { onlyFirst, onlySecond } = discordantRows(a, b);
  return { onlyArm: onlyFirst, onlyOther: onlySecond, rows: a.rows };
}

function resampledRuns(first: ArmOutcome, second: ArmOutcome, metric: JudgedMetric): ResampledRows | undefined {
  const [a, b] = [first.runs[0]?.result.answers, second.runs[0]?.result.answers];
  return a && b && resampledDifference(a, b, metric);
}

function recordedArm(
  { arm, scores, runs }: ArmOutcome,
  metric: JudgedMetric,
  description: string | undefined,
): RecordedArm {
  const { name, ...settings } = arm;
  const sd = sampleSd(scores);
  const interval = intervalOf(scores, runs, metric);
  const metrics = metricsOf(runs);
  const { curve, train } = runs[0]?.result ?? {};
  return {
    name,
    ...(description !== undefined && { description }),
    settings: asJson(settings) as RecordedArm['settings'],
    parameters: runs[0]?.result.parameters ?? 0,
    scores: [...scores],
    mean: mean(scores),
    ...(scores.length > 1 && { sd }),
    ...(interval && { interval }),
    ...(metrics && { metrics }),
    ...(train && { train: { ...train } }),
    seconds: runs.map((run) => run.seconds),
    ...(curve && { curve: curve.map((point) => ({ ...point })) }),
  };
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
  if (scores.length > 1) return { over: 'seeds', ...tInterval(scores) };
  const { score, right, answers } = runs[0]?.result ?? {};
  if (metric !== 'accuracy') {
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

/** @throws OutputError naming the path. */
export async function writeExperimentRecord(path: string, record: ExperimentRecord): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(sealed(record), null, 1)}\n`);
}

/** @throws FileError for a file that is missing, damaged, something else or of a newer format. */
export async function readExperimentRecord(path: string): Promise<ExperimentRecord> {
  const json = await readJson(path);
  const { recordSchema, versionSchema } = await import('./experiment-record.schema.js');
  const { version } = storedValue(versionSchema.safeParse(json), path, 'the record of an experiment');
  checkFormatVersion(version, RECORD_FORMAT.version, path);
  const stored = unsealed(json, path, version >= SEALED_VERSION);
  return storedValue(recordSchema.safeParse(stored), path, 'what retort writes there');
}

async function readJson(path: string): Promise<unknown> {
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) {
      throw new FileError({ where: path, wanted: `at most ${MAX_BYTES} bytes of JSON`, got: `${size} bytes` });
    }
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw inputFailure(error, path);
    const got = `text that is none (${error.message})`;
    throw new FileError({ where: path, wanted: 'JSON', got, fix: 'copy or make it again', cause: error });
  }
}
