/** @file The temperature of a model, kept beside its weights: in `calibration.json`, which is written once a model is trained. */
import { join } from 'node:path';
import { CheckpointError } from '../errors/failures.js';
import { writeFileAtomic } from '../files/atomic-write.js';
import { isFile, textIn } from '../files/path-entry.js';
import { sealed, unsealed } from '../files/sealed-json.js';
import { storedValue } from '../files/stored-json.js';
import { parseJson } from '../files/stored-text.js';
import type { ModelCalibration } from './calibration.schema.js';
import { familyOf } from './families.js';
import type { HeadName } from './heads.js';
import type { Model, Weights } from './model.js';
import { CALIBRATION_FORMAT } from './model-format.js';

export const CALIBRATION = 'calibration.json';

/** @param weights SHA-256 of the weights that it is of (`weightsHash`) @throws OutputError naming the place that cannot be written. */
export async function writeCalibration(folder: string, calibration: ModelCalibration, weights: string): Promise<void> {
  const { name: format, version } = CALIBRATION_FORMAT;
  const whole = sealed({ format, version, ...calibration, weights });
  await writeFileAtomic(join(folder, CALIBRATION), `${JSON.stringify(whole, null, 2)}\n`);
}

/**
 * The calibration of a model's folder; undefined where it has none.
 * @throws FileError for a file that was changed; CheckpointError for that of other weights.
 */
export async function readCalibration(folder: string, weights?: string): Promise<ModelCalibration | undefined> {
  const path = join(folder, CALIBRATION);
  if (!(await isFile(path))) return undefined;
  const { calibrationSchema } = await import('./calibration.schema.js');
  const value = unsealed(parseJson(await textIn(path), path), path, true);
  const found = storedValue(calibrationSchema.safeParse(value), path, 'a calibration written by retort');
  const { format: _, version: __, weights: own, ...calibration } = found;
  if (weights === undefined || own === weights) return calibration;
  throw new CheckpointError({
    where: path,
    wanted: 'the calibration of the weights beside it',
    got: 'that of others (their SHA-256 differs)',
    fix: 'copy the whole folder again, or delete that file: the model is then not calibrated',
  });
}

/** The same model with its temperature in its weights, as exports have it. */
export function tempered<T extends { readonly model: Model; readonly weights: Weights; readonly temperature?: number }>(
  trained: T,
): T {
  const { model, weights, temperature = 1 } = trained;
  return { ...trained, weights: temperedWeights(model, weights, temperature) };
}

/**
 * Weights whose logits are those of the model divided by a temperature: the last layer is linear, so it is in there, and
 * whatever reads the weights has it.
 */
export function temperedWeights(model: Model, weights: Weights, temperature: number): Weights {
  if (temperature === 1) return weights;
  const names = lastLayer(model);
  const scaled = names.map((name) => {
    const tensor = weights[name];
    if (tensor === undefined) throw new Error(`${model.kind} has no ${name}`);
    return [name, { ...tensor, data: tensor.data.map((value) => value / temperature) }] as const;
  });
  return { ...weights, ...Object.fromEntries(scaled) };
}

type Config = Readonly<Record<string, unknown>>;

/** What the logits are linear in, by kind. */
const LAST: Readonly<Record<string, (config: Config) => string>> = {
  ngram: ({ hidden_size }) => (hidden_size === 0 ? 'embed' : 'fc'),
  bilstm: () => 'fc2',
  static: ({ hidden_sizes }) => `fc${(hidden_sizes as readonly number[]).length + 1}`,
  mlp: ({ hidden }) => `fc${(hidden as readonly number[]).length + 1}`,
};

/** Names of the parameters that the logits are linear in. @throws Error for a model without such a layer. */
export function lastLayer({ kind, config }: Pick<Model, 'kind' | 'config'>): readonly string[] {
  const layer = familyOf(kind)?.classifierOf(config.head as HeadName) ?? LAST[kind]?.(config);
  if (layer === undefined) throw new Error(`${kind} has no last layer of its own`);
  return layer === 'embed' ? ['embed.weight', 'fc.bias'] : [`${layer}.weight`, `${layer}.bias`];
}
