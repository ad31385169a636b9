/** @file An encoder with some of its layers: what a smaller student starts from. */
import { OptionError } from '../errors/failures.js';
import { FAMILY_NAMES, familyOf } from './families.js';
import type { Model, TrainedModel, Weights } from './model.js';
import type { TextModel } from './text-model.js';

/**
 * An encoder cut to its first layers; embeddings, pooler and head stay. How Patient KD (Sun et al. 2019, arXiv:1908.09355)
 * and others start a student from a pre-trained model.
 * @throws OptionError for a model without layers, or more of them than it has.
 */
export function firstLayers(from: TextModel, layers: number): TextModel;
export function firstLayers(from: TrainedModel, layers: number): TrainedModel;
export function firstLayers(from: TrainedModel | TextModel, layers: number): TrainedModel | TextModel {
  const { count } = layersOf(from.model, 'firstLayers');
  if (!(Number.isInteger(layers) && layers >= 1 && layers <= count)) {
    const wanted = `an integer from 1 to ${count}, the layers of the model`;
    throw new OptionError({ where: 'layers', wanted, got: String(layers) });
  }
  const first = Array.from({ length: layers }, (_, i) => i + 1);
  return { ...chosenLayers(from, first), ...textParts(from, `first ${layers} layers`) };
}

/**
 * An encoder with these of its layers, counted from 1 and in their order; embeddings, pooler and head stay. DistilBERT
 * (Sanh et al. 2019, arXiv:1910.01108) takes one layer out of two.
 * @throws OptionError for a model without layers, layers that it does not have, or another order.
 */
export function chosenLayers(from: TextModel, layers: readonly number[]): TextModel;
export function chosenLayers(from: TrainedModel, layers: readonly number[]): TrainedModel;
export function chosenLayers(from: TrainedModel | TextModel, layers: readonly number[]): TrainedModel | TextModel {
  const { model, weights: given, labelNames, tokenizerFiles } = from;
  const { make, key, prefix, count } = layersOf(model, 'chosenLayers');
  const isRising = layers.every((layer, i) => Number.isInteger(layer) && layer > (layers[i - 1] ?? 0));
  if (layers.length === 0 || !isRising || (layers.at(-1) as number) > count) {
    const wanted = `layers from 1 to ${count}, each once and in their order`;
    throw new OptionError({ where: 'chosenLayers', wanted, got: layers.join(',') || 'none' });
  }
  const short = make({ ...model.config, [key]: layers.length });
  const source = (name: string): string => {
    if (!name.startsWith(prefix)) return name;
    const [place = '', ...rest] = name.slice(prefix.length).split('.');
    return [`${prefix}${(layers[Number(place)] as number) - 1}`, ...rest].join('.');
  };
  const weights: Weights = Object.fromEntries(
    short.parameters.map(({ name }) => [name, given[source(name)] as Weights[string]]),
  );
  const cut = { model: short, weights, labelNames, ...(tokenizerFiles && { tokenizerFiles }) };
  return { ...cut, ...textParts(from, `layers ${layers.join(', ')}`) };
}

/** What a model of texts has besides, so that it stays one. */
function textParts(from: TrainedModel | TextModel, layers: string): Partial<TextModel> {
  return 'tokenizer' in from ? { name: `${layers} of ${from.name}`, tokenizer: from.tokenizer } : {};
}

function layersOf({ kind, config }: Model, where: string) {
  const make = familyOf(kind);
  if (make !== undefined) return { make, ...make.layers, count: Number(config[make.layers.key]) };
  const wanted = `an encoder with layers to choose from: ${FAMILY_NAMES.join(', ')}`;
  throw new OptionError({ where, wanted, got: `a ${kind}` });
}
