/**
 * @file TinyBERT. Jiao, Yin, Shang, Jiang, Chen, Li, Wang & Liu 2020, "TinyBERT: Distilling BERT for Natural Language
 * Understanding", Findings of EMNLP, arXiv:1909.10351; code huawei-noah/Pretrained-Language-Model/TinyBERT.
 *
 *   intermediate:  L = MSE(E_s W_e, E_t) + Σ_m MSE(h_s^m W_m, h_t^g(m)) + Σ_m (1/A) Σ_a MSE(S_s^{m,a}, S_t^{g(m),a})
 *   prediction:    L = −Σ_c softmax(z_t / T)_c log softmax(z_s / T)_c, from the weights of the intermediate stage
 *
 * Symbols:    E embeddings [B, S, H] | h hiddenStates | S attentionScores [B, A, S, S], before mask and softmax
 *             | z logits [B, C] | g layerMap: layer m of the student learns from g(m) | W projections | T temperature
 * Departures: padding is left out: hidden states are averaged over real tokens, scores over pairs of them (`compat:
 *             released` is the code's form, which compares padding too). The prediction term is summed over the classes;
 *             `released` divides by C. A projection, with bias as in the code, stands only where the widths differ, one
 *             for each layer as in the paper (`projection: shared` is that of the first checkpoints). The teacher runs
 *             without dropout, the code's with it. A regression learns from the teacher's score, the code's from the gold
 *             one, by a mistake that its authors own up to. The head is BERT's, without the code's ReLU. The learning rate
 *             of the intermediate stage is constant, as in the code; how the epochs are shared out is ours (the paper has
 *             10 to 50, then 3). Both stages have the run's rate: the paper has 5e-5, then 1e-5 to 3e-5.
 */
import type { Value } from '../autograd/value.js';
import { OptionError } from '../errors/failures.js';
import { attentionMse } from '../losses/attention-mse.js';
import { softLoss } from '../losses/kd.js';
import { mse } from '../losses/mse.js';
import { everyToken, type RowLoss, scale, totalOf } from '../losses/row-loss.js';
import type { SignalName } from '../models/model.js';
import type { Layer } from '../nn/module.js';
import { defineMethod, type MethodInputs, type OptionsOf } from './define-method.js';
import { type HiddenSizes, hiddenSizes, sizesOfHidden } from './hidden-layers.js';
import { LAYER_PAIRS, type LayerPair, layerPairs } from './layer-maps.js';
import type { Stages } from './phased.js';
import { projection } from './projection.js';
import { isRegression, scoreTerms } from './score-terms.js';
import { shareOf } from './stage-share.js';

const options = {
  stage: {
    default: 'both',
    choices: ['both', 'intermediate', 'prediction'],
    help: 'both: the layers, then the logits from those weights; or one of them',
  },
  intermediateShare: shareOf('the layers', 0.75),
  layerMap: {
    default: 'uniform',
    choices: ['uniform'],
    form: LAYER_PAIRS,
    help: 'matched layers: every k-th, or pairs such as 0:0,1:3; 0 is the embeddings',
  },
  embeddingWeight: { default: 1, min: 0, help: 'weight of the embedding term; 0 leaves it out' },
  hiddenWeight: { default: 1, min: 0, help: 'weight of each hidden-state term; 0 leaves them out' },
  attentionWeight: { default: 1, min: 0, help: 'weight of each attention term; 0 leaves them out' },
  projection: {
    default: 'layer',
    choices: ['layer', 'shared'],
    help: 'if widths differ: one projection per layer, or one for all',
  },
  temperature: { default: 1, above: 0, help: 'for stage prediction: divides the logits of both sides' },
  compat: {
    default: 'masked',
    choices: ['masked', 'released'],
    help: "exclude padding, or include it as the released code does; 'released' also divides the prediction by C",
  },
} as const;

type TinyBertOptions = OptionsOf<typeof options>;

/** The stage that an option belongs to, besides both. */
const STAGE_OF: Readonly<Record<string, TinyBertOptions['stage']>> = {
  intermediateShare: 'both',
  layerMap: 'intermediate',
  embeddingWeight: 'intermediate',
  hiddenWeight: 'intermediate',
  attentionWeight: 'intermediate',
  projection: 'intermediate',
  temperature: 'prediction',
};

/** What a stage needs; a term of weight 0 needs nothing. */
function needs({ stage, embeddingWeight, attentionWeight }: TinyBertOptions): SignalName[] {
  if (stage === 'prediction') return ['logits'];
  return [
    ...(embeddingWeight > 0 ? (['embeddings'] as const) : []),
    // Always: layers and widths are read off them.
    'hiddenStates',
    ...(attentionWeight > 0 ? (['attentionScores'] as const) : []),
  ];
}

function pairsOf({ layerMap }: TinyBertOptions, student: HiddenSizes, teacher: HiddenSizes): readonly LayerPair[] {
  const where = "layerMap of method 'tinybert'";
  return layerPairs(layerMap, { where, student: student.layers, teacher: teacher.layers });
}

/** The projection of what a layer says; layer 0 is the embeddings. */
function projectionOf(
  layer: number,
  { projection: kind }: TinyBertOptions,
  student: HiddenSizes,
  teacher: HiddenSizes,
): Layer {
  const name = kind === 'shared' ? 'projection' : layer === 0 ? 'projection.embeddings' : `projection.${layer}`;
  return projection(name, student.width, teacher.width);
}

/** Which layers have a hidden-state term: those past the embeddings, which have one of their own. */
const pastEmbeddings = (pairs: readonly LayerPair[]): LayerPair[] => pairs.filter(([layer]) => layer > 0);

function intermediate(inputs: MethodInputs<SignalName>, given: TinyBertOptions): Record<string, RowLoss> {
  const { student, teacher, context } = inputs;
  const { embeddingWeight, hiddenWeight, attentionWeight, compat } = given;
  const [ours, theirs] = [sizesOfHidden(student.hiddenStates), sizesOfHidden(teacher.hiddenStates)];
  const pairs = pairsOf(given, ours, theirs);
  const { attentionMask } = student;
  const mask = compat === 'masked' ? attentionMask : attentionMask && everyToken(attentionMask);
  const matched = (layer: number, x: Value | undefined, target: Value | undefined): RowLoss =>
    mse(x && projectionOf(layer, given, ours, theirs).forward(context, x), target, { mask });
  const hidden = pastEmbeddings(pairs).map(([layer, teacherLayer]) =>
    matched(layer, student.hiddenStates[layer], teacher.hiddenStates[teacherLayer]),
  );
  const attention =
    attentionWeight === 0
      ? []
      : pastEmbeddings(pairs).map(([layer, teacherLayer]) =>
          attentionMse(student.attentionScores[layer - 1], teacher.attentionScores[teacherLayer - 1], {
            mask: attentionMask,
            compat,
          }),
        );
  return {
    ...(embeddingWeight > 0 && {
      embedding: scale(embeddingWeight, matched(0, student.embeddings, teacher.embeddings)),
    }),
    ...(hiddenWeight > 0 && { hidden: scale(hiddenWeight, totalOf(hidden)) }),
    ...(attentionWeight > 0 && { attention: scale(attentionWeight, totalOf(attention)) }),
  };
}

/** Embeddings, hidden states and attention scores, layer by layer; then, as a stage of its own, the logits. */
export const tinyBert = defineMethod({
  name: 'tinybert',
  needs,
  options,
  defaults: (given) => {
    const stage = given.stage ?? options.stage.default;
    const idle = Object.keys(given).find((option) => (STAGE_OF[option] ?? stage) !== stage);
    if (idle !== undefined && stage !== 'both') {
      throw new OptionError({
        where: `method 'tinybert' with stage ${stage}`,
        wanted: `options of this stage: ${idle} belongs to another`,
        got: `${idle} ${String(given[idle as keyof TinyBertOptions])}`,
        fix: 'leave it out',
      });
    }
    const weights = [given.embeddingWeight, given.hiddenWeight, given.attentionWeight];
    if (weights.every((weight) => weight === 0)) {
      throw new OptionError({ where: "method 'tinybert'", wanted: 'one weight above 0', got: 'three of 0' });
    }
    return {};
  },
  phases: ({ stage, intermediateShare, ...given }): Stages | undefined => {
    if (stage !== 'both') return undefined;
    const { temperature, compat, ...layers } = given;
    const intermediate = tinyBert({ stage: 'intermediate', compat, ...layers });
    const prediction = tinyBert({ stage: 'prediction', compat, temperature });
    return [
      {
        name: 'intermediate',
        method: intermediate,
        share: intermediateShare,
        data: 'transfer',
        schedule: 'constant',
        evaluation: 'none',
      },
      { name: 'prediction', method: prediction, share: 1 - intermediateShare, from: 'previous' },
    ];
  },
  parameters: (sizes, given) => {
    if (given.stage === 'prediction') return [];
    const { student, teacher } = hiddenSizes('tinybert', sizes);
    const { embeddingWeight, hiddenWeight } = given;
    const layers = [
      ...(embeddingWeight > 0 ? [0] : []),
      ...(hiddenWeight > 0 ? pastEmbeddings(pairsOf(given, student, teacher)).map(([layer]) => layer) : []),
    ];
    const parts = layers.flatMap((layer) => projectionOf(layer, given, student, teacher).parameters);
    return [...new Map(parts.map((part) => [part.name, part])).values()]; // a shared one stands once
  },
  scalars: ({ stage, temperature }) => (stage === 'prediction' ? { temperature } : {}),
  losses: (inputs, given) => {
    if (given.stage === 'intermediate') return intermediate(inputs, given);
    const { student, teacher, scalars } = inputs;
    if (isRegression(student.logits)) return scoreTerms(inputs, 1, 0);
    const preset = given.compat === 'released' ? 'tinybert-pred' : 'textbrewer';
    return {
      soft: softLoss(student.logits, teacher.logits, { preset, temperature: scalars.temperature ?? given.temperature }),
    };
  },
});
