/** @file `--from` and `--layers`: with which of a model's layers a student starts, or with none of its weights. */
import { OptionError } from '../../../errors/failures.js';
import { chosenLayers, firstLayers } from '../../../models/chosen-layers.js';
import type { TrainedModel } from '../../../models/model.js';
import { initialiseParameters } from '../../../nn/parameters.js';
import type { OptionValues } from '../../options.js';
import type { trainUsage } from './usage.js';

type Options = OptionValues<typeof trainUsage.options>;
type Flags = Pick<Options, 'from' | 'layers'>;

/** As which the student of a teacher starts; the command that has one turns it into a model. */
export const FROM_TEACHER = 'teacher';
const RANDOM = 'random';
const PRETRAINED = 'pretrained';

/** @throws OptionError for what `--from` does not take, and for layers that are given twice over. */
export function checkLayerFlags(flags: Flags): void {
  const layers = listed(flags);
  if (layers === undefined || flags.layers === undefined) return;
  throw new OptionError({
    where: '--layers, --from',
    wanted: 'at most one way to choose the layers',
    got: `${flags.layers} and ${flags.from}`,
    fix: 'leave --layers out',
  });
}

/**
 * The part of a model that a student starts with; new weights are drawn from the seed.
 * @throws as `firstLayers` and `chosenLayers` do.
 */
export function startingPart(opened: TrainedModel, flags: Flags & Pick<Options, 'seed'>): TrainedModel {
  const layers = listed(flags);
  if (layers !== undefined) return chosenLayers(opened, layers);
  const cut = flags.layers === undefined ? opened : firstLayers(opened, flags.layers);
  return flags.from === RANDOM ? { ...cut, weights: initialiseParameters(cut.model.parameters, flags.seed) } : cut;
}

/** Whether a student starts with none of its weights. */
export function isFromRandom({ from }: Pick<Flags, 'from'>): boolean {
  return from === RANDOM;
}

/** `first 3 layers of minilm-l6`. */
export function startInWords({ model, from, layers }: Flags & Pick<Options, 'model'>): string {
  if (from === RANDOM)
    return layers === undefined ? `${model}, new weights` : `${layers} layers as of ${model}, new weights`;
  if (from !== undefined && from !== PRETRAINED) return `layers ${from} of ${model}`;
  return layers === undefined ? model : `first ${layers} layers of ${model}`;
}

/** The layers that are named; undefined where they are not. */
function listed({ from }: Flags): number[] | undefined {
  if (from === undefined || from === PRETRAINED || from === RANDOM) return undefined;
  if (/^\d+(,\d+)*$/u.test(from)) return from.split(',').map(Number);
  throw new OptionError({
    where: '--from',
    wanted: `${PRETRAINED}, ${RANDOM}, or layers counted from 1 such as 1,3,6`,
    got: `'${from}'`,
    ...(from === FROM_TEACHER && { fix: 'start from a teacher with retort distill' }),
  });
}
