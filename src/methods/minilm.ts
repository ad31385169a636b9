/**
 * @file Distillation of one layer's self-attention. Wang, Wei, Dong, Bao, Yang & Zhou 2020, "MiniLM", NeurIPS,
 * arXiv:2002.10957 (`version: v1`); Wang, Bao, Huang, Dong & Wei 2021, "MiniLMv2", Findings of ACL, arXiv:2012.15828
 * (`v2`).
 *
 *   v1:  L = KL(A_t ‖ A_s) + KL(R(V_t) ‖ R(V_s))
 *   v2:  L = (KL(R(Q_t) ‖ R(Q_s)) + KL(R(K_t) ‖ R(K_s)) + KL(R(V_t) ‖ R(V_s))) / 3,    R(X) = softmax(X Xᵀ / √d)
 *
 * Symbols:    A softmax of attentionScores[l] | Q, K, V queries[l], keys[l], values[l] [B, S, H], split into relation
 *             heads of width d | means over heads and real tokens
 * Departures: v2's three terms have weight 1/3 each: the paper has equal weights and does not say which. Its relation heads are
 *             48 (base) or 64 (large); by default they are the teacher's attention heads. Padded keys have
 *             no probability and padded queries do not count. Relations know no labels: what they give is a body, which is
 *             then fine-tuned, as in the papers, though they distil it on general texts and not on the task's. How the
 *             epochs are shared out is ours.
 */
import type { Value } from '../autograd/value.js';
import { OptionError } from '../errors/failures.js';
import { attentionKl, relationKl } from '../losses/relation-kl.js';
import { type RowLoss, scale } from '../losses/row-loss.js';
import type { SignalName } from '../models/model.js';
import { defineMethod } from './define-method.js';
import type { Stages } from './phased.js';
import { refuseIdleShare, shareOf } from './stage-share.js';
import { supervised } from './supervised.js';

type Layers = readonly Value[];

/** A layer by its number, from 1; 0 is the last. @throws OptionError for one that there is not. */
function layerOf(signals: Layers, layer: number, option: string): Value {
  const found = Number.isInteger(layer) ? signals[(layer === 0 ? signals.length : layer) - 1] : undefined;
  if (found !== undefined) return found;
  const wanted = `a layer from 1 to ${signals.length}, or 0 for the last`;
  throw new OptionError({ where: `${option} of method 'minilm'`, wanted, got: String(layer) });
}

/** Relations between the tokens of one layer. The widths of the two sides may differ. */
export const miniLm = defineMethod({
  name: 'minilm',
  needs: ({ version }): SignalName[] =>
    version === 'v1' ? ['attentionScores', 'values'] : ['attentionScores', 'queries', 'keys', 'values'],
  options: {
    version: {
      default: 'v2',
      choices: ['v1', 'v2'],
      help: 'v1: attention and values, needs equal numbers of heads; v2: queries, keys and values',
    },
    stage: {
      default: 'both',
      choices: ['both', 'distillation'],
      help: 'both: the relations, then the labels from those weights; distillation: the relations alone',
    },
    distillationShare: shareOf('the relations', 0.5),
    teacherLayer: { default: 0, min: 0, help: 'layer of the teacher, from 1; 0: the last' },
    studentLayer: { default: 0, min: 0, help: 'layer of the student, from 1; 0: the last' },
    relationHeads: {
      default: 0,
      min: 0,
      help: "v2: number of heads both widths are split into; 0: the teacher's attention heads",
    },
  },
  defaults: ({ version, relationHeads = 0, stage = 'both', distillationShare }) => {
    refuseIdleShare('minilm', stage, distillationShare);
    if (version !== 'v1' || relationHeads === 0) return {};
    const got = String(relationHeads);
    throw new OptionError({
      where: "relationHeads of method 'minilm'",
      wanted: '0 in version v1',
      got,
      fix: 'leave it out',
    });
  },
  phases: ({ stage, distillationShare, ...given }): Stages | undefined => {
    if (stage !== 'both') return undefined;
    const method = miniLm({ ...given, stage: 'distillation' });
    return [
      { name: 'distillation', method, share: distillationShare, evaluation: 'none' },
      { name: 'fine-tuning', method: supervised(), share: 1 - distillationShare, from: 'previous' },
    ];
  },
  losses: ({ student, teacher }, { version, teacherLayer, studentLayer, relationHeads }): Record<string, RowLoss> => {
    const mask = student.attentionMask;
    const of = (ours: Layers, theirs: Layers) =>
      [layerOf(ours, studentLayer, 'studentLayer'), layerOf(theirs, teacherLayer, 'teacherLayer')] as const;
    const scores = of(student.attentionScores, teacher.attentionScores);
    const heads = relationHeads > 0 ? relationHeads : Number(scores[1].shape[1]);
    const relation = (ours: Layers, theirs: Layers) => relationKl(...of(ours, theirs), { heads, mask });
    if (version === 'v1') {
      return { attention: attentionKl(...scores, { mask }), values: relation(student.values, teacher.values) };
    }
    return {
      queries: scale(1 / 3, relation(student.queries, teacher.queries)),
      keys: scale(1 / 3, relation(student.keys, teacher.keys)),
      values: scale(1 / 3, relation(student.values, teacher.values)),
    };
  },
});
