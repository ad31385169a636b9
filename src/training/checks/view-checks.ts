/** @file What can be known to be wrong with a method's views before any work starts. */
import { SignalError } from '../../errors/failures.js';
import type { Method } from '../../methods/method.js';
import { WORD_MODELS } from '../../models/families.js';
import { classesOf } from '../../models/forward.js';
import type { Model } from '../../models/model.js';
import type { Teacher } from '../../teachers/teacher.js';
import { servedMethods } from './served-methods.js';

/** Whether a method runs student and teacher on other inputs than the batch's own. */
export function hasViews({ views = {} }: Pick<Method, 'views'>): boolean {
  return Object.keys(views).length > 0;
}

/**
 * @throws SignalError for a student or teacher that cannot be run on mixed word vectors: one that reads no words, a teacher
 *   that answers from outside the step, or from texts by a tokenizer of its own.
 */
export function checkViews(method: Method, model: Model, teacher: Teacher | undefined): void {
  if (!hasViews(method)) return;
  const where = `method '${method.name}'`;
  const kinds = `a ${WORD_MODELS}`;
  if (model.words === undefined) {
    const wanted = `a student with word embeddings to mix: ${kinds}`;
    throw new SignalError({ where, wanted, got: `'${model.kind}'`, fix: 'choose another method' });
  }
  if (teacher === undefined) return;
  if (teacher.traced === undefined) {
    throw new SignalError({
      where: `${where} with teacher ${teacher.name}`,
      wanted: "a retort model that reads the student's tokens, since it runs on mixed word embeddings",
      got: teacher.reads?.includes('texts') ? 'a teacher with its own tokenizer' : 'a teacher outside the step',
      fix:
        "use a teacher with the student's tokenizer and the data's order of labels, or a method that this one can " +
        `serve: ${servedMethods(teacher, classesOf(model)).join(', ')}`,
    });
  }
  const { kind, words } = teacher.traced.model;
  if (words !== undefined) return;
  const wanted = `a teacher with word embeddings to mix: ${kinds}`;
  throw new SignalError({ where: `${where} with teacher ${teacher.name}`, wanted, got: `'${kind}'` });
}
