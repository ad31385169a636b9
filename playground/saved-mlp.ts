/** @file A digit model as `retort primer` saves it, and its forward pass: a few thousand multiplications need no runtime. */
import type { MlpConfig } from '../src/models/mlp.js';
import type { Weights } from '../src/models/model.js';
import { decodeSafetensors } from '../src/tensor/safetensors.js';

export type SavedMlp = { readonly config: MlpConfig; readonly weights: Weights; readonly parameters: number };

/** Reads a file beside the page, as the context of a part does. */
type FileSource = { readonly file: (path: string) => Promise<Uint8Array> };

/** @param folder beside the page, or below `folder/`: `config.json` and `model.safetensors` are in it */
export async function loadMlp({ file }: FileSource, folder: string): Promise<SavedMlp> {
  const [config, bytes] = await Promise.all([file(`${folder}/config.json`), file(`${folder}/model.safetensors`)]);
  const { model } = JSON.parse(new TextDecoder().decode(config)) as { readonly model?: SavedModelFacts };
  if (model?.kind !== 'mlp' || model.config.hidden.length !== 1) {
    throw new Error(`${folder}: wanted a digit model with one hidden layer, got ${model?.kind ?? 'none'}`);
  }
  const { tensors } = decodeSafetensors(bytes, folder);
  const weights = Object.fromEntries(tensors) as Weights; // retort saves float32 alone
  const parameters = Object.values(weights).reduce((sum, { data }) => sum + data.length, 0);
  return { config: model.config, weights, parameters };
}

/** Of a saved config, as far as it is read here. */
type SavedModelFacts = { readonly kind: string; readonly config: MlpConfig };

/**
 * Logits [C] of an image: (x / 255 − mean) / std -> fc1 -> ReLU -> fc2, as `mlp` has it.
 * @param pixels [I], 0 … 255
 */
export function logitsOf({ config, weights }: SavedMlp, pixels: Uint8Array): number[] {
  const { mean, std } = config;
  const x = Float64Array.from(pixels, (pixel) => (pixel / 255 - mean) / std);
  const hidden = linear(weights, 'fc1', x).map((value) => Math.max(0, value));
  return Array.from(linear(weights, 'fc2', hidden));
}

/** W x + b of a layer: W [O, I], x [I]. */
function linear(weights: Weights, name: string, x: Float64Array): Float64Array {
  const [weight, bias] = [weights[`${name}.weight`]?.data, weights[`${name}.bias`]?.data];
  if (weight === undefined || bias === undefined) throw new Error(`the model has no layer ${name}`);
  return Float64Array.from(bias, (start, o) => {
    let sum = start;
    for (let i = 0; i < x.length; i++) sum += (weight[o * x.length + i] as number) * (x[i] as number);
    return sum;
  });
}
