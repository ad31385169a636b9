/** @file A model of texts as a teacher: with a tokenizer of its own, or within the steps of a student that has the same one. */

import { SignalError } from '../errors/failures.js';
import { jsonHash } from '../files/json-hash.js';
import { classesOf, openFrozenForward } from '../models/forward.js';
import type { SavedModel, SignalName } from '../models/model.js';
import { vocabularyOf } from '../models/vocabulary-size.js';
import type { SessionOptions } from '../runtime/backend.js';
import { expectKnownIds } from '../tokenizers/known-ids.js';
import type { Tokenizer, TruncationOptions } from '../tokenizers/tokenizer.js';
import { tokenizerHash } from '../tokenizers/tokenizer-hash.js';
import { type AlignOptions, alignLabels } from './align-labels.js';
import { answersInMemory } from './answers.js';
import { isKeptSignal, keptSignals, modelTeacher } from './model-teacher.js';
import { ownCut, runOnTexts } from './own-texts.js';
import type { OpenTeacher, Teacher } from './teacher.js';

export type TextTeacherOptions = TruncationOptions &
  AlignOptions &
  Pick<SessionOptions, 'threads' | 'device'> & {
    /** The data's labels: its classes are put into their order (`alignLabels`). Default: the model's own order. */
    readonly labelNames?: readonly string[];
    /** Whether it may be part of a step too, on the ids of a student with the very same tokenizer. Default: false. */
    readonly isInStep?: boolean;
  };

/**
 * A teacher from a model of texts, of ours or Hugging Face's (`openAnyModel`), and its tokenizer
 * (`loadTokenizer(opened.path)`). It reads the texts of a data set itself, so the student may have another tokenizer; for
 * signals by token, which need the same one, use `modelTeacher`. It answers without dropout, in float32.
 * @param options.maxLength tokens of a row at most; 128 unless given, as for `textDataset`, or what it has positions for.
 * @throws OptionError for a longer one; SignalError if its labels are not those of `labelNames`.
 */
export function textTeacher(
  opened: Pick<SavedModel, 'path' | 'model' | 'weights' | 'labelNames' | 'contentHash'>,
  tokenizer: Tokenizer,
  options: TextTeacherOptions = {},
): Teacher {
  const { path, model, weights, labelNames } = opened;
  const { threads, device } = options;
  const cut = ownCut(options, tokenizer, model.maxTokens, `teacher ${path}`);
  expectKnownIds(tokenizer, vocabularyOf(model), `the tokenizer of teacher ${path}`);
  const open = async (signals: readonly SignalName[]): Promise<OpenTeacher> => {
    const where = `teacher ${path}`;
    const kept = keptSignals(signals, where);
    const forward = await openFrozenForward({ model, weights }, kept, { threads, device });
    return {
      signals: forward.signals,
      answer: (data, rows) => runOnTexts(forward, { tokenizer, model, cut }, data, rows, where),
      release: () => forward.release(),
    };
  };
  const teacher: Teacher = {
    name: path,
    provides: model.signals.filter(isKeptSignal),
    classes: classesOf(model),
    labelNames,
    contentHash: jsonHash(['text', opened.contentHash, tokenizerHash(tokenizer), cut]),
    reads: ['texts'],
    ...(options.isInStep && { traced: { model, weights } }),
    open,
    answer: (data, signals) => answersInMemory({ name: path, open }, data, signals),
  };
  return alignLabels(teacher, options.labelNames ?? [], options);
}

/** What a student requires of its teacher: the signals, and how it reads texts itself. */
export type StudentRequirements = {
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
  student: StudentRequirements,
  options: TextTeacherOptions = {},
): Teacher {
  const { needs, where, isInStep = false } = student;
  const isKept = needs.every(isKeptSignal);
  if (isKept && !isInStep) return textTeacher(opened, tokenizer, options);
  const isSameTokenizer = tokenizerHash(tokenizer) === tokenizerHash(student.tokenizer);
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
