/** @file What a distillation is asked, what it tells meanwhile, and what it gives. */

import type { Method } from '../../methods/method.js';
import type { JudgedMetric } from '../../metrics/table.js';
import type { Json } from '../../options/json.js';
import type { LabellingProgress } from '../../teachers/cached-teacher.js';
import type { Teacher } from '../../teachers/teacher.js';
import type { TrainingEvent } from '../../training/run/events.js';
import type { ExperimentEvent } from '../experiment.js';
import type { ExperimentRecord } from '../experiment-record.schema.js';
import type { Sharing } from '../sharing/sharing.js';
import type { Control } from './controls.js';
import type { StudentTraining } from './student-training.js';
import type { TeacherFit } from './teacher-fit.js';
import type { AssistantStart, StudentStart } from './train-arm.js';
import type { DistillationData } from './transfer.js';
import type { WarningEvent } from './warning-teller.js';

export type DistillEvent =
  | { readonly type: 'notice'; readonly text: string }
  | WarningEvent
  /** How far the teacher is with its answers, where it has to give some. */
  | ({ readonly type: 'labelling'; readonly name: string } & LabellingProgress)
  /** What the teacher scores on the evaluated split, in points, and how it fits the labels of training rows. */
  | {
      readonly type: 'teacher';
      readonly name: string;
      readonly metric: JudgedMetric;
      readonly score: number;
      readonly training?: TeacherFit;
    }
  | { readonly type: 'experiment'; readonly event: ExperimentEvent }
  | { readonly type: 'training'; readonly arm: string; readonly seed: number; readonly event: TrainingEvent };

export type DistillOptions = StudentTraining & {
  readonly teacher: Teacher;
  /** The student before training, for each seed. */
  readonly student: StudentStart;
  /** Rows as the student reads them. */
  readonly data: DistillationData;
  readonly method: Method;
  /** Models between teacher and student, largest first, for a method that teaches over them (`takd`). */
  readonly assistants?: readonly AssistantStart[] | undefined;
  /** Default: no-teacher, hard-labels, shuffled-teacher. */
  readonly controls?: readonly Control[] | undefined;
  /**
   * What is measured; the verdict is about the first. Default: accuracy; of a regression Pearson's and Spearman's
   * correlation.
   */
  readonly metrics?: readonly JudgedMetric[] | undefined;
  /** How many, from 1; or which. Default: 5. */
  readonly seeds?: number | readonly number[] | undefined;
  /** The smallest gain over `no-teacher` that is worth having, in points. Default: 0.5. */
  readonly smallestEffect?: number | undefined;
  readonly outputDir: string;
  /** Where the teacher's answers are kept, for this run and others. Default: `answers` in `outputDir`. */
  readonly cacheDir?: string | undefined;
  /** Where finished runs are written down. Default: `results.jsonl` in `outputDir`. */
  readonly resultsFile?: string | undefined;
  readonly resume?: boolean | undefined;
  readonly overwrite?: boolean | undefined;
  /** Whether a warning is an error: before the students are trained where it can be known then. Default: false. */
  readonly strict?: boolean | undefined;
  /** What else decides the numbers, as it was asked for: written down, and compared when the experiment is resumed. */
  readonly settings?: { readonly [key: string]: Json } | undefined;
  /** For the record: the command line, and the text of the config that it names. */
  readonly command?: string | undefined;
  readonly config?: string | undefined;
  /** How this process takes part, where several work on the experiment. */
  readonly sharing?: Sharing | undefined;
  readonly onEvent?: ((event: DistillEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
};

export type DistillResult = {
  /** The headline in words: `BETTER: …`. Absent without the control `no-teacher`. */
  readonly verdict: string | undefined;
  readonly record: ExperimentRecord;
  /** Where the record is. */
  readonly recordPath: string;
  /** The folder of the student that the method trained on the first seed. The one to use is `record.ship`. */
  readonly studentPath: string;
};
