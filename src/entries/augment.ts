export { type AugmentedTexts, type AugmentTextsOptions, augment } from '../augment/augment.js';
export type { AugmentSettings } from '../augment/augment-settings.js';
export {
  type Augmentation,
  type AugmentedRow,
  type AugmentOptions,
  augmentedRows,
  copiesOfRow,
  type SourceText,
} from '../augment/augmentation.js';
export { type DeletionOptions, deletion, deletionDefaults } from '../augment/deletion.js';
export { type MlmOptions, mlmDefaults, openMlm } from '../augment/mlm.js';
export { type Pool, type PoolOptions, type PoolProgress, writePool } from '../augment/pool-file.js';
export { type LexiconWord, type PosLexicon, posLexicon, readPosLexicon } from '../augment/pos-lexicon.js';
export { type TangOptions, tang, tangDefaults } from '../augment/tang.js';
