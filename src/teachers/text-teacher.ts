/** @file A model of texts as a teacher, with a tokenizer of its own. */
import { createHash } from 'node:crypto';
import { classesOf, openFrozenForward } from '../models/forward.js';
import type { SavedModel, SignalName } from '../models/model.js';
import { vocabularyOf } from '../models/model-tokenizer.js';
import type { SessionOptions } from '../runtime/session.js';
import { expectKnownIds } from '../tokenizers/known-ids.js';
import type { Tokenizer, TruncationOptions } from '../tokenizers/tokenizer.js';
import { tokenizerHash } from '../tokenizers/tokenizer-hash.js';
import { type AlignOptions, alignLabels } from './align-labels.js';
import { answersInMemory } from './answers.js';
import { isKeptSignal, keptSignals } from './model-teacher.js';
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
  const cut = ownCut(options, model.maxTokens, `teacher ${path}`);
  expectKnownIds(tokenizer, vocabularyOf(model), `the tokenizer of teacher ${path}`);
  const open = async (signals: readonly SignalName[]): Promise<OpenTeacher> => {
    const where = `teacher ${path}`;
    const kept = keptSignals(signals, where);
    const forward = await openFrozenForward({ model, weights }, kept, {
      ...(threads !== undefined && { threads }),
      ...(device !== undefined && { device }),
    });
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
    contentHash: createHash('sha256')
      .update(JSON.stringify(['text', opened.contentHash, tokenizerHash(tokenizer), cut]))
      .digest('hex'),
    reads: ['texts'],
    ...(options.isInStep && { traced: { model, weights } }),
    open,
    answer: (data, signals) => answersInMemory({ name: path, open }, data, signals),
  };
  return alignLabels(teacher, options.labelNames ?? [], options);
}
