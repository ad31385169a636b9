/** @file Whether a teacher that is part of the step can read the rows that are made for the student. */
import type { Dataset } from '../../data/dataset.js';
import { SignalError } from '../../errors/failures.js';
import type { Model } from '../../models/model.js';
import type { Teacher } from '../../teachers/teacher.js';

const namesOf = (model: Model): string[] => model.inputs({ B: 1, S: 1 }).map(({ name }) => name);

/**
 * Segments may be missing from the rows of single texts: they are all of type 0.
 * @throws SignalError naming the inputs that one of them reads and the other does not.
 */
export function checkTeacherInputs(model: Model, teacher: Teacher | undefined, data: Dataset): void {
  if (teacher?.traced === undefined) return;
  const [ours, theirs] = [namesOf(model), namesOf(teacher.traced.model)];
  const hasPairs = data.text?.table.pairs !== undefined;
  const isFree = (name: string): boolean => name === 'token_type_ids' && !hasPairs;
  const missing = theirs.filter((name) => !ours.includes(name) && !isFree(name));
  const apart = ours.filter((name) => name.endsWith('_b') && !theirs.includes(name));
  if (missing.length === 0 && apart.length === 0) return;
  throw new SignalError({
    where: `teacher ${teacher.name}, as part of the step`,
    wanted: `rows with ${theirs.join(', ')}`,
    got: `the student's, with ${ours.join(', ')}`,
    fix: "use a student that reads the teacher's inputs, or a method of logits such as 'hinton'",
  });
}
