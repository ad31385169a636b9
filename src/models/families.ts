/** @file All families of encoders, by the kind that checkpoints record. */
import { bert } from './bert.js';
import { distilbert } from './distilbert.js';
import type { EncoderFamily } from './encoder-family.js';
import type { HeadName } from './heads.js';
import type { Model } from './model.js';
import { roberta } from './roberta.js';
import { xlmRoberta } from './xlm-roberta.js';

export const FAMILIES = { bert, roberta, distilbert, 'xlm-roberta': xlmRoberta } as const satisfies Readonly<
  Record<string, EncoderFamily>
>;

/** Their kinds: what a `config.json` of `transformers` calls `model_type`. */
export const FAMILY_NAMES: readonly string[] = Object.keys(FAMILIES);

const TITLES = Object.values(FAMILIES).map(({ title }) => title);

/** For messages: the models that look words up in a table. */
export const WORD_MODELS = `${TITLES.join(', ')} BiLSTM or static model`;
export const ENCODERS = TITLES.join(', ');

/** Whether `transformers` has a class for a model: an encoder with another head than the mean over tokens. */
export function hasHubClass({ kind, config }: Pick<Model, 'kind' | 'config'>): boolean {
  return familyOf(kind)?.huggingFace.classes[config.head as HeadName] !== undefined;
}

/** @returns undefined for a kind of no family. */
export function familyOf(kind: string): EncoderFamily | undefined {
  return Object.hasOwn(FAMILIES, kind) ? FAMILIES[kind as keyof typeof FAMILIES] : undefined;
}

/** The width of an encoder's hidden states. @returns undefined for a model of no family. */
export function encoderWidth({ kind, config }: Pick<Model, 'kind' | 'config'>): number | undefined {
  const family = familyOf(kind);
  return family && Number(config[family.widthKey]);
}
