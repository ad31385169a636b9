import { OptionError } from '../errors/failures.js';
import { bert } from './bert.js';
import { distilbert } from './distilbert.js';
import type { Model } from './model.js';
import { roberta } from './roberta.js';
import type { TrainedModel, Weights } from './saved-model.js';

type Config = Model['config'];

/** The families with layers, the key that counts them, and how a model is made from a config. */
const LAYERED: Readonly<Record<string, { readonly key: string; readonly make: (config: Config) => Model }>> = {
  bert: { key: 'num_hidden_layers', make: (config) => bert(config) },
  roberta: { key: 'num_hidden_layers', make: (config) => roberta(config) },
  distilbert: { key: 'n_layers', make: (config) => distilbert(config) },
};

/**
 * An encoder cut to its first layers; embeddings, pooler and head stay. How Patient KD (Sun et al. 2019, arXiv:1908.09355)
 * and others start a student from a pre-trained model.
 * @throws OptionError for a model without layers, or more of them than it has.
 */
export function firstLayers(from: TrainedModel, layers: number): TrainedModel {
  const { model } = from;
  const family = Object.hasOwn(LAYERED, model.kind) ? LAYERED[model.kind] : undefined;
  if (family === undefined) {
    const wanted = `an encoder with layers to choose from: ${Object.keys(LAYERED).join(', ')}`;
    throw new OptionError({ where: 'firstLayers', wanted, got: `a ${model.kind}` });
  }
  const count = Number(model.config[family.key]);
  if (!(Number.isInteger(layers) && layers >= 1 && layers <= count)) {
    const wanted = `a whole number from 1 to ${count}, the layers of the model`;
    throw new OptionError({ where: 'layers', wanted, got: String(layers) });
  }
  const short = family.make({ ...model.config, [family.key]: layers });
  const weights: Weights = Object.fromEntries(
    short.parameters.map(({ name }) => [name, from.weights[name] as Weights[string]]),
  );
  const { labelNames, tokenizerFiles } = from;
  return { model: short, weights, labelNames, ...(tokenizerFiles && { tokenizerFiles }) };
}
