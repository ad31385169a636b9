/** @file Models that are asked for hidden words: their head has to have been trained for that. */
import { OptionError } from '../../../errors/failures.js';
import type { OptionSpecs } from '../../../methods/define-method.js';
import type { Method } from '../../../methods/method.js';
import { METHODS } from '../../../methods/table.js';
import { openAnyModel } from '../../../models/any-model.js';
import { findOnHub } from '../../../models/find-on-hub.js';
import type { SavedModel } from '../../../models/model.js';
import { loadModelTokenizer } from '../../../models/model-tokenizer.js';
import { isMaskedLm } from '../../../models/with-masked-lm-head.js';
import type { Tokenizer } from '../../../tokenizers/tokenizer.js';
import type { CommandIo } from '../../command.js';

export type Guesser = SavedModel & { readonly tokenizer: Tokenizer };

/**
 * @param flag that names the model.
 * @throws OptionError for a model whose head was never trained.
 */
export async function openGuesser(flag: string, name: string, io: CommandIo): Promise<Guesser> {
  const { notices, ...opened } = await openAnyModel(name, {
    find: findOnHub({ onNotice: io.notice, onDownload: io.onDownload }),
    onNotice: io.notice,
    head: 'masked-lm',
  });
  const isNew = notices.some((notice) => notice.startsWith('the head is new'));
  if (isNew || !isMaskedLm(opened.model) || !hasTrainedHead(opened)) {
    throw new OptionError({
      where: flag,
      wanted: 'a model that was trained to guess hidden words',
      got: isNew ? `${name}, which comes without such a head` : `${name}, whose head was not`,
      fix: `give it one: retort pretrain TEXTS --model ${name}`,
    });
  }
  return { ...opened, tokenizer: await loadModelTokenizer(opened) };
}

/** Whether a method trains the head: one that compares layers alone leaves it as it was drawn. */
export function trainsHead({ needs, options }: Method): boolean {
  return needs.length === 0 || needs.includes('logits') || Number(options.hardWeight ?? 0) > 0;
}

function hasTrainedHead({ method }: SavedModel): boolean {
  if (method === undefined || !Object.hasOwn(METHODS, method.name)) return true;
  const { definition, fromRecord } = METHODS[method.name as keyof typeof METHODS];
  const specs: OptionSpecs = definition.options;
  // A default that was written down may belong to another stage, where giving it is an error.
  const given = Object.entries(method.options).filter(([option, value]) => value !== defaultOf(specs[option]));
  return trainsHead(fromRecord(Object.fromEntries(given)));
}

function defaultOf(spec: OptionSpecs[string] | undefined): unknown {
  return typeof spec === 'object' ? spec.default : spec;
}
