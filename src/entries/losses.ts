export { type CosineOptions, cosineDistance } from '../losses/cosine.js';
export { type CrossEntropyOptions, crossEntropy } from '../losses/cross-entropy.js';
export { type KdOptions, type KdTerms, kd, type SoftLossOptions, softLoss } from '../losses/kd.js';
export {
  fromLibrary,
  KD_PRESETS,
  type KdPreset,
  type KdPresetSpec,
  type LibraryOptions,
  type LibraryWeights,
} from '../losses/kd-presets.js';
export { type KlOptions, kl } from '../losses/kl.js';
export { type MseOptions, mse } from '../losses/mse.js';
export { asMask, isLabelled, meanOf, type RowLoss, rowLoss, scale } from '../losses/row-loss.js';
export { type SoftCrossEntropyOptions, softCrossEntropy } from '../losses/soft-cross-entropy.js';
export { type TopKOptions, topKBucket, withRemainderSpread } from '../losses/top-k-bucket.js';
