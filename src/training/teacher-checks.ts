/** @file What can be known to be wrong with a teacher before any work starts. */
import type { Dataset } from '../data/dataset.js';
import { OptionError, SignalError } from '../errors/failures.js';
import type { Method } from '../methods/method.js';
import { METHODS } from '../methods/table.js';
import type { Teacher, TeacherAnswers } from '../teachers/teacher.js';
import { argmax, NO_LABEL } from './metrics.js';

/**
 * @throws SignalError naming the signals that a method needs and the teacher does not give, a different number of
 *   classes, a temperature that the teacher's answers do not allow, or a teacher whose classes have other names than the
 *   data's.
 */
export function checkTeacher(method: Method, teacher: Teacher | undefined, classes: number, data: Dataset): void {
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
      fix: `use a teacher that gives ${needs}, or a method that it can serve: ${servedMethods(teacher).join(', ')}`,
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
  const temperature = method.scalars?.(method.options, { step: 1, totalSteps: 1, epoch: 0 }).temperature ?? 1;
  if (teacher.temperatures === 'one' && temperature !== 1) {
    throw new SignalError({
      where: `method '${method.name}' with teacher ${teacher.name}`,
      wanted: 'temperature 1: this teacher gives probabilities, from which others cannot be told exactly',
      got: `temperature ${temperature}`,
      fix: 'set temperature to 1, or use a teacher that gives logits',
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

/** Methods that need nothing but what a teacher gives. */
function servedMethods({ provides }: Teacher): string[] {
  return Object.entries(METHODS).flatMap(([name, { fromRecord }]) => {
    const { needs } = fromRecord({});
    return needs.length > 0 && needs.every((signal) => provides.includes(signal)) ? [name] : [];
  });
}

/** Labelled rows that are looked at: enough for a rate, quick for any data set. */
const SAMPLED_ROWS = 2000;

/**
 * A warning if a teacher's answers are no better than always naming the commonest class: the wrong checkpoint, another
 * preprocessing, or labels in another order. Undefined if all is well or nothing is labelled.
 */
export function chanceNotice(teacher: Teacher, answers: TeacherAnswers, data: Dataset): string | undefined {
  const rows = Uint32Array.from({ length: Math.min(data.size, SAMPLED_ROWS) }, (_, row) => row);
  const { labels } = data.batch(rows);
  const logits = answers.batch(rows, rows.length).logits?.data;
  if (labels === undefined || !(logits instanceof Float32Array)) return undefined;
  const counts = new Array<number>(teacher.classes).fill(0);
  let right = 0;
  let labelled = 0;
  for (let row = 0; row < rows.length; row++) {
    const label = Number(labels.data[row]);
    if (label === NO_LABEL) continue;
    labelled += 1;
    counts[label] = (counts[label] ?? 0) + 1;
    if (argmax(logits, row, teacher.classes) === label) right += 1;
  }
  if (labelled === 0) return undefined;
  const commonest = Math.max(...counts) / labelled;
  // Two standard errors above chance, so that a useless teacher is not passed for luck on few rows.
  const threshold = commonest + 2 * Math.sqrt((commonest * (1 - commonest)) / labelled);
  const accuracy = right / labelled;
  if (accuracy > threshold || commonest === 1) return undefined;
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
  return (
    `teacher ${teacher.name} is right on ${percent(accuracy)} of ${labelled} rows of ${data.name}, no better than always ` +
    `naming the commonest class (${percent(commonest)}): is it the right checkpoint for this data?`
  );
}

function shortList(names: readonly string[]): string {
  return names.length > 6 ? `${names.slice(0, 6).join(', ')}, … (${names.length})` : names.join(', ');
}
