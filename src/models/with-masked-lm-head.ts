import { OptionError } from '../errors/failures.js';
import { initialiseParameters } from '../nn/parameters.js';
import { FAMILY_NAMES, familyOf } from './families.js';
import type { Model, TrainedModel } from './model.js';

export const MASKED_LM = 'masked-lm';

/** Whether a model guesses hidden words. */
export function isMaskedLm({ config }: Pick<Model, 'config'>): boolean {
  return config.head === MASKED_LM;
}

/**
 * The encoder with a new head that guesses hidden words; a model that has one stays as it is.
 * @param seed draws the head.
 * @throws OptionError for a model that is no encoder.
 */
export function withMaskedLmHead(from: TrainedModel, seed: number): TrainedModel {
  const { kind, config } = from.model;
  if (isMaskedLm(from.model)) return from;
  const make = familyOf(kind);
  if (make === undefined) {
    throw new OptionError({ where: MASKED_LM, wanted: FAMILY_NAMES.join(', '), got: `a ${kind}` });
  }
  const model = make({ ...config, head: MASKED_LM });
  const kept = Object.entries(from.weights).filter(([name]) => make.isOfEncoder(name));
  const weights = { ...initialiseParameters(model.parameters, seed), ...Object.fromEntries(kept) };
  const { tokenizerFiles } = from;
  return { model, weights, labelNames: [], ...(tokenizerFiles && { tokenizerFiles }) };
}
