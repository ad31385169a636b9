/** @file What can be known to be wrong with a teacher before any work starts. */
import type { Dataset } from '../../data/dataset.js';
import { OptionError, SignalError } from '../../errors/failures.js';
import type { Method } from '../../methods/method.js';
import { METHODS } from '../../methods/table.js';
import type { Teacher } from '../../teachers/teacher.js';
import { servedMethods, temperatureOf } from './served-methods.js';

/** @throws OptionError for a method that compares classes, on a model that predicts one score. */
export function checkTargets(method: Method, classes: number): void {
  if (classes > 1 || method.isForClasses !== true) return;
  const fitting = Object.entries(METHODS).flatMap(([name, { fromRecord }]) => {
    const { needs, isForClasses } = fromRecord({});
    return needs.length > 0 && isForClasses !== true ? [name] : [];
  });
  throw new OptionError({
    where: `method '${method.name}'`,
    wanted: 'a model of at least two classes: it compares classes, with these options',
    got: 'a regression, which predicts one number',
    fix: `use ${fitting.join(', ')}`,
  });
}

/**
 * @throws SignalError naming the signals that a method needs and the teacher does not give, a different number of
 *   classes, a temperature that the teacher's answers do not allow, or a teacher whose classes have other names than the
 *   data's; OptionError for a method that compares classes, on a regression.
 */
export function checkTeacher(method: Method, teacher: Teacher | undefined, classes: number, data: Dataset): void {
  checkTargets(method, classes);
  if (method.needs.length === 0) {
    if (teacher === undefined) return;
    throw new OptionError({
      where: `method '${method.name}'`,
      wanted: 'no teacher: it uses none with these options',
      got: `teacher ${teacher.name}`,
      fix: 'leave the teacher out, or choose a method that learns from one',
    });
  }
  const needs = method.needs.join(', ');
  if (teacher === undefined) {
    throw new SignalError({
      where: `method '${method.name}'`,
      wanted: `a teacher that gives ${needs}`,
      got: 'no teacher',
      fix: 'give one',
    });
  }
  const missing = method.needs.filter((signal) => !teacher.provides.includes(signal));
  if (missing.length > 0) {
    throw new SignalError({
      where: `method '${method.name}' with teacher ${teacher.name}`,
      wanted: `the signal${missing.length > 1 ? 's' : ''} ${missing.join(', ')}`,
      got: `a teacher that gives ${teacher.provides.join(', ') || 'none'}`,
      fix: `use a teacher that gives ${needs}, or a method that it can serve: ${servedMethods(teacher, classes).join(', ')}`,
    });
  }
  if (teacher.classes !== classes) {
    throw new SignalError({
      where: `teacher ${teacher.name}`,
      wanted: `${classes} classes, as the student has`,
      got: `${teacher.classes}`,
      fix: 'use a teacher trained on the same labels',
    });
  }
  const temperature = temperatureOf(method);
  if (teacher.temperatures === 'one' && temperature !== 1) {
    throw new SignalError({
      where: `method '${method.name}' with teacher ${teacher.name}`,
      wanted:
        'temperature 1: some outputs are hard labels, samples, partial or rounded to 0, so other temperatures are unknown',
      got: `temperature ${temperature}`,
      fix: 'leave temperature out, or use a teacher that gives logits or all probabilities',
    });
  }
  const named = teacher.labelNames.length > 0 && data.labelNames.length > 0;
  if (named && JSON.stringify(teacher.labelNames) !== JSON.stringify(data.labelNames)) {
    throw new SignalError({
      where: `teacher ${teacher.name}`,
      wanted: `classes in the order ${shortList(data.labelNames)}`,
      got: shortList(teacher.labelNames),
      fix: 'use a teacher trained on the same labels',
    });
  }
}

/** @throws OptionError for a method, or a phase of one, that learns from labels alone, on rows that have none. */
export function expectTeacherAlone({ name, needs }: Pick<Method, 'name' | 'needs'>, train: Dataset): void {
  if (needs.length > 0) return;
  throw new OptionError({
    where: `method '${name}'`,
    wanted: 'training rows with labels, from which it learns without a teacher',
    got: `none in the ${train.size} rows of ${train.name}`,
    fix: 'use a method that learns from the teacher alone, such as hinton',
  });
}

function shortList(names: readonly string[]): string {
  return names.length > 6 ? `${names.slice(0, 6).join(', ')}, … (${names.length})` : names.join(', ');
}
