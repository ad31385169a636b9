/** @file How a method of two stages shares out the epochs, and that nobody asks for a share of one stage. */
import { OptionError } from '../errors/failures.js';

/** The option of a first stage's share. @param stage in words: `the relations`. */
export function shareOf<const D extends number>(stage: string, share: D) {
  return {
    default: share,
    above: 0,
    max: 1,

    help: `with stage both: share of the epochs for ${stage}; each phase has at least one`,
  } as const;
}

/** @throws OptionError for a share that was given to a method of one stage. */
export function refuseIdleShare(method: string, stage: string, share: number | undefined): void {
  if (stage === 'both' || share === undefined) return;
  throw new OptionError({
    where: `distillationShare of method '${method}'`,
    wanted: 'stage both',
    got: `stage ${stage}`,
    fix: 'leave it out',
  });
}
