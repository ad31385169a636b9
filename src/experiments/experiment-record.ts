/** @file One JSON file that says what an experiment asked, did and found. */
import { readFile, stat } from 'node:fs/promises';
import { FileError, OptionError } from '../errors/failures.js';
import { writeFileAtomic } from '../files/atomic-write.js';
import { inputFailure } from '../files/file-failure.js';
import { asJson } from '../training/run-options.js';
import { discordantRows, percent } from './arm-result.js';
import type { ArmOutcome, ExperimentOutcome } from './experiment.js';
import type { Environment, Evidence, ExperimentRecord, RecordedArm } from './experiment-record.schema.js';
import { RECORD_FORMAT } from './formats.js';
import { mean, sampleSd, tInterval } from './statistics.js';
import { checkFormatVersion, storedValue } from './stored-json.js';
import { type Controls, type DiscordantRows, type Gain, judge, judgeSoftTargets } from './verdict.js';
import { wilsonInterval } from './wilson-interval.js';

export type RecordOptions = {
  readonly outcome: ExperimentOutcome;
  /** What the experiment asks, as a sentence. */
  readonly question: string;
  /** The arm that the question is about, and its controls. It is compared with each of them. */
  readonly headline?: { readonly arm: string; readonly controls: Controls };
  /** Pairs to compare besides. */
  readonly comparisons?: readonly { readonly arm: string; readonly over: string }[];
  /** In percentage points. */
  readonly smallestEffect?: number;
  /** What each arm is, by name. */
  readonly descriptions?: Readonly<Record<string, string>>;
  readonly environment: Environment;
  /** When it ended. */
  readonly date: Date;
  readonly command?: string | undefined;
  readonly data?: ExperimentRecord['data'];
  readonly teacher?: ExperimentRecord['teacher'];
  readonly evidence?: Evidence | undefined;
};

const MAX_BYTES = 256 * 2 ** 20;

/**
 * The record of an experiment, with all its verdicts.
 * @throws OptionError naming an arm that was not run.
 */
export function experimentRecord(options: RecordOptions): ExperimentRecord {
  const { outcome, question, headline, smallestEffect, descriptions = {}, environment, date } = options;
  const { command, data, teacher, evidence } = options;
  const compare = (arm: string, over: string) => compareArms(outcome, arm, over, smallestEffect);
  const pairs = new Map<string, Gain>();
  const add = (arm: string, over: string) => pairs.set(JSON.stringify([arm, over]), compare(arm, over));
  if (headline !== undefined) {
    const { noTeacher, ...others } = headline.controls;
    for (const over of [noTeacher, ...Object.values(others)]) if (over !== undefined) add(headline.arm, over);
  }
  for (const { arm, over } of options.comparisons ?? []) add(arm, over);
  const gains = [...pairs.values()];
  return {
    format: RECORD_FORMAT.name,
    version: RECORD_FORMAT.version,
    name: outcome.name,
    question,
    date: date.toISOString(),
    ...(command !== undefined && { command }),
    seconds: outcome.seconds,
    peakRssBytes: outcome.peakRssBytes,
    environment,
    seeds: [...outcome.seeds],
    settings: asJson(outcome.settings) as ExperimentRecord['settings'],
    ...(data && { data }),
    ...(teacher && { teacher }),
    arms: outcome.arms.map((arm) => recordedArm(arm, descriptions[arm.arm.name])),
    gains,
    ...(headline && headlineOf(headline, gains)),
    ...(evidence && { evidence }),
  };
}

/**
 * Compares two arms of an experiment over its seeds, or with one seed over the rows, if they were kept.
 * @throws OptionError naming an arm that was not run.
 */
export function compareArms(outcome: ExperimentOutcome, arm: string, over: string, smallestEffect?: number): Gain {
  const [first, second] = [armNamed(outcome, arm), armNamed(outcome, over)];
  const discordant = outcome.seeds.length === 1 ? discordantRuns(first, second) : undefined;
  return judge({
    arm,
    over,
    accuracies: first.accuracies,
    otherAccuracies: second.accuracies,
    ...(smallestEffect !== undefined && { smallestEffect }),
    ...(discordant && { discordant }),
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

function recordedArm({ arm, accuracies, runs }: ArmOutcome, description: string | undefined): RecordedArm {
  const { name, ...settings } = arm;
  const sd = sampleSd(accuracies);
  const interval = intervalOf(accuracies, runs);
  const curve = runs[0]?.result.curve;
  return {
    name,
    ...(description !== undefined && { description }),
    settings: asJson(settings) as RecordedArm['settings'],
    parameters: runs[0]?.result.parameters ?? 0,
    accuracies: [...accuracies],
    mean: mean(accuracies),
    ...(accuracies.length > 1 && { sd }),
    ...(interval && { interval }),
    seconds: runs.map((run) => run.seconds),
    ...(curve && { curve: curve.map((point) => ({ ...point })) }),
  };
}

function intervalOf(accuracies: readonly number[], runs: ArmOutcome['runs']): RecordedArm['interval'] {
  if (accuracies.length > 1) return { over: 'seeds', ...tInterval(accuracies) };
  const [run] = runs;
  if (run?.result.right === undefined) return undefined;
  const { accuracy, right } = run.result;
  const [low, high] = wilsonInterval(Math.round(accuracy * right.rows), right.rows);
  return { over: 'rows', low: percent(low), high: percent(high) };
}

function headlineOf(
  { arm, controls }: { readonly arm: string; readonly controls: Controls },
  gains: readonly Gain[],
): Pick<ExperimentRecord, 'headline' | 'softTargets'> {
  const gain = gains.find((one) => one.arm === arm && one.over === controls.noTeacher);
  return {
    ...(gain && { headline: { arm, over: gain.over, text: gain.text } }),
    softTargets: judgeSoftTargets(arm, controls, gains),
  };
}

/** @throws OutputError naming the path. */
export async function writeExperimentRecord(path: string, record: ExperimentRecord): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(record, null, 1)}\n`);
}

/** @throws FileError for a file that is missing, damaged, something else or of a newer format. */
export async function readExperimentRecord(path: string): Promise<ExperimentRecord> {
  const json = await readJson(path);
  const { recordSchema, versionSchema } = await import('./experiment-record.schema.js');
  const { version } = storedValue(versionSchema.safeParse(json), path, 'the record of an experiment');
  checkFormatVersion(version, RECORD_FORMAT.version, path);
  return storedValue(recordSchema.safeParse(json), path, 'what retort writes there');
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
