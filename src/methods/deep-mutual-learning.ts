/**
 * @file Students that teach each other. Zhang, Xiang, Hospedales & Lu 2018, "Deep Mutual Learning", CVPR, arXiv:1706.00384.
 *
 *   L_k = CE(y, p_k) + 1 / (K − 1) · Σ_{l ≠ k} KL(p_l ‖ p_k),    L = Σ_k L_k
 *
 * Symbols:    p_k softmax of peer k's logits [B, C], T = 1 | y labels [B] | K peers; a peer is a constant to the others
 * Departures: all peers are updated at once (the paper updates one after the other, and asks the others again in between).
 *             The first is the student, always: to keep whichever is best on the evaluated split would flatter it there.
 *             A regression has squared errors in both places. Rows without a label have the second term alone.
 */
import type { Value } from '../autograd/value.js';
import { OptionError } from '../errors/failures.js';
import { crossEntropy } from '../losses/cross-entropy.js';
import { kl } from '../losses/kl.js';
import { mse, mseOfScores } from '../losses/mse.js';
import { type RowLoss, scale, totalOf } from '../losses/row-loss.js';
import { defineMethod } from './define-method.js';
import { isRegression } from './score-terms.js';

/** Several networks of the student's kind, trained together from other starts, without a teacher. */
export const deepMutualLearning = defineMethod({
  name: 'deep-mutual-learning',
  needs: [],
  options: {
    peers: { default: 2, min: 2, max: 8, help: 'networks that learn from each other, the student among them' },
  },
  defaults: ({ peers = 2 }) => {
    if (Number.isInteger(peers)) return {};
    const got = String(peers);
    throw new OptionError({ where: "peers of method 'deep-mutual-learning'", wanted: 'an integer ≥ 2', got });
  },
  peers: ({ peers }) => peers - 1,
  losses: (inputs): Record<string, RowLoss> => {
    const { student, peers, labels } = inputs;
    const all = [student.logits, ...peers.map(({ logits }) => logits)];
    const fromLabels = (logits: Value): RowLoss =>
      isRegression(logits) ? mseOfScores(logits, inputs.scores) : crossEntropy(logits, labels);
    const fromOthers = (logits: Value): RowLoss => {
      const others = all.filter((other) => other !== logits);
      const each = others.map((other) => (isRegression(logits) ? mse(logits, other) : kl(logits, other)));
      return scale(1 / others.length, totalOf(each));
    };
    const [own, ...rest] = all as [Value, ...Value[]];
    return {
      hard: fromLabels(own),
      mutual: fromOthers(own),
      peerHard: totalOf(rest.map(fromLabels)),
      peerMutual: totalOf(rest.map(fromOthers)),
    };
  },
  labelTerms: ['hard', 'peerHard'],
});
