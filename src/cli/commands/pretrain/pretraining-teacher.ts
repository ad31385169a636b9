/** @file `retort pretrain --teacher`: a student that learns from another model before there is any task. */
import { OptionError, SignalError } from '../../../errors/failures.js';
import type { Method } from '../../../methods/method.js';
import { parsedOptions } from '../../../methods/named-method.js';
import { METHODS } from '../../../methods/table.js';
import { openAnyModel } from '../../../models/any-model.js';
import { findOnHub } from '../../../models/find-on-hub.js';
import type { SavedModel } from '../../../models/model.js';
import { loadModelTokenizer } from '../../../models/model-tokenizer.js';
import { withMaskedLmHead } from '../../../models/with-masked-lm-head.js';
import { modelTeacher } from '../../../teachers/model-teacher.js';
import type { Teacher } from '../../../teachers/teacher.js';
import type { Tokenizer } from '../../../tokenizers/tokenizer.js';
import { tokenizerHash } from '../../../tokenizers/tokenizer-hash.js';
import type { CommandIo } from '../../command.js';
import type { OptionValues } from '../../options.js';
import { openGuesser } from './hidden-word-models.js';
import type { pretrainUsage } from './usage.js';

type Options = OptionValues<typeof pretrainUsage.options>;
type MethodName = NonNullable<Options['method']>;

/** The one of a method's stages that has no labels of a task. */
const STAGE: Readonly<Record<MethodName, string>> = {
  distilbert: 'distillation',
  minilm: 'distillation',
  tinybert: 'intermediate',
};
/** Flags that are of use with a teacher alone. */
const OF_TEACHERS = [
  ['method', '--method'],
  ['methodOptions', '--method_options'],
  ['answersAt', '--answers_at'],
] as const;

/**
 * How the student learns from `--teacher`; undefined without one.
 * @throws OptionError for flags that do nothing without a teacher, another stage of the method, options it does not have.
 */
export function pretrainingMethod(options: Options): Method | undefined {
  if (options.teacher === undefined) {
    const idle = OF_TEACHERS.find(([key]) => options[key] !== undefined);
    if (idle === undefined) return undefined;
    throw new OptionError({
      where: idle[1],
      wanted: 'a --teacher',
      got: 'none',
      fix: 'leave the flag out',
    });
  }
  const { method: name = 'distilbert' } = options;
  const given = parsedOptions(options.methodOptions);
  const stage = STAGE[name];
  if (given.stage !== undefined && given.stage !== stage) {
    throw new OptionError({
      where: '--method_options',
      wanted: `stage=${stage}, the one without labels of a task`,
      got: `stage=${given.stage}`,
      fix: 'leave it out here, and take the others with retort distill',
    });
  }
  const method = METHODS[name].fromRecord({ ...given, stage });
  if (method.needs.length > 0) return method;
  throw new OptionError({
    where: '--method_options',
    wanted: `something of method '${name}' for the teacher to teach`,
    got: options.methodOptions ?? 'none',
    fix: 'leave --teacher out to learn from hidden words alone',
  });
}

/**
 * The teacher as part of each step, on the student's tokens.
 * @throws OptionError for a teacher whose guesses are asked for and were never trained; SignalError for one with another
 *   tokenizer.
 */
export async function openPretrainingTeacher(
  { teacher: name = '', threads, device }: Pick<Options, 'teacher' | 'threads' | 'device'>,
  method: Method,
  tokenizer: Tokenizer,
  io: CommandIo,
): Promise<Teacher> {
  const opened = method.needs.includes('logits') ? await openGuesser('--teacher', name, io) : await openBody(name, io);
  if (tokenizerHash(opened.tokenizer) !== tokenizerHash(tokenizer)) {
    throw new SignalError({
      where: `--teacher ${name}`,
      wanted: "a teacher with the student's own tokenizer: its answers are compared token by token",
      got: 'another tokenizer',
      fix: "start the student from the teacher's family (--model)",
    });
  }
  return modelTeacher(opened, { ...(threads !== undefined && { threads }), device });
}

/** An encoder whose layers alone are looked at. Its head has to have the student's classes, and is never run. */
async function openBody(name: string, io: CommandIo): Promise<SavedModel & { readonly tokenizer: Tokenizer }> {
  const opened = await openAnyModel(name, {
    find: findOnHub({ onNotice: io.notice, onDownload: io.onDownload }),
    onNotice: io.notice,
    head: 'masked-lm',
  });
  return { ...opened, ...withMaskedLmHead(opened, 0), tokenizer: await loadModelTokenizer(opened) };
}
