/** @file Arms × seeds: every arm runs on every seed, each finished run is kept, and a killed experiment goes on. */
import { InterruptedError, OptionError } from '../errors/failures.js';
import { asJson, type Fingerprint, fingerprint } from '../files/fingerprint.js';
import { nameOf } from '../files/lock.js';
import { storedValue } from '../files/stored-json.js';
import type { UnitResult, UnitStanding } from '../files/work-source.js';
import { inPoints } from '../metrics/points.js';
import { DEFAULT_METRIC, type JudgedMetric } from '../metrics/table.js';
import { defined } from '../options/given.js';
import type { ArmResult } from './arm-result.js';
import {
  type Arm,
  ArmError,
  type ArmRun,
  inArm,
  type MeasuredResult,
  measured,
  placeOf,
  type RunContext,
  type Settings,
} from './arm-run.js';
import { expectSameResults, type FinishedRun, openResultsFile } from './results-file.js';
import type { armResultSchema, RunMachine } from './results-file.schema.js';
import { runShared, type SharedWork } from './sharing/shared-runs.js';
import { type GainSoFar, gainSoFar, secondsLeft } from './so-far.js';
import { startWorker, type Worker } from './worker.js';

export type ExperimentEvent =
  | {
      readonly type: 'start';
      readonly name: string;
      /** All of them, and those that an earlier, interrupted experiment had finished. */
      readonly runs: number;
      readonly finished: number;
    }
  | { readonly type: 'run-start'; readonly arm: string; readonly seed: number }
  /** How far one run is, 0 … 1. */
  | { readonly type: 'progress'; readonly arm: string; readonly seed: number; readonly fraction: number }
  | {
      readonly type: 'run-end';
      readonly arm: string;
      readonly seed: number;
      readonly metric: JudgedMetric;
      /** The metric itself, not times 100. */
      readonly score: number;
      readonly seconds: number;
      readonly runs: number;
      readonly finished: number;
      /** Of the runs to come, from those that are done. */
      readonly secondsLeft: number;
      /** Of the first arm over the second. Absent while no seed has both. */
      readonly gain?: GainSoFar;
      /** Of a shared experiment: who did it. */
      readonly by?: RunMachine;
    }
  /** Of a shared experiment, now and then: runs that somebody has, and how often one has failed so far. */
  | {
      readonly type: 'under-way';
      readonly held: readonly { readonly unit: string; readonly worker: string; readonly fraction: number }[];
      readonly failed: readonly { readonly unit: string; readonly times: number }[];
    }
  | { readonly type: 'end'; readonly seconds: number };

export type ExperimentOptions<A extends Arm> = {
  readonly name: string;
  readonly arms: readonly A[];
  /** Every arm runs on each of them, so that the arms can be compared in pairs. */
  readonly seeds: readonly number[];
  /** What the runs are judged by. Default: accuracy. */
  readonly metric?: JudgedMetric | undefined;
  /** All else that decides the numbers: sizes, steps, data and their hashes, number of threads. */
  readonly settings?: Settings | undefined;
  /** Where things lie that the runs read and write. They are given to them as settings, and are not compared. */
  readonly places?: Settings | undefined;
  readonly run: ArmRun<A>;
  /** Where finished runs are kept; without it nothing is. Its folder must exist. */
  readonly resultsFile?: string | undefined;
  /** Go on with the runs that the file holds. Without it such a file is refused. */
  readonly resume?: boolean | undefined;
  /**
   * Runs `workers` arms at a time, each in a process of its own: `script` calls `serveArms` with the same function as
   * `run`, which itself is taken for one worker. Whatever finishes first, the outcome is the same.
   */
  readonly parallel?: { readonly workers: number; readonly script: URL } | undefined;
  /** Where the runs are divided among processes: each takes the next that nobody has. */
  readonly work?: RunsOfMany | undefined;
  readonly onEvent?: ((event: ExperimentEvent) => void) | undefined;
  /** Stops the experiment; finished runs are kept. */
  readonly signal?: AbortSignal | undefined;
};

export type ArmOutcome<A extends Arm = Arm> = {
  readonly arm: A;
  /** In the order of the seeds. */
  readonly runs: readonly FinishedRun[];
  /** Of these runs: the experiment's metric times 100. */
  readonly scores: readonly number[];
};

export type ExperimentOutcome<A extends Arm = Arm> = {
  readonly name: string;
  readonly metric: JudgedMetric;
  readonly seeds: readonly number[];
  readonly settings: Settings;
  /** In the order in which they were given. */
  readonly arms: readonly ArmOutcome<A>[];
  /** Of this call; the runs have their own. */
  readonly seconds: number;
  /** The most memory that one process held. */
  readonly peakRssBytes: number;
};

/** Runs that several processes work on, and this one among them. */
export type RunsOfMany = SharedWork & {
  readonly unitOf: (arm: string, seed: number) => string;
  /** This process, for the lines of its runs. */
  readonly by: RunMachine;
  /** What a run has written, where its files have to travel: below the output folder, with '/'. */
  readonly filesOf?: ((arm: string, seed: number) => Promise<readonly string[]>) | undefined;
};

type Job<A extends Arm> = { readonly arm: A; readonly seed: number };

/** Runs jobs one after the other, here or in a child. */
type Lane<A extends Arm> = {
  run(job: Job<A>, progress: (fraction: number) => void): Promise<MeasuredResult>;
  close(): void;
};

/**
 * Runs every arm on every seed. Seeds come first and arms within them, so that what is there after an interruption is
 * in pairs.
 * @throws InterruptedError after `signal`; ArmError naming the arm and the seed for a run that failed, once the runs
 *   beside it have ended; OptionError for arms, seeds or workers that are none; what `openResultsFile` throws.
 */
export async function runExperiment<A extends Arm>(options: ExperimentOptions<A>): Promise<ExperimentOutcome<A>> {
  const { name, arms, seeds, settings = {}, resultsFile, resume = false, onEvent: emit = () => {} } = options;
  const { metric = DEFAULT_METRIC } = options;
  checkOptions(options);
  const started = performance.now();
  const file =
    resultsFile === undefined
      ? undefined
      : await openResultsFile(resultsFile, { arms, made: madeOf(options), seeds }, resume, options.signal);
  try {
    const done = new Map<string, FinishedRun>();
    for (const run of file?.finished ?? []) done.set(placeOf(run.arm, run.seed), run);
    const jobs = seeds.flatMap((seed) => arms.map((arm) => ({ arm, seed })));
    const open = openJobs(jobs, done);
    const progress = { runs: jobs.length, finished: jobs.length - open.length };
    emit({ type: 'start', name, ...progress });

    const keep = (run: FinishedRun, atOnce = options.parallel?.workers ?? 1) => {
      file?.append(run);
      done.set(placeOf(run.arm, run.seed), run);
      progress.finished += 1;
      const { arm, seed, seconds, result, by } = run;
      const runs = [...done.values()];
      const left = secondsLeft(
        openJobs(jobs, done).map((job) => ({ arm: job.arm.name })),
        runs,
        atOnce,
      );
      const gain = arms[1] && gainSoFar(arms[0]?.name ?? '', arms[1].name, runs);
      const score = { metric, score: result.score, seconds, secondsLeft: left, ...defined({ gain, by }) };
      emit({ type: 'run-end', arm, seed, ...score, ...progress });
    };
    if (options.work === undefined) await runJobs(options, open, keep);
    else await runWithOthers(options, options.work, open, keep);
    if (progress.finished < jobs.length) throw interrupted(name, progress, resultsFile);

    const seconds = (performance.now() - started) / 1000;
    emit({ type: 'end', seconds });
    const outcomes = arms.map((arm) => outcomeOf(arm, seeds, done));
    const peakRssBytes = Math.max(...outcomes.flatMap(({ runs }) => runs.map((run) => run.peakRssBytes)));
    return { name, metric, seeds, settings, arms: outcomes, seconds, peakRssBytes };
  } finally {
    file?.close();
  }
}

/**
 * Takes part in an experiment whose results another process keeps: until every run has a result, from here or elsewhere.
 * @param jobs the runs that are to be done
 * @returns how many were done here
 * @throws InterruptedError after `signal`, or where the experiment was cancelled; ArmError for runs that were set aside.
 */
export async function takePart<A extends Arm>(
  options: ExperimentOptions<A> & { readonly work: RunsOfMany },
  jobs: readonly Job<A>[],
): Promise<number> {
  const { name, work, onEvent: emit = () => {} } = options;
  const progress = { runs: jobs.length, finished: 0 };
  emit({ type: 'start', name, ...progress });
  const here = await runWithOthers(options, work, jobs, () => {
    progress.finished += 1;
  });
  if (progress.finished < jobs.length) {
    const got = work.isCancelled() ? 'that it was cancelled' : `an interruption after ${progress.finished}`;
    const fix = 'what is done stays: resume the experiment where it was started';
    throw new InterruptedError({ where: name, wanted: `all ${progress.runs} runs`, got, fix });
  }
  return here.size;
}

/** The runs of a shared experiment, here and elsewhere. @returns units that were done here */
async function runWithOthers<A extends Arm>(
  options: ExperimentOptions<A>,
  work: RunsOfMany,
  jobs: readonly Job<A>[],
  keep: (run: FinishedRun, atOnce: number) => void,
): Promise<ReadonlySet<string>> {
  const { signal, onEvent: emit = () => {} } = options;
  const { armResultSchema: schema, runAbout } = await import('./results-file.schema.js');
  return runShared(work, {
    jobs: jobs.map((job) => ({ ...job, unit: work.unitOf(job.arm.name, job.seed) })),
    signal,
    run: async ({ arm, seed }, progress, own) => {
      const place = { arm: arm.name, seed };
      emit({ type: 'run-start', ...place });
      const told = (fraction: number) => {
        emit({ type: 'progress', ...place, fraction });
        progress(fraction);
      };
      return runOnce(options, work, { arm, seed }, { signal: own, progress: told });
    },
    onStanding: (standing) => emit({ type: 'under-way', ...underWay(standing) }),
    keep: ({ arm, seed, unit }, given, atOnce) => {
      const about = storedValue(runAbout.safeParse(given.about), unit, 'what a run took');
      const result = storedValue(schema.safeParse(given.result), unit, 'the result of an arm');
      keep({ arm: arm.name, seed, ...about, result }, atOnce);
    },
  });
}

function underWay(standing: ReadonlyMap<string, UnitStanding>) {
  const units = [...standing];
  return {
    held: units.flatMap(([unit, { held }]) =>
      held === undefined ? [] : [{ unit, worker: nameOf(held.owner), fraction: held.fraction ?? 0 }],
    ),
    failed: units.flatMap(([unit, { state, failures }]) =>
      failures === 0 || state === 'done' ? [] : [{ unit, times: failures }],
    ),
  };
}

/** One run of a shared experiment, as a unit has it. @throws ArmError naming arm and seed */
export async function runOnce<A extends Arm>(
  { run, settings, places }: ExperimentOptions<A>,
  { by, filesOf }: Pick<RunsOfMany, 'by' | 'filesOf'>,
  { arm, seed }: Job<A>,
  context: Omit<RunContext, 'settings'>,
): Promise<UnitResult> {
  const { armResultSchema: schema } = await import('./results-file.schema.js');
  try {
    const ran = await measured(() => run(arm, seed, { ...context, settings: { ...settings, ...places } }));
    const { seconds, peakRssBytes } = ran;
    const result = asJson(checkedResult(schema.safeParse(asJson(ran.result))));
    const files = await filesOf?.(arm.name, seed);
    return { result, about: asJson({ seconds, peakRssBytes, by }), ...defined({ files }) };
  } catch (error) {
    throw inArm(error, arm.name, seed);
  }
}

function openJobs<A extends Arm>(jobs: readonly Job<A>[], done: ReadonlyMap<string, FinishedRun>): Job<A>[] {
  return jobs.filter(({ arm, seed }) => !done.has(placeOf(arm.name, seed)));
}

/**
 * Whether an experiment that is resumed is still the one that was begun: for whoever has costly work to do before it.
 * @throws OptionError, FileError as `runExperiment` does.
 */
export async function expectSameExperiment<A extends Arm>(options: ExperimentOptions<A>): Promise<void> {
  const { arms, resultsFile, resume = false } = options;
  if (resume && resultsFile !== undefined) await expectSameResults(resultsFile, { arms, made: madeOf(options) });
}

/** Runs the jobs over the lanes there are. Returns early if the signal is aborted; throws the first failure before it. */
async function runJobs<A extends Arm>(
  options: ExperimentOptions<A>,
  jobs: readonly Job<A>[],
  keep: (run: FinishedRun) => void,
): Promise<void> {
  const { signal, onEvent: emit = () => {} } = options;
  const { armResultSchema: schema } = await import('./results-file.schema.js');
  const queue = [...jobs];
  const failures: unknown[] = [];
  const stopped = () => failures.length > 0 || signal?.aborted === true;

  const lanes = lanesFor(options, jobs.length);
  const closeLanes = () => {
    for (const lane of lanes) lane.close();
  };
  signal?.addEventListener('abort', closeLanes);
  const work = async (lane: Lane<A>): Promise<void> => {
    for (let job = queue.shift(); job !== undefined && !stopped(); job = queue.shift()) {
      const { seed } = job;
      const arm = job.arm.name;
      try {
        emit({ type: 'run-start', arm, seed });
        const ran = await lane.run(job, (fraction) => emit({ type: 'progress', arm, seed, fraction }));
        // The way through JSON makes a run that was just done equal to one that is read again.
        const result = checkedResult(schema.safeParse(asJson(ran.result)));
        keep({ arm, seed, seconds: ran.seconds, peakRssBytes: ran.peakRssBytes, result });
      } catch (error) {
        if (!signal?.aborted) failures.push(inArm(error, arm, seed));
        return;
      }
    }
  };
  try {
    await Promise.all(lanes.map(work));
  } finally {
    signal?.removeEventListener('abort', closeLanes);
    closeLanes();
  }
  if (failures.length > 0) throw failures[0];
}

function lanesFor<A extends Arm>(options: ExperimentOptions<A>, jobs: number): Lane<A>[] {
  const { run, parallel, signal = new AbortController().signal } = options;
  const settings = { ...options.settings, ...options.places };
  const count = Math.min(parallel?.workers ?? 1, jobs);
  if (parallel === undefined || count <= 1) {
    return [
      {
        run: ({ arm, seed }, progress) => measured(() => run(arm, seed, { settings, signal, progress })),
        close: () => {},
      },
    ];
  }
  return Array.from({ length: count }, () => {
    const worker: Worker = startWorker(parallel.script);
    return { run: ({ arm, seed }, progress) => worker.run({ arm, seed, settings }, progress), close: worker.close };
  });
}

/** What the runs of a file have in common; each arm stands in a line of its own. */
function madeOf<A extends Arm>(options: ExperimentOptions<A>): Fingerprint {
  const { metric = DEFAULT_METRIC, settings = {} } = options;
  return fingerprint(options, { metric, settings, arms: undefined, seeds: undefined });
}

function checkedResult(parsed: ReturnType<typeof armResultSchema.safeParse>): ArmResult {
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = ['result', ...(issue?.path ?? [])].map(String).join('.');
  throw new ArmError({ where, wanted: 'the result of an arm', got: issue?.message ?? 'something else' });
}

function outcomeOf<A extends Arm>(
  arm: A,
  seeds: readonly number[],
  done: ReadonlyMap<string, FinishedRun>,
): ArmOutcome<A> {
  const runs = seeds.map((seed) => done.get(placeOf(arm.name, seed)) as FinishedRun);
  return { arm, runs, scores: runs.map(({ result }) => inPoints(result.score)) };
}

function interrupted(
  name: string,
  { runs, finished }: { runs: number; finished: number },
  resultsFile: string | undefined,
): InterruptedError {
  return new InterruptedError({
    where: name,
    wanted: `all ${runs} runs`,
    got: `an interruption after ${finished}`,
    fix:
      resultsFile === undefined
        ? 'nothing was saved: start again'
        : `${finished === 0 ? '' : `they are in ${resultsFile}: `}run the same command with --resume to continue`,
  });
}

function checkOptions<A extends Arm>({ name, arms, seeds, parallel }: ExperimentOptions<A>): void {
  const wrong = (where: string, wanted: string, got: string) =>
    new OptionError({ where: `${name}: ${where}`, wanted, got });
  const names = arms.map((arm) => arm.name);
  const twice = names.find((one, i) => names.indexOf(one) !== i);
  if (names.length === 0) throw wrong('arms', 'at least one', 'none');
  if (twice !== undefined) throw wrong('arms', 'different names', `${twice} twice`);
  const unusable = seeds.find((seed, i) => !Number.isSafeInteger(seed) || seed < 0 || seeds.indexOf(seed) !== i);
  if (seeds.length === 0) throw wrong('seeds', 'at least one', 'none');
  if (unusable !== undefined) {
    const isWhole = Number.isSafeInteger(unusable) && unusable >= 0;
    throw wrong('seeds', 'different integers ≥ 0', isWhole ? `${unusable} twice` : String(unusable));
  }
  if (parallel !== undefined && !(Number.isSafeInteger(parallel.workers) && parallel.workers >= 1)) {
    throw wrong('workers', 'an integer ≥ 1', String(parallel.workers));
  }
}
