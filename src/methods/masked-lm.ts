/** @file Masked language models by name: those whose head was trained, since a method may leave it as it was drawn. */
import { OptionError } from '../errors/failures.js';
import { openAnyModel } from '../models/any-model.js';
import { findOnHub, type HubEvents } from '../models/find-on-hub.js';
import type { SavedModel } from '../models/model.js';
import { loadModelTokenizer } from '../models/model-tokenizer.js';
import { isMaskedLm } from '../models/with-masked-lm-head.js';
import type { Tokenizer } from '../tokenizers/tokenizer.js';
import { type OptionSpecs, wholeSpec } from './define-method.js';
import type { Method } from './method.js';
import { METHODS } from './table.js';

export type MaskedLm = SavedModel & { readonly tokenizer: Tokenizer };

/** @param where for messages. @throws OptionError for a model whose head was never trained; as `openAnyModel` does. */
export async function openMaskedLm(name: string, events: HubEvents, where = 'model'): Promise<MaskedLm> {
  const { notices, ...opened } = await openAnyModel(name, { ...events, find: findOnHub(events), head: 'masked-lm' });
  const isNew = notices.some((notice) => notice.startsWith('the head is new'));
  if (isNew || !isMaskedLm(opened.model) || !hasTrainedHead(opened)) {
    throw new OptionError({
      where,
      wanted: 'a model with a trained masked-language-model head',
      got: isNew ? `${name}, which has no such head` : `${name}, whose head was not trained`,
      fix: `train it: retort pretrain TEXTS --model ${name}`,
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
  const chosen = Object.entries(method.options).filter(([option, value]) => {
    const spec = specs[option];
    return spec === undefined || value !== wholeSpec(spec).default;
  });
  return trainsHead(fromRecord(Object.fromEntries(chosen)));
}
