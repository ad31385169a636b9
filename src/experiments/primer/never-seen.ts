/**
 * @file What soft targets carry: students that learn from a teacher's probabilities and never see one of the ten digits.
 * Hinton, Vinyals & Dean 2015, arXiv:1503.02531, section 3, with the digit 3.
 */
import { rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { claimOutputFolder } from '../../files/output-folder.js';
import { supervised } from '../../methods/supervised.js';
import { loadModel } from '../../models/saved-model.js';
import { expectFitting } from '../../options/option-spec.js';
import { describeData } from '../../training/run/described-run.js';
import { runExperiment } from '../experiment.js';
import type { NeverSeen } from '../experiment-record.schema.js';
import { RESULTS } from '../formats.js';
import type { DigitEvent, DigitExperimentOptions } from './digit-experiment.js';
import { WITHOUT_DIGIT } from './digit-settings.js';
import { type NeverSeenPlaces, type NeverSeenSettings, runNeverSeenArm, trainPlainly } from './never-seen-arm-run.js';
import {
  NEVER_SEEN_ARMS,
  NEVER_SEEN_STUDENT,
  NEVER_SEEN_TEACHER,
  type NeverSeenArm,
  type PlainTraining,
} from './never-seen-arms.js';
import { type NeverSeenData, neverSeenData, type ScoredOn } from './never-seen-data.js';
import { neverSeenFindings } from './never-seen-findings.js';
import { seedsOf } from './primer-seeds.js';

export type NeverSeenEvent = DigitEvent;

export type NeverSeenOptions = DigitExperimentOptions<NeverSeenEvent> & {
  /** The digit that no student sees, 0 … 9. Default: 3, the paper's. */
  readonly withoutDigit?: number;
  /** Default: `test`. */
  readonly scoredOn?: ScoredOn;
  /** Of every student, where it differs from the primer's. */
  readonly training?: Partial<PlainTraining>;
};

const TEACHER_SEED = 42;
const WORKER = new URL('./never-seen-worker.js', import.meta.url);

/**
 * Trains a teacher on all digits and, on each seed, six students; writes into `outputDir` the teacher's run (`teacher/`), the
 * first seed's students (`runs/ARM-SEED/`) and the finished runs (`results.jsonl`).
 * @throws OptionError for numbers out of range, or other settings than those of the one that is resumed; OutputError for a
 *   folder that is in use or not empty; FileError for data that is not MNIST; InterruptedError after `signal`.
 */
export async function runNeverSeen(options: NeverSeenOptions): Promise<NeverSeen> {
  const started = performance.now();
  const { outputDir, dataDir, resume = false, overwrite = false, onEvent: emit = () => {}, signal } = options;
  const { workers = Math.min(2, os.availableParallelism()), scoredOn = 'test' } = options;
  const { withoutDigit = WITHOUT_DIGIT.default } = options;
  expectFitting('withoutDigit', WITHOUT_DIGIT, withoutDigit);
  const seeds = seedsOf(options);
  const folder = await claimOutputFolder(outputDir, { resume, overwrite, signal });
  try {
    const results = join(outputDir, RESULTS);
    if (overwrite) await rm(results, { force: true });
    const data = await neverSeenData(dataDir, { withoutDigit, scoredOn }, (text) => emit({ type: 'notice', text }));
    const teacher = await readyTeacher(options, data);
    const training = { ...NEVER_SEEN_STUDENT, ...options.training };
    const settings: NeverSeenSettings = {
      ...{ withoutDigit, scoredOn, training },
      teacherHash: teacher.contentHash,
      data: { train: describeData(data.all), evaluation: describeData(data.scored) },
    };
    const [keptSeed = 0] = seeds;
    const places: NeverSeenPlaces = { dataDir, teacher: teacher.path, runs: outputDir, keptSeed };
    const outcome = await runExperiment<NeverSeenArm>({
      name: 'never-seen',
      arms: NEVER_SEEN_ARMS,
      ...{ seeds, settings, places, resume, signal },
      run: runNeverSeenArm,
      resultsFile: results,
      parallel: { workers, script: WORKER },
      onEvent: (event) => emit({ type: 'experiment', event }),
    });
    const found = await neverSeenFindings({ outcome, data, teacher, digit: withoutDigit, hidden: training.hidden });
    return { ...found, seconds: (performance.now() - started) / 1000 };
  } finally {
    folder.release();
  }
}

/** On all digits, the one that its students never see among them. */
async function readyTeacher(
  { outputDir, resume, overwrite, onEvent, signal }: NeverSeenOptions,
  { all }: NeverSeenData,
) {
  await trainPlainly(NEVER_SEEN_TEACHER, {
    method: supervised(),
    data: { train: all },
    seed: TEACHER_SEED,
    outputDir: join(outputDir, 'teacher'),
    ...{ resume, overwrite, signal },
    onEvent: (event) => {
      // Its notice says how to train it again, which nobody who resumes has in mind.
      if (event.type !== 'notice') onEvent?.({ type: 'teacher', event });
    },
  });
  return loadModel(join(outputDir, 'teacher'));
}
