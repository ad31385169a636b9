/** @file What a distillation on texts is asked, and what it tells meanwhile. */

import type { TextTable } from '../../data/text-table.js';
import type { Method } from '../../methods/method.js';
import type { StartSettings } from '../../models/start-settings.js';
import type { ChosenStart } from '../../models/start-task.js';
import type { TextModel } from '../../models/text-model.js';
import type { Given } from '../../options/given.js';
import type { OutputSettings, RunSettings } from '../../options/run-settings.js';
import type { Teacher } from '../../teachers/teacher.js';
import type { RunResult } from '../../training/run/run-options.js';
import type { FineTuneEvent, TaskChoice } from '../../training/text/fine-tune.js';
import type { TextSettings } from '../../training/text/text-settings.js';
import type { Control } from './controls.js';
import type { DistillEvent, DistillOptions } from './distill-options.js';
import type { DistillationSettings, EvidenceSettings, MethodSettings } from './evidence-settings.js';
import type { Departure } from './named-endpoint.js';
import type { DistillationPlan } from './plan.js';
import type { StudentTraining } from './student-training.js';
import type { TeacherSettings } from './teacher-settings.js';
import type { AssistantStart } from './train-arm.js';

/** What a student of texts is made of; its answers are those of the task. */
export type TextStudent = Pick<TextModel, 'model' | 'weights' | 'tokenizer'>;

/** A student by its settings, all of them as a command line has them. */
export type DistillTextsOptions = TaskChoice &
  Given<StartSettings & TextSettings & Omit<MethodSettings, 'method'> & RunSettings & OutputSettings> &
  Given<Omit<TeacherSettings, 'teacher'> & Omit<EvidenceSettings, 'seeds' | 'controls'>> &
  Given<Pick<DistillOptions, 'resultsFile' | 'settings' | 'command' | 'config' | 'signal' | 'metrics' | 'sharing'>> &
  Given<Pick<StudentTraining, 'threads' | 'device' | 'teacherForm'>> & {
    /** A model with the task's labels, any other teacher, or the name of one. */
    readonly teacher: TextModel | Teacher | string;
    /** In the place of `model` and its settings: an encoder, which gets a new head for each seed; or the student of a seed. */
    readonly student?: TextModel | ((seed: number) => TextStudent | Promise<TextStudent>) | undefined;
    /** In words, for the record: `first 3 layers of minilm-l6`. */
    readonly start?: string | undefined;
    /** Texts for the teacher alone to answer, beside the training rows; those that the validation split has are left out. */
    readonly transfer?: TextTable | string | undefined;
    readonly transferCopies?: DistillationSettings['transferCopies'] | undefined;
    /** By names, or as a program has them; for a method that teaches over them (`takd`), largest first. */
    readonly assistants?: DistillationSettings['assistants'] | readonly AssistantStart[] | undefined;
    /** A name, or a method. Default: `hinton`. */
    readonly method?: Method | string | undefined;
    /** How many, from 1; or which. Default: 5. */
    readonly seeds?: number | readonly number[] | undefined;
    /** Default: no-teacher, hard-labels, shuffled-teacher. */
    readonly controls?: readonly Control[] | string | undefined;
    /** Told what is to leave this machine for an endpoint, before it does; throws to keep it here. */
    readonly onDeparture?: ((departure: Departure) => void | Promise<void>) | undefined;
    readonly onEvent?: ((event: DistillTextsEvent) => void) | undefined;
  };

export type DistillTextsEvent =
  | DistillEvent
  /** How far the download of a model by name is, and the training of a teacher that comes first. */
  | FineTuneEvent
  /** How the work goes on, in words. */
  | { readonly type: 'progress'; readonly text: string }
  /** What is to come, before it starts; timed where that takes little beside it. */
  | { readonly type: 'plan'; readonly plan: DistillationPlan }
  | { readonly type: 'teacher-training'; readonly name: string; readonly path: string; readonly fold?: TrainedFold }
  | {
      readonly type: 'teacher-trained';
      readonly status: RunResult['status'];
      readonly metrics: RunResult['record']['metrics'];
      readonly fold?: TrainedFold;
    };

/** Of a cross-fitted teacher: the fold that a model is not trained on, from 1. */
type TrainedFold = { readonly number: number; readonly of: number };

/** With which settings a student starts, as those of a training. */
export type StudentSettings = ChosenStart;
