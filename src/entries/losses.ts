export { type AttentionMseOptions, attentionMse } from '../losses/attention-mse.js';
export { type CosineOptions, cosineDistance } from '../losses/cosine.js';
export {
  type CrossEntropyOptions,
  crossEntropy,
  type SoftCrossEntropyOptions,
  softCrossEntropy,
} from '../losses/cross-entropy.js';
export { type DecoupledKdOptions, decoupledKd } from '../losses/decoupled-kd.js';
export { direction } from '../losses/direction.js';
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
export { medianDistance } from '../losses/median-distance.js';
export { mixupCrossEntropy } from '../losses/mixup.js';
export { type MseOptions, mse, mseOfScores } from '../losses/mse.js';
export { type PatienceOptions, patience } from '../losses/patience.js';
export {
  type AttentionKlOptions,
  attentionKl,
  type RelationKlOptions,
  relationKl,
} from '../losses/relation-kl.js';
export { asMask, everyToken, isLabelled, meanOf, type RowLoss, rowLoss, scale, totalOf } from '../losses/row-loss.js';
export { annealedTargets, averagedProbs, embeddingTargets, rivalTargets, virtualTeacher } from '../losses/targets.js';
export { type TopKOptions, topKBucket, withRemainderSpread } from '../losses/top-k-bucket.js';
