/**
 * @file Learning rates that fall from the head of an encoder down to its embeddings: discriminative fine-tuning (Howard & Ruder
 * 2018, arXiv:1801.06146) in the form of BAM and ELECTRA (Clark et al. 2019, arXiv:1907.04829; code google-research/bam,
 * `optimization.py`).
 *
 *   rate = learningRate · decay^(N + 2 − depth)
 *
 * Symbols: N layers | depth 0 of embeddings, l + 1 of layer l, N + 1 of BERT's pooler, N + 2 of everything else: heads.
 */
import { OptionError } from '../errors/failures.js';
import type { ParameterGroup } from './groups.js';

export type LayerwiseOptions = {
  /** From 0, not included, to 1, which is one rate for all. */
  readonly decay: number;
  /** Parameters without weight decay. Default: none. */
  readonly isUndecayed?: (name: string) => boolean;
};

/** `encoder.layer.3.`; families have other words for the first. */
const LAYER = /^\w+\.layer\.(\d+)\./;

/**
 * Groups of parameters by their depth in an encoder of the BERT family.
 * @param names those of the parameters that are trained.
 * @throws OptionError for a decay out of range, or names of no encoder.
 */
export function layerwiseGroups(names: readonly string[], options: LayerwiseOptions): ParameterGroup[] {
  const { decay, isUndecayed: leavesOut = () => false } = options;
  if (!(decay > 0 && decay <= 1)) {
    throw new OptionError({ where: 'layerwise decay', wanted: 'a number > 0 and ≤ 1', got: String(decay) });
  }
  const layerOf = (name: string): number => Number(LAYER.exec(name)?.[1] ?? -1);
  const layers = 1 + Math.max(-1, ...names.map(layerOf));
  if (layers === 0) {
    throw new OptionError({
      where: 'layerwise learning rates',
      wanted: 'encoder parameters, such as encoder.layer.0.output.dense.weight',
      got: names.slice(0, 5).join(', '),
      fix: 'use one rate for all of this model',
    });
  }
  const depthOf = (name: string): number => {
    if (name.startsWith('embeddings.')) return 0;
    if (name.startsWith('pooler.')) return layers + 1;
    return LAYER.test(name) ? layerOf(name) + 1 : layers + 2;
  };
  const groups = new Map<string, { readonly depth: number; readonly isUndecayed: boolean; readonly match: string[] }>();
  for (const name of names) {
    const depth = depthOf(name);
    const isUndecayed = leavesOut(name);
    const key = `${depth} ${isUndecayed}`;
    const group = groups.get(key) ?? { depth, isUndecayed, match: [] };
    group.match.push(name);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ depth, isUndecayed, match }) => ({
    match,
    learningRateFactor: decay ** (layers + 2 - depth),
    ...(isUndecayed && { weightDecay: 0 }),
  }));
}
