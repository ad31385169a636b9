/** @file What a distillation of texts is asked about student, metrics and controls, as its parts take it. */
import type { OpenedTask } from '../../data/open-task.js';
import { OptionError } from '../../errors/failures.js';
import { ASKED_METRICS, isJudgedMetric, type JudgedMetric, METRICS } from '../../metrics/table.js';
import { checkStart, FROM_TEACHER, nameOfStart, startSettings } from '../../models/start.js';
import { START_SETTINGS } from '../../models/start-settings.js';
import { CONTROLS, type Control, DEFAULT_CONTROLS, NO_CONTROLS } from './controls.js';
import type { DistillTextsOptions, StudentSettings } from './distill-texts-options.js';
import type { NamedTeacher } from './named-teachers.js';
import { isScoredByTeacher } from './teacher-labels.js';

/**
 * The model that the student starts from, which is the teacher where that is asked for.
 * @throws OptionError where the teacher is none that a student can start from, and as `checkStart` does.
 */
export function studentSettings(options: DistillTextsOptions, teachers: readonly NamedTeacher[]): StudentSettings {
  const { model, from, seeds } = options;
  const settings = { ...startSettings(options), model, seed: typeof seeds === 'object' ? (seeds[0] ?? 1) : 1 };
  if (from !== FROM_TEACHER) {
    checkStart(settings);
    return settings;
  }
  const [teacher, another] = teachers;
  const wanted = (what: string, got: string) =>
    new OptionError({ where: `from ${FROM_TEACHER}`, wanted: what, got, fix: 'give only one of them' });
  if (teacher?.kind !== 'model' || another !== undefined) {
    throw wanted('a model as the one teacher', `teacher ${String(options.teacher)}`);
  }
  if (nameOfStart(settings) !== START_SETTINGS.model.default) throw wanted('no model', `model ${model}`);
  if (options.teacherFolds !== undefined) {
    throw wanted('one model as the teacher', `teacherFolds ${options.teacherFolds}, a model for each fold`);
  }
  const own = { ...settings, model: teacher.name, from: undefined };
  checkStart(own);
  return own;
}

/** The one that is asked for, then those of the task. @throws OptionError for one that its answers don't have. */
export function metricsOf({ metric, metrics }: DistillTextsOptions, task: OpenedTask): readonly JudgedMetric[] {
  const wanted = task.isRegression ? 'scores' : 'labels';
  if (isScoredByTeacher(task.metrics.filter(isJudgedMetric)) && (metric ?? metrics) !== undefined) {
    const got = `'${metric ?? metrics}'`;
    const fix = 'leave it out, or give dev, a file of labelled rows';
    throw new OptionError({ where: 'metric', wanted: `agreement: no row of ${task.dev.name} has a label`, got, fix });
  }
  if (metric !== undefined && (METRICS[metric].needs !== wanted || METRICS[metric].isWithTeacher)) {
    const fitting = ASKED_METRICS.filter((name) => METRICS[name].needs === wanted);
    throw new OptionError({ where: 'metric', wanted: `one of ${fitting.join(', ')}`, got: `'${metric}'` });
  }
  return metrics ?? [...(metric === undefined ? [] : [metric]), ...task.metrics.filter(isJudgedMetric)];
}

export function controlsOf(given: DistillTextsOptions['controls']): readonly Control[] {
  if (given === undefined || typeof given === 'object') return given ?? DEFAULT_CONTROLS;
  const names = given.split(',').map((name) => name.trim());
  if (names.every((name) => name === NO_CONTROLS)) return [];
  const unknown = names.find((name) => !CONTROLS.some((control) => control === name));
  if (unknown === undefined) return CONTROLS.filter((control) => names.includes(control));
  const isMixed = unknown === NO_CONTROLS;
  throw new OptionError({
    where: 'controls',
    wanted: `${CONTROLS.join(', ')}, or ${NO_CONTROLS} alone`,
    got: `'${isMixed ? given : unknown}'`,
    ...(isMixed && { fix: `leave out ${NO_CONTROLS}, or all the others` }),
  });
}
