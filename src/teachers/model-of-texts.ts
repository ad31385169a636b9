/** @file A model of texts as the teacher of one student: which kind of teacher depends on the signals that are asked for. */
import { SignalError } from '../errors/failures.js';
import type { SavedModel, SignalName } from '../models/model.js';
import type { Tokenizer } from '../tokenizers/tokenizer.js';
import { tokenizerHash } from '../tokenizers/tokenizer-hash.js';
import { isKeptSignal, modelTeacher } from './model-teacher.js';
import type { Teacher } from './teacher.js';
import { type TextTeacherOptions, textTeacher } from './text-teacher.js';

/** What is to be taught: the signals, and how the student reads texts. */
export type TextPupil = {
  /** For messages: `method 'pkd'`. */
  readonly where: string;
  readonly needs: readonly SignalName[];
  readonly tokenizer: Tokenizer;
  /** Whether the teacher is run on inputs that each step makes anew, and so is part of it whatever its signals. */
  readonly isInStep?: boolean;
};

/**
 * A teacher that answers once for each row, with a tokenizer of its own, where its signals are one small tensor a row; else
 * one that is part of each step, on the very tokens of the student.
 * @throws SignalError for signals by token and another tokenizer than the student's; as `textTeacher` does.
 */
export function teacherOfTexts(
  opened: Pick<SavedModel, 'path' | 'model' | 'weights' | 'labelNames' | 'contentHash'>,
  tokenizer: Tokenizer,
  pupil: TextPupil,
  options: TextTeacherOptions = {},
): Teacher {
  const { needs, where, isInStep = false } = pupil;
  const isKept = needs.every(isKeptSignal);
  if (isKept && !isInStep) return textTeacher(opened, tokenizer, options);
  const isSameTokenizer = tokenizerHash(tokenizer) === tokenizerHash(pupil.tokenizer);
  // It answers from texts beside the step, whatever inputs the student has.
  if (isKept && isSameTokenizer) return textTeacher(opened, tokenizer, { ...options, isInStep });
  if (isSameTokenizer) return modelTeacher(opened, options);
  throw new SignalError({
    where: `${where} with teacher ${opened.path}`,
    wanted: `a student with the teacher's own tokenizer: the method ${isInStep ? 'mixes' : 'compares'} them token by token`,
    got: 'another tokenizer',
    fix: "start the student from the teacher's family, or use a method of logits such as hinton",
  });
}
