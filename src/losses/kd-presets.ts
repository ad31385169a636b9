/** @file What libraries and papers compute under the name of knowledge distillation, as data, and in our terms. */
import type { Value } from '../autograd/value.js';
import { OptionError } from '../errors/failures.js';
import { expectFraction, expectTemperature } from './operands.js';

/** What a library or a paper computes. Defaults are its own where it has any, in our alpha. */
export type KdPresetSpec = {
  /** How student and teacher are compared. */
  readonly soft: 'kl' | 'reverseKl' | 'softCrossEntropy' | 'mse' | 'mseToProbs';
  /** The factor that the soft term carries. */
  readonly factor: 'T²' | '1' | '1/T²';
  /** How the classes are reduced: summed, or averaged (PyTorch's default, a factor 1 / C). */
  readonly classes: 'sum' | 'mean';
  /** Whether there is a temperature to set. */
  readonly isTempered: boolean;
  /** Absent where the caller always gives it. */
  readonly alpha?: number;
  readonly temperature?: number;
  /** Both terms are multiplied by this. */
  readonly total?: number;
  /** How the library itself states its weights: what `fromLibrary` takes. */
  readonly weights: LibraryWeights;
};

/**
 * `alpha on soft`: as ours. `alpha on hard`: the other way round. `two weights`: free weights of the two terms.
 * `soft only`: there is no hard term.
 */
export type LibraryWeights = 'alpha on soft' | 'alpha on hard' | 'two weights' | 'soft only';

const squared = { soft: 'kl', factor: 'T²', classes: 'sum', isTempered: true } as const;
const plain = { factor: '1', classes: 'sum', isTempered: false } as const;
const tempered = { ...plain, isTempered: true } as const;

/** One row a preset; `docs/losses.md` says where each was read. */
export const KD_PRESETS = {
  /** The paper's formula; the default. */
  hinton: { ...squared, alpha: 0.5, temperature: 2, weights: 'alpha on soft' },
  /** `KLDivLoss()` as it comes, so also divided by C. TAKD, PKD, Tf-KD and many more. */
  primer: { ...squared, classes: 'mean', weights: 'alpha on soft' },
  /** `KDLoss` has no defaults; these are Keras'. At its own alpha 0, our 1, it returns KL without T². */
  torchdistill: { ...squared, alpha: 0.9, temperature: 3, weights: 'alpha on hard' },
  keras: { ...squared, alpha: 0.9, temperature: 3, weights: 'alpha on hard' },
  'keras3-api': { ...squared, alpha: 0.5, temperature: 3, weights: 'alpha on hard' },
  textbrewer: { ...tempered, soft: 'softCrossEntropy', alpha: 1, temperature: 4, weights: 'two weights' },
  'textbrewer-mse': { ...tempered, soft: 'mse', classes: 'mean', alpha: 1, temperature: 4, weights: 'two weights' },
  fastformers: { ...plain, soft: 'softCrossEntropy', alpha: 1, weights: 'soft only' },
  'tinybert-pred': {
    ...tempered,
    soft: 'softCrossEntropy',
    classes: 'mean',
    alpha: 1,
    temperature: 1,
    weights: 'soft only',
  },
  distilbert: { ...squared, alpha: 5 / 7, temperature: 2, weights: 'two weights' },
  'pytorch-tutorial': { ...squared, alpha: 0.25, temperature: 2, weights: 'two weights' },
  tang: { ...plain, soft: 'mse', classes: 'mean', alpha: 1, weights: 'soft only' },
  /** Both terms with weight 1: alpha 0.5, times two. */
  'dbert-code': { ...plain, soft: 'mse', classes: 'mean', alpha: 0.5, total: 2, weights: 'two weights' },
  'bilstm-3p-mse': { ...plain, soft: 'mse', alpha: 1, weights: 'soft only' },
  /** Divides by T² where others multiply. */
  'bilstm-3p-kl': { ...squared, factor: '1/T²', alpha: 1, temperature: 1, weights: 'soft only' },
  'setfit-baseline': { ...plain, soft: 'mseToProbs', classes: 'mean', alpha: 1, weights: 'soft only' },
  /** Of an older script; its config has a weight per loss. */
  distillkit: { ...squared, alpha: 0.5, temperature: 2, weights: 'alpha on soft' },
  easydistill: { ...plain, soft: 'kl', alpha: 0.5, weights: 'alpha on soft' },
  'easydistill-reverse': { ...plain, soft: 'reverseKl', alpha: 0.5, weights: 'alpha on soft' },
} as const satisfies Record<string, KdPresetSpec>;

export type KdPreset = keyof typeof KD_PRESETS;

/** @throws OptionError naming the presets. */
export function presetSpec(preset: KdPreset): KdPresetSpec {
  if (Object.hasOwn(KD_PRESETS, preset)) return KD_PRESETS[preset];
  throw new OptionError({ where: 'preset', wanted: Object.keys(KD_PRESETS).join(', '), got: String(preset) });
}

/**
 * The temperature to use: what was given, else the preset's own; 1 for a preset without one.
 * @throws OptionError where it is missing, out of range, or would do nothing.
 */
export function resolveTemperature<T extends number | Value>(preset: KdPreset, given: T | undefined): number | T {
  const { isTempered, temperature = isTempered ? undefined : 1 } = presetSpec(preset);
  const where = `kd preset '${preset}'`;
  if (!isTempered && given !== undefined) {
    const got = typeof given === 'number' ? String(given) : 'a traced value';
    throw new OptionError({ where, wanted: 'no temperature: this loss has none', got, fix: 'leave it out' });
  }
  const used = given ?? temperature;
  if (used === undefined) throw new OptionError({ where, wanted: 'a temperature: it has no default', got: 'none' });
  expectTemperature(used, where);
  return used;
}

/**
 * The alpha to use: what was given, else the preset's own.
 * @throws OptionError where it is missing or outside 0 … 1.
 */
export function resolveAlpha<T extends number | Value>(preset: KdPreset, given: T | undefined): number | T {
  const alpha = given ?? presetSpec(preset).alpha;
  const where = `kd preset '${preset}'`;
  if (alpha === undefined) throw new OptionError({ where, wanted: 'an alpha: it has no default', got: 'none' });
  expectFraction(alpha, `alpha of ${where}`);
  return alpha;
}

/** A library's own settings: its one alpha, or its weight for each term. */
export type LibraryOptions = {
  readonly alpha?: number;
  readonly soft?: number;
  readonly hard?: number;
  readonly temperature?: number;
};

const STATED = {
  'alpha on soft': ['alpha'],
  'alpha on hard': ['alpha'],
  'two weights': ['soft', 'hard'],
  'soft only': [],
} as const satisfies Record<LibraryWeights, readonly (keyof LibraryOptions)[]>;

/**
 * A library's settings in our terms: `fromLibrary('keras', { alpha: 0.1 })` is `{ preset: 'keras', alpha: 0.9 }`. What is
 * not stated stays the library's default.
 *
 * Two free weights, `{ soft, hard }`, give alpha = soft / (soft + hard). The library's own loss is larger than ours by
 * their sum: the same to Adam, but not to clipping or to SGD's learning rate.
 * @throws OptionError for settings that the library does not have, or out of range.
 */
export function fromLibrary(
  preset: KdPreset,
  options: LibraryOptions,
): { readonly preset: KdPreset; readonly alpha?: number; readonly temperature?: number } {
  const { weights, isTempered } = presetSpec(preset);
  const known: readonly string[] = [...STATED[weights], ...(isTempered ? ['temperature'] : [])];
  const unknown = Object.keys(options).filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    const wanted = known.length > 0 ? known.join(', ') : 'no settings: it has none';
    throw new OptionError({ where: `fromLibrary('${preset}')`, wanted, got: unknown.join(', ') });
  }
  const { alpha, soft = 0, hard = 0, temperature } = options;
  const ours = alpha ?? (soft + hard === 0 ? undefined : soft / (soft + hard));
  if (soft < 0 || hard < 0 || Number.isNaN(soft + hard)) {
    const got = `soft ${soft}, hard ${hard}`;
    throw new OptionError({ where: `fromLibrary('${preset}')`, wanted: 'weights ≥ 0', got });
  }
  return {
    preset,
    ...(ours !== undefined && { alpha: resolveAlpha(preset, weights === 'alpha on hard' ? 1 - ours : ours) }),
    ...(temperature !== undefined && { temperature: resolveTemperature(preset, temperature) }),
  };
}
